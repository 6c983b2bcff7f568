// Journals that lie where the caller's own code keeps them: what it gives is checked as it comes.

import { asIoError, SealError } from "../errors.js";
import { copyOf, isBytes } from "../given.js";
import type { JournalSource, JournalStore, Outcome } from "../journal/store.js";
import { hasMethod, refused, withMethods } from "./arguments.js";

type Method<T> = { [Name in keyof T]-?: T[Name] extends (...args: never[]) => unknown ? Name : never }[keyof T];

const OF_SOURCE: Readonly<Record<Method<JournalSource>, true>> = { size: true, readAt: true, close: true };
const OF_STORE: Readonly<Record<Method<JournalStore>, true>> = {
  ...OF_SOURCE,
  takeTerm: true,
  append: true,
  settle: true,
  cursor: true,
  swapCursor: true,
  setAside: true,
  shorten: true,
};

/** Whether it is one, or is meant to be, rather than the name of a place. */
export function isSource(value: unknown): value is JournalSource {
  return hasMethod(value, "readAt");
}

/** The caller's source, every answer of which is checked. Closing it is left to the caller. */
export function checkedSource(value: JournalSource, what: string): JournalSource {
  const source = withMethods<JournalSource>(value, what, Object.keys(OF_SOURCE) as Method<JournalSource>[]);
  const name = nameOf(source, what);
  return {
    name,
    size: async () => {
      const size: unknown = await source.size();
      if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
      throw faulty(name, `its size is ${typeof size === "number" ? size : `a ${typeof size}`}`);
    },
    readAt: async (position, length) => {
      const given: unknown = await source.readAt(position, length);
      // What the source does with its memory afterwards changes nothing.
      const bytes = isBytes(given) ? copyOf(given) : null;
      if (!bytes) throw faulty(name, "it returned something other than bytes");
      if (bytes.length <= length) return bytes;
      throw faulty(name, `it returned ${bytes.length} bytes where ${length} were asked for`);
    },
    ...(source.changed && { changed: (signal) => source.changed!(signal) }),
    close: async () => {},
  };
}

/**
 * The caller's store, every answer of which is checked. What makes no sense is thrown, and so has the outcome
 * `unknown`.
 */
export function checkedStore(value: JournalStore, what: string): JournalStore {
  const store = withMethods<JournalStore>(value, what, Object.keys(OF_STORE) as Method<JournalStore>[]);
  const source = checkedSource(store, what);
  const { name } = source;
  return {
    ...source,
    takeTerm: async (term) => outcomeOf(await store.takeTerm(term), name),
    append: async (piece) => outcomeOf(await store.append(piece), name),
    settle: async (position) => outcomeOf(await store.settle(position), name),
    cursor: async () => {
      const given: unknown = await store.cursor();
      if (given === null) return null;
      const cursor = isBytes(given) ? copyOf(given) : null;
      if (cursor) return cursor;
      throw faulty(name, "its cursor is neither bytes nor null");
    },
    swapCursor: async (before, cursor) => outcomeOf(await store.swapCursor(before, cursor), name),
    setAside: async (end) => {
      const place: unknown = await store.setAside(end);
      if (typeof place === "string") return place;
      throw faulty(name, "it did not say where it moved the end");
    },
    shorten: async (before, base, position) => outcomeOf(await store.shorten(before, base, position), name),
    close: async () => store.close(),
  };
}

const FAILURES = ["failed", "fenced", "unknown"] as const;

function outcomeOf(given: unknown, name: string): Outcome {
  const { is, error } = (given ?? {}) as { is?: unknown; error?: unknown };
  if (is === "done") return { is };
  const failure = FAILURES.find((known) => known === is);
  if (!failure) throw faulty(name, "it did not report the outcome of a change");
  return { is: failure, error: asIoError(`cannot write ${name}`, error) };
}

function nameOf({ name }: JournalSource, what: string): string {
  if (typeof name === "string") return name;
  throw refused(`${what}.name`, name, "a string");
}

function faulty(name: string, why: string): SealError {
  return new SealError("io", `cannot read ${name}: ${why}`);
}
