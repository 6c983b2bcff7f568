import { expect, test } from "vitest";
import {
  encodeHead,
  encodePlace,
  encodeUnit,
  NO_FRAME,
  parseHead,
  parsePlace,
  type Unit,
  unitAt,
} from "../../src/idempotency/unit.js";

const filled = (length: number, value: number) => Buffer.alloc(length, value);
const entry = (i: number) => ({ id: filled(16, i), print: filled(16, i + 100) });
const first: Unit = {
  settled: 0,
  voids: [],
  age: 1_700_000_000_000,
  frame: { journal: filled(32, 2), position: 5_000_000_000, end: 5_000_000_300, chain: filled(32, 3) },
  entries: [entry(1), entry(2)],
};
const second: Unit = { settled: 1, voids: [0], age: 1_700_000_000_001, frame: NO_FRAME, entries: [] };
const file = Buffer.concat([encodeUnit(first), encodeUnit(second)]);

function parseUnits(bytes: Buffer): Unit[] | null {
  const units: Unit[] = [];
  for (let at = 0; ; ) {
    const read = unitAt(bytes, at);
    if (typeof read === "string") return read === "end" ? units : null;
    units.push(read.unit);
    at = read.end;
  }
}

test("what was written is read", () => {
  const [one, two, ...more] = parseUnits(file)!;
  expect(more).toEqual([]);
  expect(one).toMatchObject({ settled: 0, voids: [], age: first.age });
  expect(one!.frame).toEqual(first.frame);
  expect(one!.entries.map(({ id, print }) => [id[0], print[15]])).toEqual([
    [1, 101],
    [2, 102],
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

test("a head and a place are read where they are whole", () => {
  const stamp = { boot: filled(16, 9), steady: 12, age: 5_000_000_000 };
  const head = encodeHead(stamp);
  expect(parseHead(Buffer.concat([head, file]))).toEqual(stamp);
  const place = encodePlace(first.frame);
  expect(parsePlace(place)).toEqual(first.frame);
  for (const parse of [
    () => parseHead(head.subarray(1)),
    () => parsePlace(place.subarray(1)),
    () => parsePlace(head),
  ]) {
    expect(parse()).toBeNull();
  }
  head[3]! ^= 1;
  place[3]! ^= 1;
  expect([parseHead(head), parsePlace(place), parseHead(Buffer.alloc(0))]).toEqual([null, null, null]);
});
