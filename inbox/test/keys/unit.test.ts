import { expect, test } from "vitest";
import { encodeUnit, NO_FRAME, parseUnits, type Unit } from "../../src/keys/unit.js";

const filled = (length: number, value: number) => Buffer.alloc(length, value);
const entry = (i: number) => ({ id: filled(16, i), print: filled(16, i + 100), records: i + 1 });
const first: Unit = {
  settled: 0,
  voids: [],
  time: 1_700_000_000_000,
  frame: { position: 5_000_000_000, end: 5_000_000_300, chain: filled(32, 3) },
  entries: [entry(1), entry(2)],
};
const second: Unit = { settled: 1, voids: [0], time: 1_700_000_000_001, frame: NO_FRAME, entries: [] };
const file = Buffer.concat([encodeUnit(first), encodeUnit(second)]);

test("what was written is read", () => {
  const [one, two, ...more] = parseUnits(file)!;
  expect(more).toEqual([]);
  expect(one).toMatchObject({ settled: 0, voids: [], time: first.time });
  expect({ ...one!.frame, chain: one!.frame.chain.toString() }).toEqual({
    ...first.frame,
    chain: first.frame.chain.toString(),
  });
  expect(one!.entries.map(({ id, print, records }) => [id[0], print[15], records])).toEqual([
    [1, 101, 2],
    [2, 102, 3],
  ]);
  expect(two).toMatchObject({ settled: 1, voids: [0], entries: [] });
});

test("wherever the end was cut off, what is whole before it is read", () => {
  const length = encodeUnit(first).length;
  for (let cut = 0; cut < file.length; cut++) {
    expect(parseUnits(file.subarray(0, cut))?.length, `cut at ${cut}`).toBe(cut < length ? 0 : 1);
  }
});

test("an end that the file had grown by and that was not written is no unit", () => {
  expect(parseUnits(Buffer.concat([file, Buffer.alloc(500)]))?.length).toBe(2);
  const half = Buffer.from(file);
  half.fill(0, half.length - 20);
  expect(parseUnits(half)?.length).toBe(1);
});

test("a unit that was changed, and is not the last, is damage", () => {
  for (const at of [4, 20, 60, encodeUnit(first).length - 1]) {
    const changed = Buffer.from(file);
    changed[at]! ^= 1;
    expect(parseUnits(changed), `byte ${at}`).toBeNull();
  }
});
