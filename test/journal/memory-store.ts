// A journal in memory, which several writers may come to: each has a store of its own, whose compare-and-append is
// perfect. Calls can be made to fail, before or after they have done what was asked; to do it though their answer is
// lost; or to do it later.

import { type Bytes, concat, equal } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { ioError } from "../../src/errors.js";
import { beginsBase } from "../../src/format/base.js";
import type { JournalStore, Outcome, Piece, Tail } from "../../src/journal/store.js";
import { changed } from "../../src/journal/writing/owner.js";

/**
 * `failed`: nothing happens, and that is said. `lost`: nothing happens, and nothing is said. `unheard`: it happens, and
 * nothing is said; or only so many calls later.
 */
export type Fault = "failed" | "lost" | "unheard" | number;

export interface MemoryStore extends JournalStore {
  bytes: Bytes;
  saved: Bytes | null;
  readonly aside: Bytes[];
  /** The calls that change something, in order. */
  readonly calls: string[];
  /** What becomes of the call that is about to be made, the last of `calls`; null lets it be. */
  fault: (() => Fault | null) | null;
  /** Awaited by each call that appends. */
  delay: (() => Promise<void>) | null;
  closed: boolean;
  /** Another writer's store, on the same journal. */
  another(): MemoryStore;
}

interface Journal {
  bytes: Bytes;
  saved: Bytes | null;
  term: Bytes | null;
  /** The chain value at the end; null where it is not known. */
  chain: Bytes | null;
  readonly aside: Bytes[];
  /** What was asked for, and happens before a later call. */
  late: { calls: number; readonly act: () => unknown }[];
}

const DONE: Outcome = { is: "done" };
const diskFull = () => ioError("cannot write the journal", { code: "ENOSPC" });

export function memoryStore(bytes: Bytes = new Uint8Array(), saved: Bytes | null = null): MemoryStore {
  return storeOf({ bytes, saved, term: null, chain: null, aside: [], late: [] });
}

function storeOf(journal: Journal): MemoryStore {
  let own: Bytes | null = null;

  const change = async (name: string, asked: () => () => Outcome): Promise<Outcome> => {
    store.calls.push(name);
    for (const each of journal.late) if (--each.calls === 0) each.act();
    const act = asked();
    const fault = store.fault?.() ?? null;
    if (fault === null) return act();
    if (fault === "failed") return { is: "failed", error: diskFull() };
    if (fault === "unheard") act();
    if (typeof fault === "number") journal.late.push({ calls: fault, act });
    return { is: "unknown", error: diskFull() };
  };
  const fenced = (): Outcome => ({ is: "fenced", error: changed("the journal") });

  const taken = (term: Bytes, before: Bytes | null) => () => {
    if (own && equal(own, term)) return DONE;
    if (journal.term !== before) return fenced();
    own = Uint8Array.from(term);
    journal.term = own;
    return DONE;
  };
  const appended = (piece: Piece, by: Bytes | null) => () => {
    const { position, chain, bytes, after } = piece;
    if (!by || journal.term !== by) return fenced();
    const isThere = journal.bytes.length === position + bytes.length && equal(journal.bytes.subarray(position), bytes);
    if (isThere) return DONE;
    if (journal.bytes.length !== position || (journal.chain && !equal(journal.chain, chain))) return fenced();
    journal.bytes = concat(journal.bytes, bytes);
    journal.chain = Uint8Array.from(after);
    return DONE;
  };
  const swapped = (before: Uint8Array | null, cursor: Uint8Array, by: Bytes | null) => () => {
    const { saved } = journal;
    if (!by || journal.term !== by) return fenced();
    if (saved && equal(saved, cursor)) return DONE;
    const isSame = saved && before ? equal(saved, before) : saved === before;
    if (!isSame) return fenced();
    journal.saved = Uint8Array.from(cursor);
    return DONE;
  };

  const shortened = (before: Bytes | null, base: Bytes, position: number, by: Bytes | null) => () => {
    const begins = (expected: Bytes) => equal(journal.bytes.subarray(0, expected.length), expected);
    if (!by || journal.term !== by) return fenced();
    if (begins(base)) return DONE;
    const isExpected = before ? begins(before) : !beginsBase(journal.bytes);
    if (!isExpected || position > journal.bytes.length) return fenced();
    journal.bytes = concat(base, journal.bytes.subarray(position));
    return DONE;
  };

  const store: MemoryStore = {
    shorten: (before, base, position) => {
      const [old, copy] = [before && Uint8Array.from(before), Uint8Array.from(base)];
      return change("shorten", () => shortened(old, copy, position, own));
    },
    name: "memory",
    get bytes() {
      return journal.bytes;
    },
    set bytes(bytes: Bytes) {
      journal.bytes = bytes;
    },
    get saved() {
      return journal.saved;
    },
    set saved(saved: Bytes | null) {
      journal.saved = saved;
    },
    aside: journal.aside,
    calls: [],
    fault: null,
    delay: null,
    closed: false,
    another: () => storeOf(journal),
    size: async () => journal.bytes.length,
    readAt: async (position, length) => journal.bytes.slice(position, position + length),
    cursor: async () => journal.saved,
    takeTerm: (term) => change("takeTerm", () => taken(Uint8Array.from(term), own ?? journal.term)),
    append: async (piece) => {
      await store.delay?.();
      const copy = { ...piece, bytes: Uint8Array.from(piece.bytes) };
      return change("append", () => appended(copy, own));
    },
    swapCursor: (before, cursor) => change("swapCursor", () => swapped(before, Uint8Array.from(cursor), own)),
    // What is there is durable: in memory nothing is more so.
    settle: async () => (own && journal.term === own ? DONE : fenced()),
    setAside: async (end) => {
      const by = own;
      const outcome = await change(
        "setAside",
        () => () => movedAside(journal, end, by !== null && journal.term === by),
      );
      if (outcome.is !== "done") throw outcome.error;
      return `memory.tail-${end.position}-${journal.aside.length}`;
    },
    close: async () => {
      store.closed = true;
    },
  };
  return store;
}

function movedAside(journal: Journal, { position, length, hash }: Tail, isOwner: boolean): Outcome {
  const end = journal.bytes.slice(position);
  const isSame = end.length === length && equal(native.sha256(end), hash);
  if (!isOwner || !isSame) return { is: "fenced", error: changed("the journal") };
  journal.aside.push(end);
  journal.bytes = journal.bytes.slice(0, position);
  journal.chain = null;
  return DONE;
}
