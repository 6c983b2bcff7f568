// The plaintext of frames, as it is gathered record by record.

import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../../src/bytes.js";
import { BatchBuffer, type Entry, encodeBatch, entrySize, parseBatch } from "../../src/format/batch.js";
import { encodeHeads } from "../../src/format/heads.js";

const records = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 200 });

test("what is gathered, in however large a chunk, is what is parsed", () => {
  fc.assert(
    fc.property(
      records,
      fc.constantFrom(2 ** 16, 2 ** 24),
      fc.integer({ min: 0, max: 253402300799999 }),
      (list, chunk, at) => {
        const batch = new BatchBuffer(chunk);
        for (const record of list) batch.add(record);
        const parsed = parseBatch(batch.encode(at));
        expect(parsed.sealedAtMs).toBe(at);
        expect(parsed.records.length).toBe(list.length);
        expect([...parsed.records].map(toHex)).toEqual(list.map(toHex));
        expect(toHex(encodeBatch(at, list))).toBe(toHex(batch.encode(at)));
      },
    ),
  );
});

test("the layout: time, then length and bytes of each record", () => {
  const bytes = encodeBatch(0x0102030405, [Uint8Array.of(9, 8), new Uint8Array()]);
  expect(toHex(bytes)).toBe("0000000102030405" + "00000002" + "0908" + "00000000");
});

test("a record keeps nothing of its batch alive, and does not change with it", () => {
  const bytes = encodeBatch(0, [Uint8Array.of(9, 8), new Uint8Array(1000)]);
  const [first] = parseBatch(bytes).records;
  bytes.fill(0);
  expect([toHex(first!), first!.buffer.byteLength]).toEqual(["0908", 2]);
});

test("a batch fits a chunk to the last byte", () => {
  const batch = new BatchBuffer(4096);
  expect([batch.isEmpty, batch.length]).toEqual([true, 8]);
  expect([batch.fits(4088), batch.fits(4089)]).toEqual([true, false]);
  batch.add(new Uint8Array(4000));
  expect([batch.isEmpty, batch.fits(84), batch.fits(85)]).toEqual([false, true, false]);
});

test("erasing overwrites every record, and the batch can be gathered anew", () => {
  const batch = new BatchBuffer(2 ** 20);
  batch.add(new Uint8Array(50_000).fill(7));
  const view = batch.encode(1);
  batch.erase();
  expect(view.every((byte) => byte === 0)).toBe(true);
  batch.add(Uint8Array.of(5));
  expect(toHex(batch.encode(0))).toBe("0000000000000000" + "00000001" + "05");
});

test("nothing stays in the memory that a batch has outgrown", () => {
  const made: ArrayBufferLike[] = [];
  const batch = new BatchBuffer(2 ** 20);
  for (let i = 0; i < 40; i++) {
    batch.add(new Uint8Array(5000).fill(7));
    const { buffer } = batch.encode(0);
    if (made.at(-1) !== buffer) made.push(buffer);
  }
  expect(made.length).toBeGreaterThan(2);
  for (const buffer of made.slice(0, -1)) expect(Buffer.from(buffer).includes(7)).toBe(false);
});

test("memory for a batch: 16 KiB, then twice as much as before, and never more than a chunk or what is needed", () => {
  const memory = (chunk: number, ...sizes: readonly number[]) => {
    const batch = new BatchBuffer(chunk);
    return sizes.map((size) => {
      batch.add(new Uint8Array(size - batch.length - 4));
      return batch.encode(0).buffer.byteLength;
    });
  };
  const KIB = 1024;
  expect(memory(2 ** 20, 12, 16 * KIB, 16 * KIB + 4)).toEqual([16 * KIB, 16 * KIB, 32 * KIB]);
  expect(memory(2 ** 20, 32 * KIB, 32 * KIB + 4, 200 * KIB)).toEqual([32 * KIB, 64 * KIB, 256 * KIB]);
  expect(memory(2 ** 12, 12, 2 ** 12)).toEqual([2 ** 12, 2 ** 12]);
  expect(memory(40 * KIB, 33 * KIB, 40 * KIB)).toEqual([40 * KIB, 40 * KIB]);
  expect(memory(2 ** 12, 2 ** 13)).toEqual([2 ** 13]);
});

test("what fits into the memory of a batch moves nothing", () => {
  const batch = new BatchBuffer(2 ** 20);
  batch.add(new Uint8Array(10));
  const { buffer } = batch.encode(0);
  batch.add(new Uint8Array(16 * 1024 - batch.length - 4));
  expect(batch.encode(0).buffer).toBe(buffer);
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const heads = fc.dictionary(name, fc.string({ unit: "binary", maxLength: 20 }), { maxKeys: 4 });
const entries = fc.array(fc.record({ record: fc.uint8Array({ maxLength: 40 }), heads }), {
  minLength: 1,
  maxLength: 40,
});

test("heads come back with the records that they were put in front of, and without being asked for change nothing", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const given = list.map(({ record, heads }): Entry => {
        const encoded = encodeHeads(heads);
        return encoded ? { record, heads: encoded } : record;
      });
      const bytes = encodeBatch(0, given);
      expect(bytes.length).toBe(8 + given.reduce((sum, each) => sum + entrySize(each), 0));
      const { records } = parseBatch(bytes);
      expect(records.length).toBe(list.length);
      expect([...records].map(toHex)).toEqual(list.map(({ record }) => toHex(record)));
      const back = [...records.withHeads()];
      expect(back.map(({ record }) => toHex(record))).toEqual(list.map(({ record }) => toHex(record)));
      expect(back.map(({ heads }) => ({ ...heads }))).toEqual(list.map(({ heads }) => ({ ...heads })));
    }),
  );
});

test("the layout of a record with heads: the top bit, the length of the heads, they, and the record", () => {
  const bytes = encodeBatch(0, [{ record: Uint8Array.of(9, 8), heads: encodeHeads({ b: "", a: "xy" })! }]);
  const [key, value, next] = ["0161", "00027879", "01620000"];
  expect(toHex(bytes)).toBe(`000000000000000080000002000a${key}${value}${next}0908`);
});

test("heads that nobody has put there are none, whatever they are called", () => {
  const [bare, other] = parseBatch(encodeBatch(0, [Uint8Array.of(1), Uint8Array.of(2)])).records.withHeads();
  expect("constructor" in bare!.heads).toBe(false);
  expect(bare!.heads, "nothing is made for them").toBe(other!.heads);
  const encoded = encodeHeads({ constructor: "x" } as never)!;
  const [named] = parseBatch(encodeBatch(0, [{ record: Uint8Array.of(1), heads: encoded }])).records.withHeads();
  expect({ ...named!.heads }).toEqual({ constructor: "x" });
});

test.each<[string, Record<string, string>, RegExp]>([
  ["an empty name", { "": "x" }, /no head is called ""/],
  ["a name of 65 characters", { ["a".repeat(65)]: "x" }, /no head is called/],
  ["a name with an upper-case letter", { Type: "x" }, /no head is called "Type"/],
  ["a name that begins with a digit", { "1a": "x" }, /no head is called "1a"/],
  ["a name with a line end", { "a\n": "x" }, /no head is called/],
  ["a lone surrogate", { a: "\ud800" }, /the head a has a lone surrogate/],
  ["a text of 4097 bytes", { a: `${"x".repeat(4095)}\u00e9` }, /the head a has 4097 bytes; at most 4096/],
  ["16385 bytes in all", filled(16385), /heads of 16385 bytes; at most 16384/],
])("heads with %s are refused", (_what, given, message) => {
  expect(() => encodeHeads(given)).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
  );
});

test("a name that is none is told in part, and what names there are", () => {
  const [shown, more] = ["a".repeat(70), "b".repeat(10)];
  const expected = { message: `no head is called "${shown}"`, hint: expect.stringMatching(/^A name has 1 to 64 /) };
  expect(() => encodeHeads({ [shown + more]: "" })).toThrow(expect.objectContaining(expected));
});

test("the largest heads are taken; none are null", () => {
  expect(encodeHeads(filled(16384))).toHaveLength(16384);
  expect(encodeHeads({ a: "x".repeat(4096), [`b${"-".repeat(63)}`]: "\u{1f512}".repeat(1024) })).not.toBeNull();
  expect(encodeHeads({})).toBeNull();
});

/** Heads that take so many bytes. */
function filled(total: number): Record<string, string> {
  const most = "x".repeat(4096);
  return { a: most, b: most, c: most, d: "x".repeat(total - 3 * 4100 - 4) };
}
