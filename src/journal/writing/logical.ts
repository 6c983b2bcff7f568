// A store by the offsets that the journal's parts have had from the first day, as cursors and frames name them
// (docs/FORMAT.md, "A base"); the store itself counts from where the journal begins now.

import { type Bytes, concat, equal, zerosAtEnd } from "../../bytes.js";
import { SIGNATURE_BYTES } from "../../crypto/lengths.js";
import { SealError } from "../../errors.js";
import { BASE_START_BYTES, baseLength, beginsBase, MAX_BASE_BYTES, parseBase } from "../../format/base.js";
import { KIND_JOURNAL, parseCore } from "../../format/core.js";
import { MAGIC } from "../../format/magic.js";
import { parseBytes } from "../../format/parser.js";
import { Window } from "../reading/window.js";
import type { JournalStore, Outcome, Piece, Tail } from "../store.js";

export class LogicalStore implements JournalStore {
  readonly name: string;
  readonly #store: JournalStore;
  #shift = 0;
  #base: Bytes | null = null;

  constructor(store: JournalStore) {
    this.name = store.name;
    this.#store = store;
  }

  /** Nobody else shortens the journal while the term is this one's. */
  async takeTerm(term: Bytes): Promise<Outcome> {
    const outcome = await this.#store.takeTerm(term);
    if (outcome.is === "done") this.#begin(await this.#store.readAt(0, MAX_BASE_BYTES));
    return outcome;
  }

  /** What the journal began with when the term was taken, or it was shortened; null where that is no base. */
  get base(): Bytes | null {
    return this.#base;
  }

  async size(): Promise<number> {
    return (await this.#store.size()) + this.#shift;
  }

  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#store.readAt(position - this.#shift, length);
  }

  append(piece: Piece): Promise<Outcome> {
    return this.#store.append({ ...piece, position: piece.position - this.#shift });
  }

  settle(position: number): Promise<Outcome> {
    return this.#store.settle(Math.max(0, position - this.#shift));
  }

  cursor(): Promise<Bytes | null> {
    return this.#store.cursor();
  }

  swapCursor(before: Uint8Array | null, cursor: Uint8Array): Promise<Outcome> {
    return this.#store.swapCursor(before, cursor);
  }

  setAside(end: Tail): Promise<string> {
    return this.#store.setAside({ ...end, position: end.position - this.#shift });
  }

  async shorten(before: Bytes | null, base: Bytes, position: number): Promise<Outcome> {
    const outcome = await this.#store.shorten(before, base, position - this.#shift);
    if (outcome.is === "done") this.#begin(base);
    return outcome;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /**
   * By how much the offsets in a journal that begins so are less. Nothing is verified: what is no base of the writer's
   * is found when the journal is. Throws `malformed`, `tampered` for what begins as a base and is none.
   */
  #begin(start: Uint8Array): void {
    const parsed = beginsBase(start) ? parseBytes(parseBase(), Uint8Array.from(start)).value : null;
    this.#shift = parsed ? parsed.base.offset - baseLength(parsed) : 0;
    this.#base = parsed && concat(parsed.bytes, parsed.signature);
  }
}

/**
 * Looks at what a store begins with, before anything is written beside it. Throws `malformed` or `unsupported` where
 * that is no journal.
 */
export async function refuseOther(store: JournalStore): Promise<void> {
  const start = await store.readAt(0, BASE_START_BYTES);
  if (beginsBase(start) || equal(start, MAGIC.subarray(0, start.length))) return;
  try {
    parseBytes(parseCore(KIND_JOURNAL), start);
  } catch (error) {
    const isOther = !(error instanceof SealError) || error.code !== "tampered";
    if (isOther && !(await isTorn(store, start))) throw error;
  }
}

/** Whether it can be a first header that a loss of power has left as zeros from that beginning on. */
async function isTorn(store: JournalStore, start: Uint8Array): Promise<boolean> {
  const written = start.length - zerosAtEnd(start);
  if (!equal(start.subarray(0, MAGIC.length), MAGIC) || written === start.length) return false;
  const size = await store.size();
  return size - written >= SIGNATURE_BYTES && new Window(store, 0, size, { ahead: false }).isZeroFrom(written);
}
