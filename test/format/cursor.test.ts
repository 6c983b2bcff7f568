import { describe, expect, test } from "vitest";
import { fromHex, utf8 } from "../../src/bytes.js";
import { type Cursor, encodeCursor, type Purpose, parseCursor } from "../../src/format/cursor.js";

const JOURNAL = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const HEADER = "0e".repeat(32);
const CHAIN = "ff".repeat(32);
const PLACE = `epoch 17\nheader ${HEADER}\nframes 0\nend 300\nchain ${CHAIN}\n`;
const TEXT = `seal journal cursor 1\nfor reading\njournal ${JOURNAL}\n${PLACE}`;
const CURSOR: Cursor = {
  journal: fromHex(JOURNAL),
  epoch: 17,
  header: fromHex(HEADER),
  frames: 0,
  end: 300,
  chain: fromHex(CHAIN),
};

const parse = (text: string) => parseCursor(utf8(text), "reading");

test("a cursor is eight lines, and is read back as it was", () => {
  expect(new TextDecoder().decode(encodeCursor(CURSOR, "reading"))).toBe(TEXT);
  expect(parse(TEXT)).toEqual(CURSOR);
  const far = { ...CURSOR, epoch: 0, frames: 2 ** 32, end: Number.MAX_SAFE_INTEGER };
  expect(parseCursor(encodeCursor(far, "reading"), "reading")).toEqual(far);
});

describe("a cursor says what it is for", () => {
  const purposes: readonly Purpose[] = ["reading", "verifying", "writing"];
  const pairs = purposes.flatMap((made) => purposes.map((wanted) => [made, wanted] as const));
  test.each(pairs)("made for %s, wanted for %s", (made, wanted) => {
    const parsing = () => parseCursor(encodeCursor(CURSOR, made), wanted, "c");
    if (made === wanted) return expect(parsing()).toEqual(CURSOR);
    const message = `c is a cursor for ${made}, not for ${wanted}`;
    expect(parsing).toThrow(
      expect.objectContaining({ code: "usage", message, hint: expect.stringContaining("another file") }),
    );
  });
});

describe("there is one encoding", () => {
  test.each([
    ["nothing", ""],
    ["no last line end", TEXT.slice(0, -1)],
    ["a line more", `${TEXT}\n`],
    ["CR LF", TEXT.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\ufeff${TEXT}`],
    ["two spaces", TEXT.replace("epoch ", "epoch  ")],
    ["a space at the end of a line", TEXT.replace("17", "17 ")],
    ["upper case", TEXT.replace("aabb", "AABB")],
    ["a hash too short", TEXT.replace("ff\n", "\n")],
    ["a leading zero", TEXT.replace("300", "0300")],
    ["a sign", TEXT.replace("300", "+300")],
    ["a number that no integer holds", TEXT.replace("300", "9007199254740992")],
    ["a number of many digits", TEXT.replace("300", "1".repeat(40))],
    ["too many frames", TEXT.replace("frames 0", "frames 4294967297")],
    ["an end that is not behind its epoch", TEXT.replace("300", "17")],
    ["another version", TEXT.replace("cursor 1", "cursor 2")],
    ["other order", TEXT.replace("frames 0\nend 300", "end 300\nframes 0")],
    ["no purpose", TEXT.replace("for reading\n", "")],
    ["another purpose", TEXT.replace("for reading", "for fun")],
    ["no header", TEXT.replace(`header ${HEADER}\n`, "")],
  ])("%s: refused", (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("an error calls it by its name, where it has one", () => {
    const refused = (name?: string) => expect(() => parseCursor(utf8("x"), "reading", name));
    const hint = expect.stringContaining("read from the beginning");
    refused().toThrow(expect.objectContaining({ message: "not a journal's cursor", hint }));
    refused("c").toThrow(expect.objectContaining({ message: "c is not a journal's cursor", hint }));
    const other = () => parseCursor(encodeCursor(CURSOR, "writing"), "reading");
    expect(other).toThrow(expect.objectContaining({ message: "this is a cursor for writing, not for reading" }));
  });

  test("bytes that are no text, and far too many: refused", () => {
    expect(() => parseCursor(Uint8Array.of(0xff, 0xfe), "reading")).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => parseCursor(new Uint8Array(1 << 20), "reading")).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("any byte changed is refused, or another cursor", () => {
    const bytes = encodeCursor(CURSOR, "reading");
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i]! ^= 1;
      let cursor: Cursor;
      try {
        cursor = parseCursor(changed, "reading");
      } catch {
        continue;
      }
      expect(encodeCursor(cursor, "reading")).toEqual(changed);
    }
  });
});
