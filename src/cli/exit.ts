// From errors to exit statuses: the only place that knows the numbers.

import { type ErrorCode, SealError } from "../errors.js";

const STATUS: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  usage: 2,
  io: 3,
  fenced: 3,
  malformed: 4,
  unsupported: 4,
  "no-key": 5,
  tampered: 6,
  untrusted: 7,
  interrupted: 130,
};

/** The reason that Ctrl-C (130) or SIGTERM (143) gives to whatever is under way. */
export class Interrupted extends SealError {
  readonly status: number;

  constructor(signal: NodeJS.Signals, status: number) {
    super("interrupted", `interrupted by ${signal}`);
    this.status = status;
  }
}

export function exitStatus(error: SealError): number {
  return error instanceof Interrupted ? error.status : STATUS[error.code];
}

/** Any error as one of ours: what we did not throw ourselves is a bug. */
export function asSealError(error: unknown): SealError {
  if (error instanceof SealError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SealError("internal", `a bug in seal: ${message}`, {
    hint: "Run it again with SEAL_DEBUG=1 and report what it prints.",
    cause: error,
  });
}

/** Whether the error only says that whoever read our output has gone: no word about it is wanted. */
export function isClosedPipe(error: SealError): boolean {
  return error.code === "io" && (error.cause as NodeJS.ErrnoException | undefined)?.code === "EPIPE";
}

/** A failure that has been told to the user already. */
export class Reported extends Error {
  readonly failure: SealError;

  constructor(failure: SealError) {
    super(failure.message);
    this.failure = failure;
  }
}
