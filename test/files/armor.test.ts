// The text form as a stream: the same however it is cut into pieces, long or short, read once or by position.

import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { armoredSink, unarmored } from "../../src/files/armor.js";
import type { Source } from "../../src/flow/io.js";
import { bytesSource } from "../../src/io/bytes.js";
import { openSource } from "../../src/io/files.js";
import { streamSource } from "../../src/io/streams.js";
import { folder } from "../io/folder.js";
import { failure, memorySink, pieces } from "../support.js";

const BEGIN = "-----BEGIN SEALED FILE-----";
const END = "-----END SEALED FILE-----";
/** So much of a text is read at once. */
const READ = 64 * 1024;

const content = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 256);

function armored(bytes: Uint8Array, end = "\n"): string {
  const lines = Buffer.from(bytes)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return [BEGIN, ...lines, END, ""].join(end);
}

async function allOf(source: Source): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = await source.read(10_000);
    parts.push(part.slice());
    if (part.length < 10_000) return Buffer.concat(parts);
  }
}

const read = async (text: string) => allOf(await unarmored(bytesSource(utf8(text))));
const refused = async (text: string) => (await failure(read(text))).message;

describe("a blank line", () => {
  const file = content(100);
  const around = (blank: string, end = "\n") => [
    `${blank}${end}${armored(file)}`,
    `${armored(file)}${blank}${end}`,
    `${armored(file)}${blank}`,
  ];
  test.each(["\n", "\r\n"])("of 80 bytes and the end %j is one", async (end) => {
    for (const text of [...around(" ".repeat(80), end), ...around("\t".repeat(80), end)])
      expect(await read(text)).toEqual(Buffer.from(file));
  });
  test.each(["\n", "\r\n"])("of 81 bytes and the end %j is none", async (end) => {
    for (const text of around(" ".repeat(81), end)) expect(await refused(text)).toContain("is longer than any");
  });
});

test("a CR LF that a read parts is the end of a line, wherever that is", async () => {
  const line = `${" ".repeat(80)}\r\n`;
  const count = Math.ceil(READ / line.length);
  for (const [cut, first] of [
    [0, count * line.length - READ],
    [1, count * line.length - READ - 1],
    [2, count * line.length - READ - 2],
  ] as const) {
    const before = `${" ".repeat(80 - first)}\r\n${line.repeat(count - 1)}`;
    expect(before.length).toBe(READ + cut);
    expect(await read(`${before}${armored(content(9))}`)).toEqual(Buffer.from(content(9)));
  }
});

test("no line is held that is longer than it may be, even where it never ends", async () => {
  let given = 0;
  async function* endless() {
    for (;;) {
      given += READ;
      yield new Uint8Array(READ).fill(0x20);
    }
  }
  expect((await failure(unarmored(streamSource(endless(), "x")).then(allOf))).code).toBe("malformed");
  expect(given).toBeLessThanOrEqual(2 * READ);
});

test.each(["\n", "\r\n"])("any length, in any pieces, with the ends %j", async (end) => {
  const few = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }));
  const many = fc.tuple(
    fc.constantFrom(49_151, 49_152, 150_000),
    fc.array(fc.integer({ min: 2000, max: 70_000 }), { minLength: 1 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: few }, many), async ([length, sizes]) => {
      const bytes = content(length);
      const source = await unarmored(streamSource(pieces(utf8(armored(bytes, end)), ...sizes), "x"));
      expect([source.isText, (await allOf(source)).equals(bytes)]).toEqual([true, true]);
    }),
    { numRuns: 60 },
  );
});

test("is written as that, in whatever pieces it comes", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, async (each) => {
      const total = each.reduce((sum, size) => sum + size, 1);
      const bytes = content(total);
      const inner = memorySink();
      const positions: number[] = [];
      const { write } = inner;
      inner.write = (piece, position) => {
        positions.push(position - inner.released().length);
        return write(piece, position);
      };
      const sink = armoredSink(inner);
      let at = 0;
      for (const size of [...each, 1]) {
        await sink.write(bytes.subarray(at, at + size), at);
        at += size;
      }
      expect(inner.state).toBe("open");
      await sink.commit();
      expect([inner.state, positions.every((gap) => gap === 0)]).toEqual(["committed", true]);
      expect(inner.released().toString()).toBe(armored(bytes));
    }),
  );
  const inner = memorySink();
  await armoredSink(inner).abort();
  expect(inner.state).toBe("aborted");
});

test("what is no text stays as it is: as a stream, as bytes and as a file", async () => {
  const { at } = folder();
  const bytes = Uint8Array.of(0x89, ...content(1000));
  writeFileSync(at("x"), bytes);
  const ways = [
    () => bytesSource(bytes),
    () => streamSource(pieces(bytes, 1, 7), "x"),
    () => streamSource(pieces(bytes, 500), "x"),
    () => openSource(at("x"), "x"),
  ];
  for (const way of ways) {
    const whole = await unarmored(await way());
    expect([whole.isText, await allOf(whole)]).toEqual([false, Buffer.from(bytes)]);
    await whole.close();

    const filled = await unarmored(await way());
    const into = new Uint8Array(10);
    expect([await filled.fill(new Uint8Array(0)), await filled.read(0)]).toEqual([0, new Uint8Array(0)]);
    expect([await filled.fill(into), into]).toEqual([10, bytes.subarray(0, 10)]);
    await filled.skipTo(20);
    expect(Uint8Array.from(await filled.read(3))).toEqual(bytes.subarray(20, 23));
    await filled.close();

    const skipped = await unarmored(await way());
    await skipped.skipTo(0);
    expect((await skipped.read(1))[0]).toBe(0x89);
    await skipped.close();

    const further = await unarmored(await way());
    await further.skipTo(5);
    expect((await further.read(1))[0]).toBe(bytes[5]);
    await further.close();
  }
});

test("an input that changed, and one that is closed, are so behind the text form too", async () => {
  const seen: string[] = [];
  const source = { ...bytesSource(utf8(armored(content(9)))), name: "mail" };
  source.checkUnchanged = async () => void seen.push("looked");
  source.close = async () => void seen.push("closed");
  const text = await unarmored(source);
  await text.checkUnchanged();
  await text.close();
  expect([text.name, text.size, text.fd, seen]).toEqual(["mail", null, null, ["looked", "closed"]]);
  expect((await failure(text.readAt(0, 1))).code).toBe("usage");
});

test("of many lines, what is before a fault comes, and the last line only when what follows has passed", async () => {
  const bytes = content(48 * 3000);
  const text = armored(bytes);
  for (const bad of [
    `${text}x`,
    text.slice(0, -3),
    text.replace(END, ""),
    text.replace(/=?\n-----END/, "!\n-----END"),
  ]) {
    const source = await unarmored(bytesSource(utf8(bad)));
    const got: Uint8Array[] = [];
    const reading = (async () => {
      for (;;) got.push((await source.read(48)).slice());
    })();
    expect((await failure(reading)).code).toBe("malformed");
    const came = Buffer.concat(got);
    expect(came.equals(Buffer.from(bytes.subarray(0, came.length)))).toBe(true);
    expect(came.length).toBe(48 * 2048);
  }
});
