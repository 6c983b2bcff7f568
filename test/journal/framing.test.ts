// Streams of records, cut into whatever pieces.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, u32, utf8 } from "../../src/bytes.js";
import { type Framing, splitter } from "../../src/journal/framing.js";

/** The records that come of a stream in these pieces, as text, and the fault; the pieces are overwritten as soon as they are used. */
function split(framing: Framing, stream: Uint8Array, sizes: readonly number[], longest = 1000) {
  const records: string[] = [];
  const cutter = splitter(framing, longest);
  for (let at = 0, i = 0; at < stream.length && !cutter.fault; i++) {
    const size = sizes[i % sizes.length]!;
    const piece = stream.slice(at, at + size);
    records.push(...cutter.push(piece).map((record) => Buffer.from(record).toString("latin1")));
    piece.fill(0xff);
    cutter.erase();
    at += size;
  }
  if (!cutter.fault) {
    const last = cutter.end();
    if (last) records.push(Buffer.from(last).toString("latin1"));
  }
  return { records, fault: cutter.fault?.code ?? null, message: cutter.fault?.message };
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
const bytes = fc.uint8Array({ maxLength: 60 });
const latin1 = (list: readonly Uint8Array[]) => list.map((record) => Buffer.from(record).toString("latin1"));

test("length framing gives back every byte, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(bytes), sizes, (list, cuts) => {
      const stream = concat(...list.flatMap((record) => [u32(record.length), record]));
      expect(split("length", stream, cuts)).toEqual({ records: latin1(list), fault: null });
    }),
  );
});

test("lines give back every byte but newlines, however they are cut; the last may lack its newline", () => {
  const line = bytes.map((record) => record.filter((byte) => byte !== 10));
  fc.assert(
    fc.property(fc.array(line), fc.boolean(), sizes, (list, isOpen, cuts) => {
      const whole = concat(...list.flatMap((record) => [record, Uint8Array.of(10)]));
      const open = isOpen && list.length > 0 && list.at(-1)!.length > 0;
      const stream = open ? whole.subarray(0, -1) : whole;
      expect(split("lines", stream, cuts)).toEqual({ records: latin1(list), fault: null });
    }),
  );
});

test("an empty line is a record, CR is data, and nothing is nothing", () => {
  expect(split("lines", utf8("\n\na\r\n"), [2]).records).toEqual(["", "", "a\r"]);
  expect(split("lines", utf8(""), [2]).records).toEqual([]);
  expect(split("length", utf8(""), [2]).records).toEqual([]);
});

test.each<[Framing, string]>([
  ["lines", "short\n"],
  ["length", "\0\0\0\x05short"],
])("%s: a record in two pieces is put together where V8 moves nothing", (framing, stream) => {
  const cutter = splitter(framing, 1000);
  cutter.push(utf8(stream.slice(0, 3)));
  const [record] = cutter.push(utf8(stream.slice(3)));
  expect(Buffer.from(record!).toString()).toBe("short");
  expect(record!.buffer.byteLength).toBeGreaterThan(64);
});

describe.each([[1], [3], [100]])("in pieces of %i", (size) => {
  test("a record of the longest length, and one byte more", () => {
    const ten = "x".repeat(10);
    expect(split("lines", utf8(`a\n${ten}\n`), [size], 10)).toEqual({ records: ["a", ten], fault: null });
    expect(split("lines", utf8(`a\n${ten}`), [size], 10)).toEqual({ records: ["a", ten], fault: null });
    const lines = split("lines", utf8(`a\n${ten}x\nb\n`), [size], 10);
    expect(lines).toMatchObject({ records: ["a"], fault: "malformed" });
    expect(lines.message).toContain("record 1");
    const framed = (length: number) => concat(u32(1), utf8("a"), u32(length), utf8("x".repeat(length)));
    expect(split("length", framed(10), [size], 10)).toEqual({ records: ["a", ten], fault: null });
    expect(split("length", framed(11), [size], 10)).toMatchObject({ records: ["a"], fault: "malformed" });
  });

  test.each([1, 3, 4, 5])("a stream that ends %i bytes into a record", (length) => {
    const stream = concat(u32(1), utf8("a"), concat(u32(2), utf8("xy")).subarray(0, length));
    const found = split("length", stream, [size]);
    expect(found).toMatchObject({ records: ["a"], fault: "malformed" });
    expect(found.message).toContain("record 1");
  });
});

test("a length that cannot be is not waited for", () => {
  expect(split("length", u32(2 ** 32 - 1), [4])).toMatchObject({ records: [], fault: "malformed" });
});
