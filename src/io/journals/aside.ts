// A journal's incomplete end, in a file of its own.

import { constants, ftruncate, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { type Bytes, equal, isZero, toHex } from "../../bytes.js";
import { loadSuite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { changed } from "../../journal/writing/owner.js";
import { writeAll } from "../descriptor.js";
import { syncDirectory, syncFd } from "../directory.js";
import { closeFd, openFd } from "../files.js";
import { inPieces } from "./read-at.js";
import { PRIVATE } from "./small.js";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
const truncateFd = promisify(ftruncate);

/** What is zero for so long, at such a multiple, takes no space. */
const BLOCK = 4096;

/**
 * Copies the end of a journal, which is as described, to a file beside it, durably; that file's name. Throws `fenced`,
 * `io`, and what the system throws.
 */
export async function copyAside(
  fd: number,
  target: string,
  name: string,
  { position, length, hash }: { readonly position: number; readonly length: number; readonly hash: Bytes },
): Promise<string> {
  const aside = `${target}.tail-${position}-${toHex(crypto.getRandomValues(new Uint8Array(4)))}`;
  const copy = await openFd(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE);
  try {
    await truncateFd(copy, length);
    const digest = (await loadSuite()).sha256Stream();
    await inPieces(fd, position, position + length, async (bytes, at) => {
      digest.update(bytes);
      await writeSparse(copy, bytes, at - position, aside);
    });
    if (!equal(digest.finish(), hash)) throw changed(name);
    await syncFd(copy);
    await syncDirectory(dirname(aside));
    return aside;
  } catch (error) {
    unlinkSync(aside);
    throw withSpace(error, length);
  } finally {
    await closeFd(copy);
  }
}

/** After a loss of power, an end is often zeros for the most part. */
async function writeSparse(fd: number, bytes: Bytes, position: number, name: string): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    while (end < bytes.length && !isZero(bytes.subarray(end, end + BLOCK))) end += BLOCK;
    await writeAll(fd, bytes.subarray(at, end), position + at, name);
    at = Math.max(end, at + BLOCK);
    while (at < bytes.length && isZero(bytes.subarray(at, at + BLOCK))) at += BLOCK;
  }
}

function withSpace(error: unknown, length: number): unknown {
  if (!(error instanceof SealError) || error.hint || error.code !== "io") return error;
  error.hint = `The journal is unchanged and readable. Moving its incomplete end aside takes ${length} bytes of disk.`;
  return error;
}
