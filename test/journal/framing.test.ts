// Streams of records, cut into whatever pieces.

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { concat, u32, utf8 } from "../../src/bytes.js";
import { type Framing, splitter } from "../../src/journal/lines/split.js";

/**
 * The records that come of a stream in these pieces, as text, and the fault; the pieces are overwritten as soon as they
 * are used.
 */
function split(framing: Framing, stream: Uint8Array, sizes: readonly number[], longest = 1000) {
  const records: string[] = [];
  const leftOut: number[] = [];
  const cutter = splitter(framing, longest, (record) => leftOut.push(record));
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length]!;
    const piece = stream.slice(at, at + size);
    records.push(...cutter.push(piece).map((record) => Buffer.from(record).toString("latin1")));
    piece.fill(0xff);
    cutter.erase();
    at += size;
  }
  const last = cutter.end();
  if (last) records.push(Buffer.from(last).toString("latin1"));
  return { records, leftOut, fault: cutter.fault?.code ?? null, message: cutter.fault?.message };
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
const bytes = fc.uint8Array({ maxLength: 60 });
const latin1 = (list: readonly Uint8Array[]) => list.map((record) => Buffer.from(record).toString("latin1"));

test("length framing gives back every byte, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(bytes), sizes, (list, cuts) => {
      const stream = concat(...list.flatMap((record) => [u32(record.length), record]));
      expect(split("length", stream, cuts)).toEqual({ records: latin1(list), leftOut: [], fault: null });
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
      expect(split("lines", stream, cuts)).toEqual({ records: latin1(list), leftOut: [], fault: null });
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
  const cutter = splitter(framing, 1000, () => expect.fail("it is left out"));
  cutter.push(utf8(stream.slice(0, 3)));
  const [record] = cutter.push(utf8(stream.slice(3)));
  expect(Buffer.from(record!).toString()).toBe("short");
  expect(record!.buffer.byteLength).toBeGreaterThan(64);
});

describe.each([[1], [3], [100]])("in pieces of %i", (size) => {
  const framed = (...lengths: number[]) => concat(...lengths.flatMap((n) => [u32(n), new Uint8Array(n).fill(0x78)]));
  const x = (length: number) => "x".repeat(length);

  test("a record of the longest length", () => {
    const whole = { records: ["x", x(10)], leftOut: [], fault: null };
    expect(split("lines", utf8(`x\n${x(10)}\n`), [size], 10)).toEqual(whole);
    expect(split("lines", utf8(`x\n${x(10)}`), [size], 10)).toEqual(whole);
    expect(split("length", framed(1, 10), [size], 10)).toEqual(whole);
  });

  test("records that are too long are left out, told by their numbers, and those behind them come", () => {
    const lengths = [1, 11, 2, 40, 200, 3, 11];
    const rest = { records: ["x", "xx", "xxx"], leftOut: [1, 3, 4, 6], fault: null };
    const text = lengths.map(x).join("\n");
    expect(split("lines", utf8(`${text}\n`), [size], 10)).toEqual(rest);
    expect(split("lines", utf8(text), [size], 10)).toEqual(rest);
    expect(split("length", framed(...lengths), [size], 10)).toEqual(rest);
  });

  test("a stream that ends inside of a record that is too long", () => {
    const cut = split("length", concat(framed(1), u32(2 ** 32 - 1), utf8("xyz")), [size], 10);
    expect(cut).toMatchObject({ records: ["x"], leftOut: [1], fault: "malformed" });
    expect(cut.message).toContain("record 1");
  });

  test.each([1, 3, 4, 5])("a stream that ends %i bytes into a record", (length) => {
    const stream = concat(u32(1), utf8("a"), concat(u32(2), utf8("xy")).subarray(0, length));
    const found = split("length", stream, [size]);
    expect(found).toMatchObject({ records: ["a"], fault: "malformed" });
    expect(found.message).toContain("record 1");
  });
});

test("what is left out takes no memory, and is overwritten", () => {
  const cutter = splitter("lines", 10_000, () => undefined);
  const fill = vi.spyOn(Uint8Array.prototype, "fill");
  cutter.push(new Uint8Array(9000).fill(7));
  const held = 9000;
  cutter.push(new Uint8Array(2000).fill(7));
  const erased = (fill.mock.contexts as Uint8Array[]).find((bytes) => bytes.length >= held && !bytes.includes(7));
  vi.restoreAllMocks();
  expect(erased).toBeDefined();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100; i++) cutter.push(new Uint8Array(1000));
  expect(cutter.end()).toBe(null);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 ** 6);
});
