// Files as input: by position where they are regular, as a stream where not.

import { type BigIntStats, close, constants, createReadStream, fstat, open, read, readSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { ioError, SealError } from "../errors.js";
import type { Source } from "../ops/io.js";
import { streamSource } from "./streams.js";

// Plain descriptors, not FileHandles: workers and sockets use them too, and a FileHandle closes its own when collected.
export const openFd = promisify(open);
export const closeFd = promisify(close);
export const statFd = promisify(fstat) as unknown as (fd: number, options: { bigint: true }) => Promise<BigIntStats>;
const readFd = promisify(read);

/** Device and inode: what tells whether two names are the same file. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface FileSource extends Source {
  /** null where it is no file of this machine. */
  readonly id: FileId | null;
}

/** How much is read at a time where it is not by position. */
export const READ_SIZE = 256 * 1024;

/** Opens a file for reading; a FIFO waits for its writer. Throws `io`; `usage` for a directory; the signal's reason. */
export async function openSource(path: string, name = path, signal?: AbortSignal): Promise<FileSource> {
  let fd: number | undefined;
  try {
    fd = await openFd(path, constants.O_RDONLY | ((await isFifo(path)) ? constants.O_NONBLOCK : 0));
    const stat = await statFd(fd, { bigint: true });
    if (stat.isDirectory()) throw directoryError(name);
    // A size of zero may be a lie: files in /proc and the like have bytes nevertheless.
    const first = stat.isFIFO() ? await firstOfFifo(fd, signal) : null;
    const source = stat.isFile() && stat.size > 0n ? regular(fd, stat, name) : sequential(fd, stat, name, first);
    return { ...source, id: { dev: stat.dev, ino: stat.ino } };
  } catch (error) {
    if (fd !== undefined) await closeFd(fd);
    if (error instanceof SealError || signal?.aborted) throw error;
    throw ioError(`cannot open ${name}`, error);
  }
}

export async function isFifo(path: string): Promise<boolean> {
  return (await stat(path)).isFIFO();
}

function directoryError(name: string): SealError {
  return new SealError("usage", `${name} is a directory`, { hint: `Pack it first: tar c ${name} | seal - … > OUT` });
}

function regular(fd: number, opened: BigIntStats, name: string): Source {
  const size = Number(opened.size);
  let position = 0;

  const readAt = async (from: number, length: number): Promise<Uint8Array> => {
    const out = new Uint8Array(Math.max(0, Math.min(length, size - from)));
    let have = 0;
    while (have < out.length) {
      const { bytesRead } = await readFd(fd, out, have, out.length - have, from + have).catch((error) => {
        throw ioError(`cannot read ${name}`, error);
      });
      if (bytesRead === 0) break;
      have += bytesRead;
    }
    return out.subarray(0, have);
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
      const bytes = await read(into.length);
      into.set(bytes);
      return bytes.length;
    },
    readAt,
    skipTo: async (to) => {
      position = to;
    },
    checkUnchanged: async () => {
      const now = await statFd(fd, { bigint: true });
      if (now.size === opened.size && now.mtimeNs === opened.mtimeNs) return;
      throw new SealError("io", `${name} changed while it was being read`, {
        hint: "Try again when nobody writes to it.",
      });
    },
    close: () => closeFd(fd),
  };
}

/** A pipe goes through the event loop, where a blocked read cannot hold up the process; others through the thread pool. */
function sequential(fd: number, stat: BigIntStats, name: string, first: Uint8Array | null): Source {
  if (!stat.isFIFO() && !stat.isSocket()) {
    return streamSource(createReadStream("", { fd, highWaterMark: READ_SIZE }), name);
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  if (first?.length) socket.unshift(first);
  return streamSource(socket, name);
}

/** How often to look whether a FIFO has got its other end. */
export const FIFO_POLL = 10;

/**
 * Waits until a FIFO has a writer, and gives what was read in finding out. Opening and reading it block nothing: a thread that
 * hangs in a system call would hang the process when it ends.
 */
async function firstOfFifo(fd: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(4096);
  for (;;) {
    try {
      const count = readSync(fd, bytes, 0, bytes.length, null);
      if (count > 0) return bytes.subarray(0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return new Uint8Array();
      throw error;
    }
    await setTimeout(FIFO_POLL, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}
