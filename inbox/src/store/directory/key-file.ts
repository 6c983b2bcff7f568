// Reading a key file: what was answered by frames that are in the journal as it stands. The journal may have been put
// back from a copy, cut, or replaced since; what the file says of it is true of the journal that its writer had.

import { setImmediate } from "node:timers/promises";
import type { AgeStamp } from "../../idempotency/age.js";
import type { Stands } from "../../idempotency/stands.js";
import {
  type Answered,
  type FramePlace,
  HEAD_BYTES,
  parseHead,
  sameUnitAt,
  type Unit,
  unitAt,
} from "../../idempotency/unit.js";

/** What a file holds, in the order in which it was written. */
export interface KeyFile {
  /** Where its clock of ages was read last. */
  readonly stamp: AgeStamp;
  /** Where the units that announce frames begin. */
  readonly frames: readonly number[];
  /** How many of these were settled, and which of them as void. */
  readonly settled: number;
  readonly voids: ReadonlySet<number>;
}

/** For so many milliseconds nothing else is done at a time. */
const STRETCH = 5;

/** Lets others go first, now and then. */
class Turns {
  #since = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#since >= STRETCH;
  }

  async pass(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}

/**
 * Reads all units; `seen` is told of each. null where nothing whole was written; "damaged" where what does not fit is
 * not the last thing written.
 */
export async function scan(bytes: Buffer, seen: (unit: Unit) => void): Promise<KeyFile | null | "damaged"> {
  const head = parseHead(bytes);
  // What follows a head that was not written was not either.
  if (!head)
    return bytes.subarray(0, HEAD_BYTES).every((byte) => byte === 0) || bytes.length < HEAD_BYTES ? null : "damaged";
  const frames: number[] = [];
  const voids = new Set<number>();
  const turns = new Turns();
  let [settled, age] = [0, head.age];
  for (let at = HEAD_BYTES; ; ) {
    if (turns.isOver) await turns.pass();
    const read = unitAt(bytes, at);
    if (read === "damaged") return read;
    if (read === "end") break;
    const { unit, end } = read;
    if (unit.entries.length > 0) frames.push(at);
    for (const index of unit.voids) voids.add(index);
    [settled, age] = [unit.settled, unit.age];
    seen(unit);
    at = end;
  }
  return { stamp: { boot: head.boot, steady: head.steady + age - head.age, age }, frames, settled, voids };
}

/** Tells of everything that was answered by frames which stand. */
export async function answeredIn(
  bytes: Buffer,
  { frames, settled, voids }: KeyFile,
  stands: Stands,
  found: (age: number, answered: Answered, frame: FramePlace) => void,
): Promise<void> {
  const at = (index: number) => sameUnitAt(bytes, frames[index]!);
  const kept = [...frames.keys()].filter((index) => !voids.has(index));
  const certain = kept.filter((index) => index < settled);
  const standing = certain.slice(0, await countStanding(certain, (index) => stands(at(index).frame, true)));
  for (const index of kept.slice(certain.length)) if (await stands(at(index).frame, false)) standing.push(index);
  const turns = new Turns();
  for (const index of standing) {
    if (turns.isOver) await turns.pass();
    const { age, entries, frame } = at(index);
    for (const entry of entries) found(age, entry, frame);
  }
}

/**
 * One process wrote these frames, one after the other: where one stands in a journal, so do those before it, as its
 * chain value says. So few have to be asked for, whatever was lost: mostly the last alone.
 */
async function countStanding(frames: readonly number[], stands: (index: number) => Promise<boolean>): Promise<number> {
  let [least, most] = [0, frames.length];
  for (let asked = most - 1; least < most; asked = (least + most) >> 1) {
    if (await stands(frames[asked]!)) least = asked + 1;
    else most = asked;
  }
  return least;
}
