// The one error type of the project. It imports nothing, so every layer can throw it.

/** What went wrong, in one word; the program's exit status follows from it. */
export type ErrorCode = "internal" | "usage" | "io" | "malformed" | "no-key" | "tampered" | "untrusted" | "interrupted";

/** Where it went wrong, and what to do about it. */
export interface ErrorDetails {
  /** One line that says what to do. */
  hint?: string | undefined;
  /** The input at fault, as the caller named it. */
  input?: string | undefined;
  /** Index of the chunk at fault, from 0. */
  chunk?: number | undefined;
  /** Offset in the sealed input, in bytes, where the part at fault begins. */
  offset?: number | undefined;
  /** The signer that the file names, as text (`sealsig1…`). */
  signer?: string | undefined;
  cause?: unknown;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
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
  EPIPE: "the reader has gone",
};

/** The `io` error for a system call that failed: what was being done, and the system's reason in words. */
export function ioError(what: string, cause: unknown): SealError {
  const { code, message = cause } = (cause ?? {}) as { code?: unknown; message?: unknown };
  const reason = typeof code === "string" ? (REASONS[code] ?? code) : String(message || "no reason given");
  return new SealError("io", `${what}: ${reason.replace(/\s+/g, " ")}`, { cause });
}

/** The error that every operation of the library throws. `message` is one line and holds no secret. */
export class SealError extends Error {
  readonly code: ErrorCode;
  hint: string | undefined;
  input: string | undefined;
  readonly chunk: number | undefined;
  readonly offset: number | undefined;
  readonly signer: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SealError";
    this.code = code;
    this.hint = details.hint;
    this.input = details.input;
    this.chunk = details.chunk;
    this.offset = details.offset;
    this.signer = details.signer;
  }
}
