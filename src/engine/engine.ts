// Where chunks are worked on. A session takes tasks, each one chunk, and gives their results; its callers keep the
// order. Bytes come and go in memory or, between regular files, by position on a descriptor.

import type { Bytes } from "../bytes.js";
import type { KemKey, KemName } from "../crypto/kem.js";
import type { Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { ChunkKeys } from "../format/record.js";

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
  /**
   * Where the result is to be written; null where it is to be at the beginning of `buffer`, or nowhere if that is null
   * too.
   */
  readonly output: Region | null;
  /**
   * Memory for input and result, with room for a whole record; null where neither is to be in memory. It is the
   * session's until the result hands it back, and what it holds then is the result or nothing of use.
   */
  readonly buffer: Bytes | null;
}

interface Result {
  readonly buffer: Bytes | null;
  /** SHA-256(ciphertext ∥ tag); null in an unsigned file. */
  readonly digest: Bytes | null;
}

/** The result of sealing is ciphertext ∥ tag, 16 bytes more than the input. */
export type SealTaskResult = Result;

export interface OpenTaskResult extends Result {
  /** The chain value that the record carries; null in an unsigned file. */
  readonly chain: Bytes | null;
  /**
   * Whether signature (where signed) and tag (where decrypted) are right. If not, `buffer` holds no plaintext and none
   * was written; of a record that was to be copied, anything may have been.
   */
  readonly authentic: boolean;
}

export type Signatures = "each" | "last";

/**
 * Frames of one epoch of a journal, worked on together: most are small, and one small chunk a message is slower than no
 * thread at all.
 */
export interface FramesTask {
  /** The first one's index in its epoch. */
  readonly index: number;
  readonly coreHash: Uint8Array;
  /** The epoch's, 32 bytes. */
  readonly recordKey: Uint8Array;
  /** The lengths of their ciphertexts. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Each is checked; or the last one, which can stand for all (docs/FORMAT.md, "Reading a journal"). */
  readonly signatures: Signatures;
  /** Their keys, 32 bytes each, which are erased with the work; null where they are only verified. */
  readonly keys: Secret | null;
  /**
   * The frames as they stand in the journal, from the beginning on. It is the session's until the result hands it back.
   */
  readonly buffer: Bytes;
}

export interface FramesResult {
  /** Each plaintext stands where its ciphertext stood. Of frames from `authentic` on there is none. */
  readonly buffer: Bytes;
  /**
   * How many frames, from the first on, have a right signature and (where decrypted) tag, and carry the chain value
   * after the one before. What the first one carries is not judged here.
   */
  readonly authentic: number;
  /**
   * The chain values that the frames carry, up to the first that is not authentic, and behind them the one after the
   * last; 32 bytes each.
   */
  readonly chains: Bytes;
}

/** An engine set to one file's keys. */
export interface Session {
  /** How many tasks are worth having in flight now. */
  readonly width: number;
  /** Throws `io` where the file has fewer bytes than the task says. */
  seal(task: Task): Promise<SealTaskResult>;
  /** The result is the plaintext. Throws `tampered` where the file has fewer bytes than the task says. */
  open(task: Task): Promise<OpenTaskResult>;
  /**
   * As `open`, without decryption. The result is the record as it is, copied to `output`, else to `buffer`; none where
   * there is neither.
   */
  verify(task: Task): Promise<OpenTaskResult>;
  /** Opens or verifies frames of a journal. */
  frames(task: FramesTask): Promise<FramesResult>;
  /** Erases what the engine holds of the keys: nothing of it is left when this is done. No task may be running. */
  close(): Promise<void>;
}

/** Recipients of one kind, who are to have the file key (docs/FORMAT.md, "Stanzas"). */
export interface StanzasTask {
  readonly kem: KemName;
  /** Valid public keys of it. */
  readonly recipients: readonly Uint8Array[];
  /** What HPKE is bound to. */
  readonly info: Uint8Array;
  /** A copy, which is erased with the work. */
  readonly fileKey: Secret;
  /** Whether what only the garbage collector erases of ephemeral keys is collected before the result is there. */
  readonly forgets: boolean;
}

export interface StanzasResult {
  /** enc ∥ ciphertext for each recipient, in their order. */
  readonly bodies: readonly Bytes[];
}

/** What stanzas are tried with. */
export interface TrialKeys {
  readonly keys: readonly KemKey[];
  /** What HPKE is bound to. */
  readonly info: Uint8Array;
}

/** Stanzas of one kind, which are to be tried with the keys of that kind. */
export interface TrialsTask {
  readonly kem: KemName;
  /** enc ∥ ciphertext of each, one behind the other. */
  readonly bodies: Bytes;
  /** Bytes of each. */
  readonly length: number;
}

export interface TrialsResult {
  /** Of the first that opens, to be erased; null where none does. */
  readonly fileKey: Secret | null;
}

/** Who makes stanzas, some at a time. */
export interface StanzaMaker {
  /** How many tasks are worth having in flight now. */
  readonly width: number;
  /** Where it is done on the calling thread, what is left of ephemeral keys is the caller's to have collected. */
  make(task: StanzasTask): Promise<StanzasResult>;
}

/** Who tries stanzas with some keys, some at a time. */
export interface StanzaOpener {
  /** How many tasks are worth having in flight now. */
  readonly width: number;
  /** Opens the first of them that one of the keys opens. The calling thread waits for `pace` before each. */
  open(task: TrialsTask, pace?: () => Promise<void>): Promise<TrialsResult>;
  /** No other thread keeps the keys. No task may be running. */
  close(): void;
}

export interface Engine {
  /** A session for an input of `size` bytes, null where that is not known. */
  session(keys: ChunkKeys, size: number | null): Session;
  /** Threads that make so many stanzas; null where they are too few to be worth one. */
  stanzaMaker?(suite: Suite, count: number): StanzaMaker | null;
  /** Threads that try so many; null as of `stanzaMaker`. */
  stanzaOpener?(suite: Suite, keys: TrialKeys, count: number): StanzaOpener | null;
}

/** What a task is for. */
export type Verb = "seal" | "open" | "verify";
