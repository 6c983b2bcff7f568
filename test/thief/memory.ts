// The memory of another process, as a thief reads it.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PIECE = 2 ** 24;
/** Pieces overlap, so that what lies across their ends is seen. */
const OVERLAP = 2 ** 10;

/**
 * All that a process can write to: V8's heap, garbage and all, what malloc gave and took back, stacks. It must be one
 * that this process started.
 */
export function* memoryOf(pid: number): Generator<Buffer> {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const piece = Buffer.alloc(PIECE);
  try {
    for (const [, from, to] of readFileSync(`/proc/${pid}/maps`, "latin1").matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = Number.parseInt(to!, 16);
      for (let at = Number.parseInt(from!, 16); at < end; at += PIECE - OVERLAP) {
        const length = readable(memory, piece.subarray(0, Math.min(PIECE, end - at)), at);
        if (length > 0) yield piece.subarray(0, length);
      }
    }
  } finally {
    closeSync(memory);
  }
}

/** Some regions are the kernel's, and some are gone by now. */
function readable(memory: number, into: Buffer, at: number): number {
  try {
    return readSync(memory, into, 0, into.length, at);
  } catch (error) {
    if (["EIO", "EFAULT"].includes((error as NodeJS.ErrnoException).code!)) return 0;
    throw error;
  }
}

/** Why this process cannot play the thief; null where it can. */
export function obstacle(): string | null {
  if (process.platform !== "linux") return "only Linux shows a process's memory in /proc";
  try {
    return memoryOf(process.pid).next().done ? "/proc shows no memory" : null;
  } catch (error) {
    return `/proc/PID/mem cannot be read: ${(error as Error).message}`;
  }
}
