import { describe, expect, test } from "vitest";
import { fromHex, utf8 } from "../../src/bytes.js";
import { type Cursor, encodeCursor, parseCursor } from "../../src/journal/cursor.js";

const JOURNAL = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const CHAIN = "ff".repeat(32);
const TEXT = `seal journal cursor 1\njournal ${JOURNAL}\nepoch 17\nframes 0\nend 300\nchain ${CHAIN}\n`;
const CURSOR: Cursor = { journal: fromHex(JOURNAL), epoch: 17, frames: 0, end: 300, chain: fromHex(CHAIN) };

const parse = (text: string) => parseCursor(utf8(text));

test("a cursor is six lines, and is read back as it was", () => {
  expect(new TextDecoder().decode(encodeCursor(CURSOR))).toBe(TEXT);
  expect(parse(TEXT)).toEqual(CURSOR);
  const far = { ...CURSOR, epoch: 0, frames: 2 ** 32, end: Number.MAX_SAFE_INTEGER };
  expect(parseCursor(encodeCursor(far))).toEqual(far);
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
    ["other order", TEXT.replace("epoch 17\nframes 0", "frames 0\nepoch 17")],
  ])("%s: refused", (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("bytes that are no text, and far too many: refused", () => {
    expect(() => parseCursor(Uint8Array.of(0xff, 0xfe))).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => parseCursor(new Uint8Array(1 << 20))).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("any byte changed is refused, or another cursor", () => {
    const bytes = encodeCursor(CURSOR);
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i]! ^= 1;
      let cursor: Cursor;
      try {
        cursor = parseCursor(changed);
      } catch {
        continue;
      }
      expect(encodeCursor(cursor)).toEqual(changed);
    }
  });
});
