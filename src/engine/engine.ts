// Where chunks are worked on. An engine takes tasks, each one chunk, and gives their results; the callers keep the
// order. Bytes come and go either in memory or, between regular files, by position on a descriptor.

import type { Bytes } from "../bytes.js";
import type { ChunkKeys, Opened } from "../chunk/record.js";

/** A stretch of a regular file. */
export interface Region {
  readonly fd: number;
  /** What errors call the file. */
  readonly name: string;
  readonly position: number;
  readonly length: number;
}

/** A place in a regular file. */
export interface Place {
  readonly fd: number;
  /** What errors call the file. */
  readonly name: string;
  readonly position: number;
}

export interface Task {
  readonly index: number;
  readonly final: boolean;
  /** Plaintext when sealing, a record (at least the overhead's bytes) when opening or verifying. */
  readonly input: Uint8Array | Region;
  /** Where the result is written; null hands it back in memory. */
  readonly output: Place | null;
}

export interface SealResult {
  readonly digest: Bytes;
  /** Ciphertext ∥ tag, and where signed 96 bytes of room for the trailer; null where it was written. */
  readonly record: Bytes | null;
}

export interface OpenResult extends Opened {
  /** Only if `authentic`; null where it was written, or only verified. */
  readonly plaintext: Bytes | null;
}

/** An engine set to one file's keys. */
export interface Session {
  /** Throws `io` where the input region has fewer bytes than the task says. */
  seal(task: Task): Promise<SealResult>;
  /** Throws `tampered` where the input region has fewer bytes than the task says. Writes nothing that is not authentic. */
  open(task: Task): Promise<OpenResult>;
  /** As `open`, without decryption. */
  verify(task: Task): Promise<OpenResult>;
}

export interface Engine {
  /** How many tasks are worth having in flight. */
  readonly width: number;
  session(keys: ChunkKeys): Session;
}
