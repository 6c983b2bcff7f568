// Where bytes come from and go to, as the operations see it. src/io implements these.

import { abortable } from "./order.js";

/** An input. Reads are one after the other, from its beginning. */
export interface Source {
  /** What errors call it. */
  readonly name: string;
  /** Size in bytes where it is known and reading by position is possible, else null. */
  readonly size: number | null;
  /** A descriptor that may be read by position; only where `size` is known. */
  readonly fd: number | null;
  /** The next `length` bytes, fewer only at the end of the input. Throws `io`. */
  read(length: number): Promise<Uint8Array>;
  /** Fills `bytes` with the next ones; how many there were, fewer only at the end of the input. Throws `io`. */
  fill(bytes: Uint8Array): Promise<number>;
  /** Bytes by position, fewer only at the end; only where `size` is known. */
  readAt(position: number, length: number): Promise<Uint8Array>;
  /**
   * Continues at `position`, which may lie before the current one only where `size` is known. Nothing from `end` on
   * will be read.
   */
  skipTo(position: number, end?: number): Promise<void>;
  /** Throws `io` where the input is known to have changed since it was opened. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Whether the engine can read it by position. */
export function byPosition(source: Source): source is Source & { readonly fd: number; readonly size: number } {
  return source.fd !== null && source.size !== null;
}

/** An output. */
export interface Sink {
  /** What errors call it. */
  readonly name: string;
  /** A descriptor that may be written by position, nothing of which shows before `commit`; else null. */
  readonly fd: number | null;
  /** Whether bytes that were written may still be looked at afterwards, so that their memory must not be used again. */
  readonly keeps: boolean;
  /** Writes all the bytes. Without `fd`, positions come in order and without gaps: whatever is written is released. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes the output whole and durable. The sink is done with, also where this throws. */
  commit(): Promise<void>;
  /** Leaves nothing behind, as far as that can be. Never throws. */
  abort(): Promise<void>;
}

/**
 * An output that an earlier run may have begun. Writes come in order; what is written stays after `abort`, for the next
 * run.
 */
export interface PartialSink extends Sink {
  readonly fd: null;
  /** What an earlier run left: where it can be read, and how much it is. Nothing vouches for it. */
  readonly left: { readonly fd: number; readonly name: string; readonly bytes: number };
  /** Forgets what was left. */
  restart(): Promise<void>;
}

/**
 * Writes to the sink. A stream whose reader stalls is left as soon as the signal aborts; a write by position is seen to
 * its end.
 */
export function release(
  sink: Sink,
  bytes: Uint8Array,
  position: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const written = sink.write(bytes, position);
  return sink.fd === null ? abortable(written, signal) : written;
}

/** Called with the plaintext bytes that are done, and how many there are in all, where that is known. */
export type Progress = (done: number, total: number | null) => void;

/** Runs `work`, then commits the sink; aborts it where anything fails. */
export async function committing<T>(sink: Sink, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await sink.commit();
    return result;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
