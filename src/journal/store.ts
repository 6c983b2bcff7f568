// Where a journal lies, as its writer and readers see it. src/io implements this for a file; another store can stand behind it.

import type { Bytes } from "../bytes.js";

/** What can be read of a journal. */
export interface JournalSource {
  /** What errors call it. */
  readonly name: string;
  /** Bytes that are there now. It may grow. */
  size(): Promise<number>;
  /** Bytes by position, fewer only at the end. Throws `io`. */
  readAt(position: number, length: number): Promise<Uint8Array>;
  /** Waits until something may have changed since `size` was last asked for. Where it is missing, `size` is asked for again and again. */
  changed?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A journal that may be written: whoever holds it holds the writer's lock, until `close`. */
export interface JournalStore extends JournalSource {
  /** The writer's cursor, as it was last saved; null where there is none. */
  cursor(): Promise<Bytes | null>;
  /** Replaces the cursor in one step and flushes that; null removes it. */
  saveCursor(cursor: Uint8Array | null): Promise<void>;
  // What is handed over is the writer's own again when the promise settles: a store that keeps it in memory keeps a copy.

  /**
   * Appends an epoch's header at `position`, which is the journal's end, and flushes it; then replaces the cursor and flushes that. Where this throws
   * (`io`), any part of it may have happened.
   */
  openEpoch(position: number, header: Uint8Array, cursor: Uint8Array): Promise<void>;
  /** Appends a frame at `position`, which is the journal's end, and flushes it. Where this throws (`io`), any part of it may be there. */
  append(position: number, frame: Uint8Array): Promise<void>;
  /**
   * Keeps what stands from `position` on in a place of its own, flushed, then cuts it off the journal, flushed too. The name of that place; null where
   * there was nothing. Throws `io`.
   */
  setAside(position: number): Promise<string | null>;
}
