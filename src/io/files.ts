// Files as input: by position where they are regular, as a stream where not.

import {
  type BigIntStats,
  close,
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  open,
  openSync,
  read,
  statfsSync,
  statSync,
} from "node:fs";
import { promisify } from "node:util";
import { asIoError, ioError, SealError } from "../errors.js";
import type { Source } from "../flow/io.js";
import { tty } from "./lazy.js";
import { pipeSource } from "./pipe.js";
import { streamSource } from "./streams.js";

// Plain descriptors, not FileHandles: workers and sockets use them too, and a FileHandle closes its own when collected.
export const openFd = promisify(open);
export const closeFd = promisify(close);
const readFd = promisify(read);

/** Closes what was only read from. A failure to do so loses nothing. */
export function closeRead(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    return;
  }
}

/** Device and inode: what tells whether two names are the same file. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

export function isSame(file: FileId, other: FileId | null | undefined): boolean {
  return file.dev === other?.dev && file.ino === other.ino;
}

export interface FileSource extends Source {
  readonly id: FileId;
}

/** How much is read at a time where it is not by position. */
export const READ_SIZE = 256 * 1024;

/** Opens a file for reading. Throws `io`; `usage` for a directory. */
export async function openSource(path: string, name = path): Promise<FileSource> {
  let fd: number | undefined;
  try {
    const isFifo = statSync(path).isFIFO();
    // Opening a FIFO must not wait; what is there must not be looked for in the thread pool (see temporary.ts).
    fd = openSync(path, isFifo ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
    const stat = fstatSync(fd, { bigint: true });
    if (stat.isDirectory()) throw directoryError(name);
    // A size of zero may be a lie: files in /proc and the like have bytes nevertheless.
    const source =
      stat.isFile() && stat.size > 0n && !(stat.blocks === 0n && isMadeUp(path))
        ? regular(fd, stat, name)
        : sequential(fd, stat, name);
    return { ...source, id: { dev: stat.dev, ino: stat.ino } };
  } catch (error) {
    if (fd !== undefined) closeRead(fd);
    throw asIoError(`cannot open ${name}`, error);
  }
}

/**
 * File systems whose files have no size before they are read, and say a page or so: sysfs, debugfs, tracefs, cgroup,
 * configfs, securityfs, efivarfs.
 */
const MADE_UP = new Set([0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0x62656570, 0x73636673, 0xde5e81e4]);

function isMadeUp(path: string): boolean {
  try {
    return process.platform === "linux" && MADE_UP.has(statfsSync(path).type);
  } catch {
    return false;
  }
}

function directoryError(name: string): SealError {
  return new SealError("usage", `${name} is a directory`, {
    reason: "directory",
    hint: "Seal an archive of it.",
    input: name,
  });
}

function regular(fd: number, opened: BigIntStats, name: string): Source {
  const size = Number(opened.size);
  let position = 0;

  const fillAt = async (from: number, out: Uint8Array): Promise<number> => {
    let have = 0;
    while (have < out.length) {
      const { bytesRead } = await readFd(fd, out, have, out.length - have, from + have).catch((error) => {
        throw ioError(`cannot read ${name}`, error);
      });
      if (bytesRead === 0) break;
      have += bytesRead;
    }
    return have;
  };

  const readAt = async (from: number, length: number): Promise<Uint8Array> => {
    const out = new Uint8Array(Math.max(0, Math.min(length, size - from)));
    return out.subarray(0, await fillAt(from, out));
  };

  const read = async (length: number): Promise<Uint8Array> => {
    const bytes = await readAt(position, length);
    position += bytes.length;
    return bytes;
  };

  return {
    name,
    size,
    fd,
    read,
    fill: async (into) => {
      const count = await fillAt(position, into.subarray(0, Math.max(0, size - position)));
      position += count;
      return count;
    },
    readAt,
    skipTo: async (to) => {
      position = to;
    },
    checkUnchanged: async () => {
      const now = statOf(fd, name);
      // A time of modification can be put back, that of the last change cannot; but that changes with each name that is
      // given or taken, too.
      const isTouched = now.ctimeNs !== opened.ctimeNs && now.nlink === opened.nlink;
      if (now.size === opened.size && now.mtimeNs === opened.mtimeNs && !isTouched) return;
      throw new SealError("io", `${name} changed while it was being read`, {
        hint: "Try again when nothing is writing to it.",
      });
    },
    close: async () => closeRead(fd),
  };
}

function statOf(fd: number, name: string): BigIntStats {
  try {
    return fstatSync(fd, { bigint: true });
  } catch (error) {
    throw ioError(`cannot read ${name}`, error);
  }
}

/** A pipe goes through the event loop, which also waits for the writer of a FIFO; others go through the thread pool. */
function sequential(fd: number, stat: BigIntStats, name: string): Source {
  if (stat.isFIFO() || stat.isSocket()) return pipeSource(fd, name);
  const { isatty, ReadStream } = tty();
  return streamSource(isatty(fd) ? new ReadStream(fd) : createReadStream("", { fd, highWaterMark: READ_SIZE }), name);
}
