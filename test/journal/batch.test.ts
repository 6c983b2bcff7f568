// The plaintext of frames, as it is gathered record by record.

import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../../src/bytes.js";
import { BatchBuffer, encodeBatch, parseBatch } from "../../src/journal/batch.js";

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
        expect(parsed.sealedAt).toBe(at);
        expect(parsed.records.map(toHex)).toEqual(list.map(toHex));
        expect(toHex(encodeBatch(at, list))).toBe(toHex(batch.encode(at)));
      },
    ),
  );
});

test("the layout: time, then length and bytes of each record", () => {
  const bytes = encodeBatch(0x0102030405, [Uint8Array.of(9, 8), new Uint8Array()]);
  expect(toHex(bytes)).toBe("0000000102030405" + "00000002" + "0908" + "00000000");
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
