// What main thread and workers say to each other. Structured clone drops an error's class and code, so a failure goes as
// plain fields and is made an error again on the main thread.

import { type ErrorCode, type ErrorDetails, SealError } from "../errors.js";
import type { FramesResult, FramesTask, OpenResult, SealResult, Task, Verb } from "./engine.js";

/** A file's keys as they travel: the worker makes them a ChunkKeys again. */
export interface KeysMessage {
  readonly say: "keys";
  readonly session: number;
  readonly payloadKey: Uint8Array | null;
  readonly coreHash: Uint8Array;
  readonly signed: boolean;
  /** A public key that the main thread has checked. */
  readonly signer: Uint8Array | null;
}

/** The file is done with: its keys are to be erased. */
export interface ForgetMessage {
  readonly say: "forget";
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

export type AnyResult = SealResult | OpenResult | FramesResult;

export interface Failure extends ErrorDetails {
  readonly code: ErrorCode;
  readonly message: string;
  /** The system's error code, where there is one. */
  readonly errno?: string | undefined;
}

export type FromWorker =
  | { readonly id: number; readonly result: AnyResult }
  | { readonly id: number; readonly failure: Failure };

export function toFailure(error: unknown): Failure {
  if (!(error instanceof SealError)) return { code: "internal", message: String(error) };
  const { code, message, hint, input, chunk, offset, signer, cause } = error;
  const errno = (cause as NodeJS.ErrnoException | undefined)?.code;
  return { code, message, hint, input, chunk, offset, signer, errno };
}

export function fromFailure({ code, message, errno, ...details }: Failure): SealError {
  const cause = errno === undefined ? undefined : Object.assign(new Error(errno), { code: errno });
  return new SealError(code, message, { ...details, cause });
}
