// What is answered where a request cannot be done (RFC 9457, application/problem+json).

import { SealError } from "@sealed-files/seal";
import { codeOf, isOvertaken } from "./codes.js";
import { NoInbox } from "./store/settings.js";

/** Every kind of problem, with its status; `urn:seal-inbox:NAME` is its type. */
export const PROBLEMS = {
  "bad-request": { status: 400, title: "The request cannot be understood" },
  "bad-encoding": { status: 400, title: "The body cannot be decoded" },
  "bad-key": { status: 400, title: "The idempotency key is not valid" },
  "no-record": { status: 400, title: "The body holds no record" },
  unauthorized: { status: 401, title: "A valid token is needed" },
  "bad-signature": { status: 403, title: "The webhook's signature is not valid" },
  forbidden: { status: 403, title: "The token does not allow this" },
  gone: { status: 410, title: "The inbox was removed" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "The address does not accept this method" },
  behind: { status: 409, title: "The reader has acknowledged more already" },
  timeout: { status: 408, title: "The request came too slowly" },
  "too-large": { status: 413, title: "The body is too large" },
  "content-encoding": { status: 415, title: "The body's encoding is not accepted" },
  "media-type": { status: 415, title: "The body's media type is not accepted" },
  "out-of-range": { status: 416, title: "The journal has no such part" },
  "bad-cursor": { status: 422, title: "The cursor does not belong to this journal" },
  "key-reused": { status: 422, title: "The idempotency key was used for another body" },
  "inbox-rate": { status: 429, title: "The inbox receives requests too fast" },
  "inbox-bytes": { status: 429, title: "The inbox has used up its bytes for the day" },
  "inbox-keys": { status: 429, title: "The inbox has used up its idempotency keys" },
  "producer-rate": { status: 429, title: "The producer sends requests too fast" },
  "producer-bytes": { status: 429, title: "The producer has used up its bytes for the day" },
  "producer-keys": { status: 429, title: "The producer has used up its idempotency keys" },
  "too-many-requests": { status: 429, title: "The token is used too fast" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "A bug in seal-inbox" },
  busy: { status: 503, title: "The service cannot keep up" },
  "too-many-keys": { status: 503, title: "No more idempotency keys can be kept" },
  "too-many-open": { status: 503, title: "Too many files are open" },
  storage: { status: 503, title: "The record could not be stored" },
  refused: { status: 503, title: "The journal is not in order" },
  fenced: { status: 503, title: "Another process has taken over the journal" },
  stopping: { status: 503, title: "The service is stopping" },
  full: { status: 507, title: "The disk is full" },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

/** Which quota was reached, and whose. */
export const QUOTA_PROBLEMS = [
  "inbox-rate",
  "inbox-bytes",
  "inbox-keys",
  "producer-rate",
  "producer-bytes",
  "producer-keys",
] as const satisfies readonly ProblemName[];

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/**
 * Thrown wherever a request is found to be impossible. `detail` is for the client: it holds no content, no token and no
 * path.
 */
export class Problem extends Error {
  readonly problem: ProblemName;
  /** Seconds after which to try again. */
  readonly retryAfter: number | null;

  constructor(problem: ProblemName, detail: string, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.problem = problem;
    this.retryAfter = options.retryAfter ?? null;
  }

  get status(): number {
    return PROBLEMS[this.problem].status;
  }

  body(): ProblemBody {
    const { title, status } = PROBLEMS[this.problem];
    return { type: `urn:seal-inbox:${this.problem}`, title, status, detail: this.message };
  }
}

/** The inbox is not there any more, and does not come back. */
export function gone(): Problem {
  return new Problem("gone", "Its journal and its records are not here any more. Stop asking.");
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const TOO_MANY = new Set(["EMFILE", "ENFILE"]);
/** Seconds: a disk that is full or fails does not recover in less. */
const STORAGE_PAUSE = 5;

/** What a failure of the journal means for a request. The reason is for the log alone. */
export function storageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof NoInbox) return gone();
  if (isOvertaken(error)) return new Problem("busy", "Others change the same at this moment.", { retryAfter: 1 });
  if (!(error instanceof SealError)) return new Problem("internal", "An unexpected error occurred.", { cause: error });
  const name = storageProblemName(error);
  if (name === "refused")
    return new Problem(name, "Nothing is written to it until somebody has looked at it.", { cause: error });
  // A write that seemed to fail may have reached the disk.
  const detail = "Try again. A record may be stored all the same: send it with the same idempotency key.";
  return new Problem(name, detail, { retryAfter: STORAGE_PAUSE, cause: error });
}

function storageProblemName(error: SealError): ProblemName {
  if (isFenced(error)) return "fenced";
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (FULL.has(codeOf(cause))) return "full";
    if (TOO_MANY.has(codeOf(cause))) return "too-many-open";
  }
  return error.code === "io" ? "storage" : "refused";
}

/** Whether the writer has lost the journal to another, for good. */
export function isFenced(error: unknown): boolean {
  return error instanceof SealError && error.code === "fenced";
}
