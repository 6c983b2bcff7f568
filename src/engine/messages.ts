// What main thread and workers say to each other. Structured clone drops an error's class and code, so a failure goes
// as plain fields and is made an error again on the main thread.

import type { SharedKemKey } from "../crypto/kem.js";
import type { Secret } from "../crypto/secret.js";
import { detailsOf, type ErrorCode, type ErrorDetails, SealError } from "../errors.js";
import type {
  FramesResult,
  FramesTask,
  OpenTaskResult,
  SealTaskResult,
  StanzasTask,
  Task,
  TrialsTask,
  Verb,
} from "./engine.js";

/** A file's keys as they travel: the worker makes them a ChunkKeys again. */
export interface KeysMessage {
  readonly say: "keys";
  readonly session: number;
  readonly payloadKey: Secret | null;
  readonly coreHash: Uint8Array;
  readonly signed: boolean;
  /** A public key that the main thread has checked. */
  readonly recordKey: Uint8Array | null;
}

/** The file is done with: its keys are to be erased, and that is answered. */
export interface ForgetMessage {
  readonly say: "forget";
  readonly id: number;
  readonly session: number;
}

export interface TaskMessage {
  readonly say: "task";
  readonly id: number;
  readonly session: number;
  readonly verb: Verb;
  readonly task: Task;
}

export interface FramesMessage {
  readonly say: "frames";
  readonly id: number;
  readonly session: number;
  readonly task: FramesTask;
}

export type ToWorker = KeysMessage | ForgetMessage | TaskMessage | FramesMessage;

/** Of a thread of Node's alone. */
export interface StanzasMessage {
  readonly say: "stanzas";
  readonly id: number;
  readonly task: StanzasTask;
}

/** What stanzas will be tried with. Of a thread of Node's alone. */
export interface TrialKeysMessage {
  readonly say: "trial keys";
  readonly session: number;
  readonly keys: readonly SharedKemKey[];
  readonly info: Uint8Array;
}

/** Of a thread of Node's alone. */
export interface TrialsMessage {
  readonly say: "trials";
  readonly id: number;
  readonly session: number;
  readonly task: TrialsTask;
}

/** All stanzas are tried. Of a thread of Node's alone. */
export interface TriedMessage {
  readonly say: "tried";
  readonly session: number;
}

/** What a thread of Node's is told. */
export type ToThread = ToWorker | StanzasMessage | TrialKeysMessage | TrialsMessage | TriedMessage;

/** Of a browser's worker alone: a key is to be made of a passphrase. */
export interface ScryptMessage {
  readonly say: "scrypt";
  readonly passphrase: Secret;
  readonly salt: Uint8Array;
}

/** The key; null where that failed. */
export interface StretchedMessage {
  readonly stretched: Secret | null;
}

/** What a worker is asked, and answers. */
export type Work = Omit<TaskMessage, "id"> | Omit<FramesMessage, "id"> | Omit<ForgetMessage, "id">;

export type AnyResult = SealTaskResult | OpenTaskResult | FramesResult;

export interface Failure extends ErrorDetails {
  readonly code: ErrorCode;
  readonly message: string;
  /** The system's error code, where there is one. */
  readonly errno?: string | undefined;
}

/** `Result`: what else it may have made than AnyResult. */
export type FromWorker<Result = never> =
  | { readonly ready: true }
  | { readonly id: number; readonly result: AnyResult | Result }
  | { readonly id: number; readonly forgotten: true }
  | { readonly id: number; readonly failure: Failure };

export function toFailure(error: unknown): Failure {
  if (!(error instanceof SealError)) return { code: "internal", message: String(error) };
  const errno = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return { code: error.code, message: error.message, ...detailsOf(error), errno };
}

export function fromFailure({ code, message, errno, ...details }: Failure): SealError {
  const cause = errno === undefined ? undefined : Object.assign(new Error(errno), { code: errno });
  return new SealError(code, message, { ...details, cause });
}
