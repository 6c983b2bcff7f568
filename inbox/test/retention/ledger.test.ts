import { encodeCursor } from "@sealed-files/seal/internal";
import { expect, test } from "vitest";
import {
  acknowledged,
  changeLedger,
  dueMark as dueMarkOf,
  type Ledger,
  noted as notedOf,
  onlyOf,
  parseLedger,
  unmarked,
  without,
} from "../../src/retention/ledger.js";

const DAY = 86_400_000;
const EMPTY = parseLedger(null);
const HASH = new Uint8Array(32).fill(7);
/** Of a reader that is in the epoch at that byte. */
const cursor = (epoch: number, journal = HASH) => {
  const place = { journal, epoch, header: HASH, frames: 1, end: epoch + 500, chain: HASH };
  return Buffer.from(encodeCursor(place, "reading")).toString("latin1");
};
/** A day on both clocks. */
const day = (n: number, clocks: { wall?: number; age?: number } = {}) => ({ wall: n * DAY, age: n * DAY, ...clocks });
const epochOf = (text: string | undefined) => (text === undefined ? null : Number(/^epoch (\d+)$/m.exec(text)![1]));
const heldIn = (ledger: Ledger, names: Iterable<string> = ledger.readers.keys()) =>
  new Map([...names].map((name) => [name, ledger.readers.get(name) ?? null]));
const noted = (ledger: Ledger, names: readonly string[], now: ReturnType<typeof day>, least: number) =>
  notedOf(ledger, heldIn(ledger, names), now, least);
const dueMark = (ledger: Ledger, now: ReturnType<typeof day>, least: number) =>
  dueMarkOf(ledger, heldIn(ledger), now, least);
const due = (ledger: Ledger, now: ReturnType<typeof day>) => epochOf(dueMark(ledger, now, 30 * DAY)?.cursor);

test("what all readers have had goes when it is old enough, and no earlier", () => {
  let ledger = acknowledged(acknowledged(EMPTY, "ann", cursor(5000)), "bob", cursor(2000));
  ledger = noted(ledger, ["ann", "bob"], day(0), 30 * DAY);
  expect(ledger.marks.map((mark) => epochOf(mark.cursor))).toEqual([2000]);
  ledger = noted(acknowledged(ledger, "bob", cursor(4000)), ["ann", "bob"], day(10), 30 * DAY);
  expect([due(ledger, day(29)), due(ledger, day(30)), due(ledger, day(40))]).toEqual([null, 2000, 4000]);
  const cut = without(ledger, dueMark(ledger, day(30), 30 * DAY)!, true);
  expect([cut.cut, due(cut, day(30)), due(cut, day(40))]).toEqual([2000, null, 4000]);
  // Nothing new was acknowledged: nothing is noted again.
  const last = without(cut, dueMark(cut, day(40), 30 * DAY)!, true);
  expect(noted(last, ["ann", "bob"], day(50), 30 * DAY).marks).toEqual([]);
});

test("a reader that has acknowledged nothing holds all back; one that is revoked nothing", () => {
  const ledger = acknowledged(EMPTY, "ann", cursor(5000));
  expect(noted(ledger, ["ann", "new"], day(0), 30 * DAY).marks).toEqual([]);
  expect(noted(ledger, [], day(0), 30 * DAY)).toEqual(EMPTY);
  const both = noted(acknowledged(ledger, "bob", cursor(100)), ["ann", "bob"], day(0), 30 * DAY);
  // The time of what bob held back begins when he is gone.
  const alone = noted(both, ["ann"], day(20), 30 * DAY);
  expect([...alone.readers.keys()]).toEqual(["ann"]);
  expect([due(alone, day(30)), due(alone, day(49)), due(alone, day(50))]).toEqual([100, 100, 5000]);
});

test("the time of a reader who came later begins when all have acknowledged; no name is inherited", () => {
  let ledger = noted(acknowledged(EMPTY, "ann", cursor(5000)), ["ann"], day(0), 30 * DAY);
  // Whose token was made, and used, since the last round.
  ledger = acknowledged(ledger, "bob", cursor(6000));
  expect(due(ledger, day(40))).toBeNull();
  ledger = noted(ledger, ["ann", "bob"], day(40), 30 * DAY);
  expect([due(ledger, day(69)), due(ledger, day(70))]).toEqual([null, 5000]);
  // Another bob comes between two rounds: the mark is of the first one.
  expect(onlyOf(ledger, ["bob", "ann"])).toBe(ledger);
  const other = acknowledged(onlyOf(ledger, ["ann"]), "bob", cursor(6000));
  expect(due(other, day(70))).toBeNull();
  expect(noted(other, ["ann", "bob"], day(70), 30 * DAY).marks).toMatchObject([{ age: 70 * DAY }]);
  expect(unmarked(ledger)).toEqual({ ...ledger, marks: [] });
});

test("a journal that is begun anew is shortened as any, however short it is", () => {
  let ledger = noted(acknowledged(EMPTY, "ann", cursor(5000)), ["ann"], day(0), 30 * DAY);
  ledger = noted(acknowledged(ledger, "ann", cursor(9000)), ["ann"], day(20), 30 * DAY);
  ledger = without(ledger, dueMark(ledger, day(30), 30 * DAY)!, true);
  ledger = noted(acknowledged(ledger, "ann", cursor(700, new Uint8Array(32))), ["ann"], day(31), 30 * DAY);
  expect([due(ledger, day(60)), due(ledger, day(61))]).toEqual([null, 700]);
});

test("both clocks must say so: one that jumps removes nothing", () => {
  const ledger = noted(acknowledged(EMPTY, "ann", cursor(5000)), ["ann"], day(0), 30 * DAY);
  expect(due(ledger, day(1, { wall: 400 * DAY }))).toBeNull();
  expect(due(ledger, day(40, { wall: 29 * DAY }))).toBeNull();
  // One that has gone back: what has passed by it is not known.
  const back = noted(ledger, ["ann"], day(0, { wall: -10 * DAY, age: 0 }), 30 * DAY);
  expect([due(back, day(30, { wall: 19 * DAY })), due(back, day(30, { wall: 20 * DAY }))]).toEqual([null, 5000]);
  const young = noted({ ...ledger, marks: [{ ...ledger.marks[0]!, age: 9 * DAY }] }, ["ann"], day(1), 30 * DAY);
  expect([due(young, day(30)), due(young, day(31))]).toEqual([null, 5000]);
});

test("a stolen token acknowledges everything: nothing goes before its time, and the reader can be told apart", () => {
  let ledger = noted(acknowledged(EMPTY, "ann", cursor(1000)), ["ann"], day(0), 30 * DAY);
  ledger = noted(acknowledged(ledger, "ann", cursor(900_000)), ["ann"], day(29), 30 * DAY);
  expect([due(ledger, day(30)), due(ledger, day(58)), due(ledger, day(59))]).toEqual([1000, 1000, 900_000]);
});

test("there are few marks, however often it is noted, and each is kept until it is due", () => {
  let ledger = EMPTY;
  const removed: number[] = [];
  for (let hour = 0; hour < 100 * 24; hour++) {
    const now = day(hour / 24);
    ledger = noted(acknowledged(ledger, "ann", cursor(1000 + hour)), ["ann"], now, 30 * DAY);
    expect(ledger.marks.length).toBeLessThan(40);
    const mark = dueMark(ledger, now, 30 * DAY);
    if (!mark) continue;
    // What is removed is 30 days old, and not much older.
    expect(hour - (epochOf(mark.cursor)! - 1000)).toBeGreaterThanOrEqual(30 * 24);
    expect(hour - (epochOf(mark.cursor)! - 1000)).toBeLessThan(33 * 24);
    removed.push(epochOf(mark.cursor)!);
    ledger = without(ledger, mark, true);
  }
  expect(removed.length).toBeGreaterThan(50);
});

test("a text that is damaged acknowledges nothing", () => {
  const mark = { cursor: cursor(1), wall: 1, age: 1, readers: ["ann"] };
  const texts = ["", "{", "null", "[]", '{"readers":{"ann":"x"},"marks":[],"cut":0}'];
  const wrong = [{ ...mark, wall: "x" }, { ...mark, cursor: "x" }, { ...mark, readers: null }, {}].map((each) =>
    JSON.stringify({ readers: {}, marks: [each], cut: 0 }),
  );
  for (const text of [...texts, ...wrong, '{"readers":{},"marks":[]}']) expect(parseLedger(text), text).toEqual(EMPTY);
});

test("others may change it at the same moment; not for ever", async () => {
  let text: string | null = null;
  let interferes = 3;
  const store = {
    name: "till",
    get: async () => text,
    swap: async (before: string | null, after: string) => {
      if (interferes-- > 0) text = `{"readers":{},"marks":[],"cut":${interferes}}`;
      if (before !== text) return false;
      text = after;
      return true;
    },
  };
  const changed = await changeLedger(store, (before) => acknowledged(before, "ann", cursor(1)));
  expect([changed.cut, parseLedger(text)]).toEqual([0, changed]);
  interferes = 1e9;
  const work = (before: Ledger) => acknowledged(before, "bob", cursor(1));
  await expect(changeLedger(store, work)).rejects.toMatchObject({ problem: "busy" });
});
