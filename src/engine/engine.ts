// Where chunks are worked on. A session takes tasks, each one chunk, and gives their results; its callers keep the order.
// Bytes come and go in memory or, between regular files, by position on a descriptor.

import type { Bytes } from "../bytes.js";
import type { ChunkKeys } from "../chunk/record.js";

/** A stretch of a regular file. */
export interface Region {
  readonly fd: number;
  /** What errors call the file. */
  readonly name: string;
  readonly position: number;
}

export interface Task {
  readonly index: number;
  readonly final: boolean;
  /** Bytes of input: plaintext when sealing, a record (at least the overhead's bytes) when opening or verifying. */
  readonly length: number;
  /** Where the input is; null where it is at the beginning of `buffer`. */
  readonly input: Region | null;
  /** Where the result is to be written; null where it is to be at the beginning of `buffer`, or nowhere if that is null too. */
  readonly output: Region | null;
  /**
   * Memory for input and result, with room for a whole record; null where neither is to be in memory. It is the session's until the
   * result hands it back, and what it holds then is the result or nothing of use.
   */
  readonly buffer: Bytes | null;
}

interface Result {
  readonly buffer: Bytes | null;
  /** SHA-256(ciphertext ∥ tag); null in an unsigned file. */
  readonly digest: Bytes | null;
}

/** The result of sealing is ciphertext ∥ tag, 16 bytes more than the input. */
export type SealResult = Result;

export interface OpenResult extends Result {
  /** The chain value that the record carries; null in an unsigned file. */
  readonly chain: Bytes | null;
  /**
   * Whether signature (where signed) and tag (where decrypted) are right. If not, `buffer` holds no plaintext and none was written; of a
   * record that was to be copied, anything may have been.
   */
  readonly authentic: boolean;
}

/** An engine set to one file's keys. */
export interface Session {
  /** How many tasks are worth having in flight. */
  readonly width: number;
  /** Throws `io` where the file has fewer bytes than the task says. */
  seal(task: Task): Promise<SealResult>;
  /** The result is the plaintext. Throws `tampered` where the file has fewer bytes than the task says. */
  open(task: Task): Promise<OpenResult>;
  /** As `open`, without decryption. The result is the record as it is, copied to `output`, else to `buffer`; none where there is neither. */
  verify(task: Task): Promise<OpenResult>;
  /** Erases what the engine holds of the keys. No task may be running. */
  close(): void;
}

export interface Engine {
  /** A session for an input of `size` bytes, null where that is not known. */
  session(keys: ChunkKeys, size: number | null): Session;
}

/** What a task is for. */
export type Verb = "seal" | "open" | "verify";
