// An output file: a temporary one until all of it is there and authenticated, then it gets its name in one step.

import { constants, fchmod, fsync, unlinkSync, write } from "node:fs";
import { link, lstat, rename, stat, unlink } from "node:fs/promises";
import { Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { toHex, utf8 } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import { committing, type Sink } from "../ops/io.js";
import { closeFd, FIFO_POLL, type FileId, openFd } from "./files.js";
import { writableSink } from "./streams.js";

const writeFd = promisify(write);
export const syncFd = promisify(fsync);
export const chmodFd = promisify(fchmod);

/** What `link` answers on file systems that have no hard links. */
const NO_LINKS = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

export interface OutputOptions {
  /** Replace an existing file (a symlink itself, not what it points at). */
  readonly force?: boolean | undefined;
  /** The input, which the output must not be. */
  readonly input?: FileId | null | undefined;
  /** Permissions, less the umask; 0666 by default. */
  readonly mode?: number | undefined;
  /** Ends the wait for a FIFO's reader. */
  readonly signal?: AbortSignal | undefined;
  /** What to do where the file exists. */
  readonly existsHint?: string | undefined;
}

export interface OutputSink extends Sink {
  /** Whether it is a terminal, where binary data does harm. */
  readonly isTerminal: boolean;
}

const EXISTS_HINT = "Use --force to replace it, or -o for another name.";

/**
 * Opens an output. A regular file appears under its name only at the commit; what is no regular file
 * (a device, a FIFO) is written as a stream.
 * Throws `usage` where the file exists (without `force`), is a directory, or is the input; `io`.
 */
export async function openOutput(path: string, options: OutputOptions = {}): Promise<OutputSink> {
  const kind = await checkOutput(path, options);
  return kind === "file" ? temporarySink(path, options) : deviceSink(path, kind === "pipe", options.signal);
}

/** What stands at the path, or would: a file that may be written or replaced, or something to write to as a stream. Throws as `openOutput`. */
export async function checkOutput(path: string, options: OutputOptions): Promise<"file" | "device" | "pipe"> {
  const target = await statOrNull(() => stat(path, { bigint: true }), path);
  if (target?.isDirectory()) throw new SealError("usage", `${path} is a directory`);
  if (target && options.input && target.dev === options.input.dev && target.ino === options.input.ino) {
    throw new SealError("usage", `${path} is input and output at once`);
  }
  if (target && !target.isFile()) return target.isFIFO() || target.isSocket() ? "pipe" : "device";
  if (!options.force && (await statOrNull(() => lstat(path), path))) throw existsError(path, options);
  return "file";
}

function existsError(path: string, { existsHint = EXISTS_HINT }: OutputOptions): SealError {
  return new SealError("usage", `${path} exists already`, { hint: existsHint });
}

async function statOrNull<T>(look: () => Promise<T>, path: string): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw ioError(`cannot write ${path}`, error);
  }
}

async function deviceSink(path: string, isPipe: boolean, signal: AbortSignal | undefined): Promise<OutputSink> {
  try {
    if (!isPipe) return descriptorSink(await openFd(path, constants.O_WRONLY), path);
    const socket = new Socket({ fd: await openFifo(path, signal), readable: false, writable: true });
    return { ...writableSink(socket, path, { keeps: false }), isTerminal: false };
  } catch (error) {
    signal?.throwIfAborted();
    throw ioError(`cannot open ${path}`, error);
  }
}

/** Waits for the FIFO's reader, without a thread that hangs in `open`. */
async function openFifo(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    try {
      return await openFd(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
    }
    await setTimeout(FIFO_POLL, undefined, { signal });
  }
}

/** A sink that writes to a descriptor in order: a device, or a regular file that the shell opened. */
export function descriptorSink(fd: number, name: string, { keepOpen = false } = {}): OutputSink {
  let writing: Promise<unknown> = Promise.resolve();
  const close = async () => {
    // Closing it under a write could put that write into another file.
    await writing.catch(() => undefined);
    if (!keepOpen) await closeFd(fd);
  };
  return {
    name,
    fd: null,
    keeps: false,
    isTerminal: isatty(fd),
    write: (bytes) => {
      const done = writeAll(fd, bytes, null, name);
      writing = done;
      return done;
    },
    commit: close,
    abort: close,
  };
}

export async function writeAll(fd: number, bytes: Uint8Array, position: number | null, name: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await writeFd(fd, bytes, done, bytes.length - done, at).catch((error) => {
      throw ioError(`cannot write ${name}`, error);
    });
    done += bytesWritten;
  }
}

/** Temporary files that exist now; whatever ends the process, they are removed. */
const temporaries = new Set<string>();

function removeTemporaries(): void {
  for (const path of temporaries) {
    try {
      unlinkSync(path);
    } catch {
      // Nothing can be done about it, and nobody can be told, while the process ends.
    }
  }
}

export function remember(path: string): void {
  if (temporaries.size === 0) process.on("exit", removeTemporaries);
  temporaries.add(path);
}

export function forget(path: string): void {
  temporaries.delete(path);
  if (temporaries.size === 0) process.off("exit", removeTemporaries);
}

/** A name that nobody else comes upon. */
export function temporaryName(directory: string): string {
  return join(directory, `.seal-${toHex(crypto.getRandomValues(new Uint8Array(8)))}.tmp`);
}

async function temporarySink(path: string, options: OutputOptions): Promise<OutputSink> {
  const directory = dirname(path);
  const temporary = temporaryName(directory);
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = await openFd(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw ioError(`cannot write to ${directory}`, error);
  }
  remember(temporary);
  let isOpen = true;
  const closeOnce = async () => {
    if (!isOpen) return;
    isOpen = false;
    await closeFd(fd);
  };

  return {
    name: path,
    fd,
    keeps: false,
    isTerminal: false,
    write: (bytes, position) => writeAll(fd, bytes, position, path),
    commit: async () => {
      try {
        await chmodFd(fd, (options.mode ?? 0o666) & ~process.umask());
        await syncFd(fd);
        await closeOnce();
        await giveName(temporary, path, options);
        forget(temporary);
        await syncDirectory(directory);
      } catch (error) {
        throw error instanceof SealError ? error : ioError(`cannot write ${path}`, error);
      }
    },
    abort: async () => {
      await closeOnce().catch(() => undefined);
      if (!temporaries.has(temporary)) return;
      await unlink(temporary).catch(() => undefined);
      forget(temporary);
    },
  };
}

/** `link` refuses a name that has come to exist since it was looked at; `rename` would replace it. */
export async function giveName(temporary: string, path: string, options: OutputOptions): Promise<void> {
  if (options.force) return rename(temporary, path);
  try {
    await link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw existsError(path, options);
    if (!NO_LINKS.has(code ?? "")) throw error;
    if (await statOrNull(() => lstat(path), path)) throw existsError(path, options);
    return rename(temporary, path);
  }
  await unlink(temporary);
}

/** Directories that may not be read, and systems that cannot sync one, have no better to offer. */
const CANNOT_SYNC = new Set(["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "EBADF"]);

/** Makes the new name durable. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const fd = await openFd(directory, constants.O_RDONLY);
    await syncFd(fd).finally(() => closeFd(fd));
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/**
 * Writes a new key file, durably, and never over another one. Returns what removes it again. Throws `usage` where the name exists; `io`.
 */
export async function writeNew(path: string, text: string, mode: number): Promise<() => Promise<void>> {
  const existsHint = "A key is never replaced: move it away, or choose another name with -o.";
  const sink = await openOutput(path, { mode, existsHint });
  await committing(sink, () => sink.write(utf8(text), 0));
  return () => unlink(path);
}
