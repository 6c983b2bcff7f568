// The one error type of the project. It imports nothing, so every layer can throw it.

/** What went wrong, in one word; the program's exit status follows from it. */
export type ErrorCode =
  | "internal"
  | "usage"
  | "io"
  | "fenced"
  | "malformed"
  | "unsupported"
  | "no-key"
  | "tampered"
  | "untrusted"
  | "interrupted";

/** Which of the failures with one code it is, where a program may want to do or say something of its own. */
export type Reason =
  /** Both post-quantum recipients and classic ones, which `recipients` names. */
  | "mixed-recipients"
  /** A file that was sealed for classic recipients was to be rewrapped for post-quantum ones. */
  | "classic-before"
  /** The output exists, and was not to be replaced. */
  | "exists"
  /** The output cannot be replaced: something is mounted there; or it is no file, or another's. */
  | "mounted"
  | "not-replaceable"
  /** The output is an open file's descriptor. */
  | "descriptor"
  /** The input is a directory. */
  | "directory"
  /** The input is a journal where a sealed file belongs, or the reverse. */
  | "is-journal"
  | "is-file"
  /** The signer is not among those that are accepted. */
  | "not-accepted"
  /** None of the keys given opens it: it is for others. */
  | "other-recipients"
  /** A record contains a newline, and cannot be written as a line. */
  | "newline"
  /** What follows a cursor was removed by the journal's writer. */
  | "removed"
  /** A server wants credentials. */
  | "credentials"
  /** The identity has no key that signs. */
  | "only-opens"
  /** A key of ssh's of a kind that is of no use here; a private key that is not written as OpenSSH does. */
  | "ssh-kind"
  | "ssh-private"
  /** A private key of ssh's under a cipher, or with more work, than is known here. */
  | "ssh-cipher"
  /** The ssh agent cannot be asked; it has not the key; it does not sign. */
  | "agent-gone"
  | "agent-lacks"
  | "agent-refused"
  /** A host is not in any of the files of hosts; it has no key there that can be used. */
  | "host-unknown"
  | "host-kind"
  /** A line may be of a file of hosts, or of one of signers. */
  | "host-line"
  /** A contact exists already, or does not exist. */
  | "contact-exists"
  | "no-contact";

/** Where it went wrong, and what to do about it. */
export interface ErrorDetails {
  /** One line that says what to do. */
  hint?: string | undefined;
  /** A word that stays the same, whatever the message says. */
  reason?: Reason | undefined;
  /** The input at fault, as the caller named it. */
  input?: string | undefined;
  /** Index of the chunk at fault, from 0. */
  chunk?: number | undefined;
  /** In a journal, index of the frame at fault in its epoch, from 0. */
  frame?: number | undefined;
  /** Offset in the sealed input, in bytes, where the part at fault begins. */
  offset?: number | undefined;
  /** The signer that the file names, as text (`sealsig1…`). */
  signer?: string | undefined;
  /** The recipients that it is about, as text (`seal1…`). */
  recipients?: readonly string[] | undefined;
  cause?: unknown;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "is a directory",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would become larger than the file system allows",
  EIO: "input/output error",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files",
  ENFILE: "too many open files in the system",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  ERR_ACCESS_DENIED: "Node's permission model does not allow it",
  EPIPE: "the reader is gone",
};

/** The `io` error for a system call that failed: what was being done, and the system's reason in words. */
export function ioError(what: string, cause: unknown): SealError {
  const { code, message = cause } = (cause ?? {}) as { code?: unknown; message?: unknown };
  const reason = typeof code === "string" ? (REASONS[code] ?? code) : String(message || "no reason given");
  return new SealError("io", `${what}: ${reason.replace(/\s+/g, " ")}`, { cause });
}

/** The error, where it is one of ours; else the `io` error for what was being done. */
export function asIoError(what: string, error: unknown): SealError {
  return error instanceof SealError ? error : ioError(what, error);
}

/** The error that every operation of the library throws. `message` is one line and holds no secret. */
export class SealError extends Error {
  readonly code: ErrorCode;
  readonly reason: Reason | undefined;
  hint: string | undefined;
  input: string | undefined;
  readonly chunk: number | undefined;
  readonly frame: number | undefined;
  readonly offset: number | undefined;
  readonly signer: string | undefined;
  readonly recipients: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, given?: ErrorDetails) {
    const details: ErrorDetails = Object.assign(Object.create(null), given);
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SealError";
    this.code = code;
    this.reason = details.reason;
    this.hint = details.hint;
    this.input = details.input;
    this.chunk = details.chunk;
    this.frame = details.frame;
    this.offset = details.offset;
    this.signer = details.signer;
    this.recipients = details.recipients;
  }
}

/** What an error says beside its code and message: everything but its cause. */
export function detailsOf({ hint, reason, input, chunk, frame, offset, signer, recipients }: SealError): ErrorDetails {
  return { hint, reason, input, chunk, frame, offset, signer, recipients };
}

/** The error in other words, or with more to it; everything else that it says stays. */
export function restated(
  error: SealError,
  { message = error.message, ...more }: ErrorDetails & { message?: string },
): SealError {
  return new SealError(error.code, message, { ...detailsOf(error), cause: error.cause, ...more });
}

/** The error, said of something. */
export function prefixed(prefix: string, error: SealError, more: ErrorDetails = {}): SealError {
  return restated(error, { ...more, message: `${prefix}: ${error.message}` });
}
