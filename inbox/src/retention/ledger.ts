// What the readers of an inbox have acknowledged, and since when: all that stands before a place which every reader has
// passed may go, once it has been known for long enough that they have.

import type { Cursor } from "@sealed-files/seal/internal";
import { parseCursor } from "@sealed-files/seal/internal";
import { Problem } from "../problem.js";
import type { Moment, TextStore } from "../store/store.js";

/** A place that all readers had passed at that moment. */
export interface Mark extends Moment {
  /** Of a reader, as it came. */
  readonly cursor: string;
  /** The names of these readers: the time of one who came later has not begun. */
  readonly readers: readonly string[];
}

export interface Ledger {
  /** The cursor of each reader, by its name. */
  readonly readers: ReadonlyMap<string, string>;
  /** In the order of their places and moments. */
  readonly marks: readonly Mark[];
  /** Where the journal was cut last. */
  readonly cut: number;
  /** The id of the journal to which marks and cut belong; null before there are any. */
  readonly journal: string | null;
}

/** The cursor of each reader that the journal has; null for one who has acknowledged nothing of it. */
export type Held = ReadonlyMap<string, string | null>;

/** Marks are so far apart that there are few, and nothing stays for long beyond its time. */
const MARKS = 32;
/** How often a change is tried that others were faster with. */
const TRIES = 50;

const EMPTY: Ledger = { readers: new Map(), marks: [], cut: 0, journal: null };

/** What stands in a text; nothing is acknowledged in what is none. */
export function parseLedger(text: string | null): Ledger {
  try {
    const { readers, marks, cut, journal = null } = JSON.parse(text ?? "");
    const cursors = new Map(Object.entries<string>(readers));
    const known = { readers: cursors, marks: marks as Mark[], cut: Number(cut), journal };
    for (const cursor of [...known.readers.values(), ...known.marks.map((mark) => mark.cursor)]) placeIn(cursor);
    const isWhole = known.marks.every(
      ({ wall, age, readers }) => Number.isFinite(wall) && Number.isFinite(age) && Array.isArray(readers),
    );
    return isWhole && Number.isFinite(known.cut) ? known : EMPTY;
  } catch {
    return EMPTY;
  }
}

function encodeLedger({ readers, ...rest }: Ledger): string {
  return `${JSON.stringify({ readers: Object.fromEntries(readers), ...rest })}\n`;
}

/** Throws `usage`. */
export function placeIn(cursor: string): Cursor {
  return parseCursor(Buffer.from(cursor, "latin1"), "reading");
}

/**
 * Changes a ledger; what it is then. Throws what `work` throws; `Problem` where others change it all the time; `io`.
 */
export function changeLedger(store: TextStore, work: (before: Ledger) => Ledger): Promise<Ledger> {
  return inTurn(store.name, () => changed(store, work));
}

/** What is under way or waits, by name: the changes that this process makes do not get into each other's way. */
const turns = new Map<string, Promise<unknown>>();

function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
  turns.set(name, turn);
  const ended = () => {
    if (turns.get(name) === turn) turns.delete(name);
  };
  turn.then(ended, ended);
  return turn;
}

async function changed(store: TextStore, work: (before: Ledger) => Ledger): Promise<Ledger> {
  for (let tries = 0; tries < TRIES; tries++) {
    const text = await store.get();
    const before = parseLedger(text);
    const after = work(before);
    if (after === before || (await store.swap(text, encodeLedger(after)))) return after;
  }
  throw new Problem("busy", "Many acknowledge at the same moment. Try again.", { retryAfter: 1 });
}

/** A reader has everything up to a cursor. */
export function acknowledged(before: Ledger, reader: string, cursor: string): Ledger {
  if (before.readers.get(reader) === cursor) return before;
  return { ...before, readers: new Map(before.readers).set(reader, cursor) };
}

/** Forgets all readers but these: nobody inherits what another one of that name had. */
export function onlyOf(before: Ledger, names: readonly string[]): Ledger {
  const isOne = (name: string) => names.includes(name);
  const known = [...before.readers.keys(), ...before.marks.flatMap((mark) => mark.readers)];
  if (known.every(isOne)) return before;
  const readers = new Map([...before.readers].filter(([name]) => isOne(name)));
  return { ...before, readers, marks: before.marks.map((mark) => ({ ...mark, readers: mark.readers.filter(isOne) })) };
}

/** The time of all begins anew. */
export function unmarked(before: Ledger): Ledger {
  return before.marks.length === 0 ? before : { ...before, marks: [] };
}

/**
 * Notes which place all of these readers have passed by now. Who is not among them is forgotten; while one has
 * acknowledged nothing, no place is noted; what was noted before one of them came is dropped. `least`: milliseconds
 * until a mark counts.
 */
export function noted(before: Ledger, held: Held, now: Moment, least: number): Ledger {
  const names = [...held.keys()];
  const first = firstOf(held);
  const known = ofJournal(onlyOf(before, names), first);
  // Of a clock that has gone back, it is not known how much time has passed.
  const marks = known.marks
    .filter((mark) => isOfAll(mark, held))
    .map((mark) => ({ ...mark, wall: Math.min(mark.wall, now.wall), age: Math.min(mark.age, now.age) }));
  const last = marks.at(-1);
  const isNew = first !== null && placeIn(first).epoch > (last ? placeIn(last.cursor).epoch : known.cut);
  const isDue = !last || now.age - last.age >= least / MARKS;
  return { ...known, marks: isNew && isDue ? [...marks, { cursor: first, readers: names, ...now }] : marks };
}

/** What was noted of another journal is nothing to the one that a cursor is of. */
function ofJournal(ledger: Ledger, cursor: string | null): Ledger {
  if (cursor === null) return ledger;
  const journal = Buffer.from(placeIn(cursor).journal).toString("hex");
  return ledger.journal === journal ? ledger : { ...ledger, marks: [], cut: 0, journal };
}

/** Whether each of these readers was one when the mark was made. */
function isOfAll({ readers }: Mark, held: Held): boolean {
  return [...held.keys()].every((name) => readers.includes(name));
}

/** The cursor that is in the first epoch; null where a reader has none. */
function firstOf(held: Held): string | null {
  const cursors = [...held.values()].filter((cursor) => cursor !== null);
  if (cursors.length < held.size) return null;
  const [first = null] = cursors.toSorted((one, other) => placeIn(one).epoch - placeIn(other).epoch);
  return first;
}

/** The last mark that both clocks say is so old, and that no reader has to come to yet; null where there is none. */
export function dueMark({ marks }: Ledger, held: Held, now: Moment, least: number): Mark | null {
  const first = firstOf(held);
  const isDue = (mark: Mark) =>
    first !== null &&
    isOfAll(mark, held) &&
    placeIn(mark.cursor).epoch <= placeIn(first).epoch &&
    now.wall - mark.wall >= least &&
    now.age - mark.age >= least;
  return marks.findLast(isDue) ?? null;
}

/** A mark has done its part, and so have those before it; or it names no place of the journal. */
export function without(before: Ledger, mark: Mark, isCut: boolean): Ledger {
  const { epoch } = placeIn(mark.cursor);
  const marks = before.marks.filter(({ cursor }) => placeIn(cursor).epoch > epoch);
  return { ...before, marks, cut: isCut ? Math.max(before.cut, epoch) : before.cut };
}
