// Where a journal lies, as its writer and readers see it. src/io implements this for a file; another store can stand
// behind it, and test/journal/store-contract.ts holds it to what is said here.

import type { Bytes } from "../bytes.js";
import type { SealError } from "../errors.js";

/** What can be read of a journal. Reading needs no writer and no lock. */
export interface JournalSource {
  /** What errors call it. */
  readonly name: string;
  /** Bytes that are there now. It may grow. */
  size(): Promise<number>;
  /** Bytes by position, fewer only at the end. Throws `io`. */
  readAt(position: number, length: number): Promise<Uint8Array>;
  /**
   * Waits until something may have changed since `size` was last asked for. Where it is missing, `size` is asked for
   * again and again.
   */
  changed?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A header or a frame, and where it belongs. */
export interface Piece {
  /** Where the journal ends, and the chain value there: 32 zero bytes where it is empty. */
  readonly position: number;
  readonly chain: Bytes;
  readonly bytes: Bytes;
  /** The chain value after it. */
  readonly after: Bytes;
}

/** What has become of a change. A call that throws has the outcome `unknown`. */
export type Outcome =
  | { readonly is: "done" }
  /** Nothing has changed, nor will. */
  | { readonly is: "failed"; readonly error: SealError }
  /** The journal has another owner, or is not as this one left it. That is final. */
  | { readonly is: "fenced"; readonly error: SealError }
  /** It may have happened, or happen later. */
  | { readonly is: "unknown"; readonly error: SealError };

/** An end of a journal: compared before it is moved aside. */
export interface Tail {
  readonly position: number;
  readonly length: number;
  /** SHA-256 of its bytes. */
  readonly hash: Bytes;
}

/**
 * A journal that may be written, by one owner at a time: whoever took a term last. What is handed over is the caller's
 * own again when the promise settles, and a store that keeps it in memory keeps a copy.
 *
 * What a user of the journal keeps beside it about a frame (an idempotency key, say) is made durable before `append`
 * (`beforeFrame` of the writer), with the journal's id, the frame's end and the chain value there, and counts only
 * where the journal has that chain value at that end, or has that id and a base behind that end.
 */
export interface JournalStore extends JournalSource {
  /**
   * Takes a term: 16 fresh random bytes, durable when this is done. A first term takes the place of the one that it
   * finds, and fences whoever owned the journal. A further one fences what this store has begun itself and does not
   * know the end of; it is refused as `fenced` where somebody else has taken a term since. When it is done, what is
   * read is what the owner before has left, and nothing that was begun before is added any more. A term of unknown
   * outcome is taken again with the same bytes: one that is this store's already changes nothing.
   */
  takeTerm(term: Bytes): Promise<Outcome>;
  /**
   * Appends a piece, durably, if and only if the term is this store's and the journal ends at the piece's position with
   * its chain value. Where the very piece stands at the end already, because its outcome was unknown, that is `done`;
   * where a part of it does, the rest follows.
   */
  append(piece: Piece): Promise<Outcome>;
  /**
   * Makes durable what stands, if and only if the term is this store's. Of what stands before `position` that is known;
   * from there on a flush may have failed before, be it another writer's: on many systems a later one that succeeds
   * does not prove then that the bytes are there, and they are written again, as they are.
   */
  settle(position: number): Promise<Outcome>;
  /** The writer's cursor, as it was last saved; null where there is none. Throws `io`. */
  cursor(): Promise<Bytes | null>;
  /**
   * Replaces the cursor in one step, durably, if and only if the term is this store's and the cursor is still `before`.
   * Where it is the new one already, because the outcome was unknown, that is `done`.
   */
  swapCursor(before: Uint8Array | null, cursor: Uint8Array): Promise<Outcome>;
  /**
   * Keeps the journal's end in a place of its own, durably, then cuts it off, if and only if the term is this store's
   * and the end is as described. The name of that place. Throws `io`, where nothing is lost and it can be done again;
   * `fenced`.
   */
  setAside(end: Tail): Promise<string>;
  /**
   * Puts `base` in the place of what stands before `position`, in one step, durably: the journal is the old one or the
   * new one, and its end stays where it is. If and only if the term is this store's, and the journal begins with
   * `before`, its base (null: with none). Where it begins with the new one already, because the outcome was unknown,
   * that is `done`. Who reads it meanwhile finds the one or the other.
   */
  shorten(before: Bytes | null, base: Bytes, position: number): Promise<Outcome>;
}
