// The records of journals, as the library's users give them.

import { SealError } from "../errors.js";
import type { Entry } from "../format/batch.js";
import { encodeHeads, type Heads } from "../format/heads.js";
import { isBytes, viewOf } from "../given.js";
import { type Check, isObject, list, propertiesOf, refused, settings, text } from "./arguments.js";

/**
 * A record, and what stands in front of it for whoever asks for it: names (`[a-z][a-z0-9-]{0,63}`) with texts of at
 * most 4096 bytes, in all 16 KiB with 3 bytes more for each (docs/FORMAT.md, "Record heads"). They are sealed with the
 * record; but texts stay in the program's memory until they are collected, so no secret belongs into them.
 */
export type JournalRecord = Uint8Array | { readonly record: Uint8Array; readonly heads?: Heads };

const DUE = "a Uint8Array, { record, heads }, or an array of them";

/** A record as it is now; the writer copies it before anything else can happen. */
const bytes: Check<Uint8Array> = (value, what) => {
  if (!isBytes(value)) throw refused(what, value, "a Uint8Array");
  const view = viewOf(value);
  if (view) return view;
  throw new SealError("usage", `${what} is a Uint8Array whose memory has been given away`);
};

const heads: Check<Uint8Array | null> = (value, what) => {
  if (value === undefined) return null;
  const given: Record<string, string> = Object.create(null);
  for (const [name, each] of propertiesOf(value, what)) given[name] = text(each, `${what}.${name}`);
  return encodeHeads(given);
};

/** The same for records of one call, of which many may share an object. */
function remembering<T>(check: Check<T>): Check<T> {
  const known = new Map<unknown, T>();
  return (value, what) => {
    const found = known.has(value) ? known.get(value)! : check(value, what);
    known.set(value, found);
    return found;
  };
}

function entryWith(headsCheck: typeof heads): Check<Entry> {
  const checks = { record: bytes, heads: headsCheck };
  return (value, what) => {
    if (!isObject(value)) return bytes(value, what);
    const { record, heads } = settings(value, what, checks);
    return heads ? { record, heads } : record;
  };
}

/** One record, or several. */
export const recordsOf: Check<readonly Entry[]> = (value, what) => {
  const entry = entryWith(remembering(heads));
  return isBytes(value) || isObject(value) ? [entry(value, "the record")] : list(entry, DUE)(value, what);
};
