// Reading a file by position, as far as it goes.

import { fstatSync, read } from "node:fs";
import { promisify } from "node:util";
import type { Bytes } from "../../bytes.js";

const readFd = promisify(read);

/** Fewer bytes only at the end. Throws the system's error. */
export async function readAt(fd: number, position: number, length: number): Promise<Bytes> {
  const left = Math.max(0, fstatSync(fd).size - position);
  return readInto(fd, position, new Uint8Array(Math.min(length, left)));
}

async function readInto(fd: number, position: number, out: Bytes): Promise<Bytes> {
  let have = 0;
  while (have < out.length) {
    const { bytesRead } = await readFd(fd, out, have, out.length - have, position + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return out.subarray(0, have);
}

const PIECE = 1024 * 1024;

/**
 * Hands over what stands from `from` to `to`, in pieces, each good until `take` is done with it. Throws the system's
 * error, and what `take` throws.
 */
export async function inPieces(
  fd: number,
  from: number,
  to: number,
  take: (bytes: Bytes, at: number) => Promise<void>,
): Promise<void> {
  const memory = new Uint8Array(Math.min(PIECE, Math.max(0, to - from)));
  for (let at = from; at < to; at += PIECE) await take(await readInto(fd, at, memory.subarray(0, to - at)), at);
}
