// The small files beside a journal, which are the writer's alone.

import { constants, lstatSync, openSync, readSync } from "node:fs";
import { type Bytes, equal } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { committing } from "../../flow/io.js";
import { closeFd, closeRead, openFd } from "../files.js";
import { type Swap, temporarySink } from "../temporary.js";
import { readAt } from "./read-at.js";

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Whatever is beside a journal is for its writer's eyes only. */
export const PRIVATE = 0o600;
/** None of them comes near to this. */
const MAX_SMALL = 4096;

/**
 * Null where there is none. A link is not followed: who can write to the directory must not choose what is read. Throws
 * `io`, and the system's errors.
 */
export async function readSmall(path: string): Promise<Bytes | null> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return null;
  if (!there.isFile()) throw new SealError("io", `${path} is no regular file`);
  const fd = await openFd(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return Uint8Array.from(await readAt(fd, 0, MAX_SMALL + 1));
  } finally {
    await closeFd(fd);
  }
}

/** Replaces one in one step, durably. Throws `io`, and what the check throws. */
export async function replaceSmall(path: string, bytes: Uint8Array, swap: Swap): Promise<void> {
  const sink = temporarySink(path, { force: true, mode: PRIVATE, swap });
  await committing(sink, () => sink.write(bytes, 0));
}

/**
 * Whether that is in one now; null: whether there is none. It is opened anew each time, so that what other machines
 * have changed shows. Throws the system's error.
 */
export function isSmall(path: string, bytes: Uint8Array | null): boolean {
  if (bytes === null) return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  return withSmall(path, O_RDONLY, bytes, () => true);
}

/**
 * Does something with the very file that says this, so that nobody else's is touched; false where another is there, or
 * none. Throws the system's error.
 */
export function withSmall(path: string, flags: number, bytes: Uint8Array, work: (fd: number) => boolean): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
    const there = new Uint8Array(bytes.length + 1);
    return equal(there.subarray(0, readSync(fd, there)), bytes) && work(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  } finally {
    if (fd !== undefined) closeRead(fd);
  }
}
