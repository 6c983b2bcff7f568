// A cursor as a file, which one run at a time uses, and replaces in one step.

import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { asIoError, SealError } from "../../errors.js";
import { committing } from "../../flow/io.js";
import { type Cursor, encodeCursor, MAX_CURSOR_BYTES, type Purpose, parseCursor } from "../../format/cursor.js";
import { takeLock } from "../lock/lock.js";
import { openOutput } from "../output.js";
import { absolute, withoutLinks } from "../paths.js";

/** A cursor's file, which nobody else uses until it is closed. */
export interface CursorFile {
  /** What it said when it was opened; null where there was none of that name. */
  readonly cursor: Cursor | null;
  /** Replaces it, durably. Throws `io`. */
  save(cursor: Cursor): Promise<void>;
  close(): Promise<void>;
}

/**
 * Throws `usage` for what is no cursor, or one that is for something else; `io`, also where another run uses it; the
 * signal's reason.
 */
export async function openCursor(path: string, purpose: Purpose, signal?: AbortSignal): Promise<CursorFile> {
  // What is there may be no place for a lock either.
  loadCursor(path, purpose);
  const name = `the cursor ${path}`;
  const lock = await takeLock(await placeOf(path), { name, inUse: `${name} is in use by another run`, signal });
  try {
    const cursor = loadCursor(path, purpose);
    // Where it could not be replaced, that is told before anything is read.
    await (await openOutput(path, { force: true })).abort();
    return { cursor, save: (reached) => saveCursor(path, purpose, reached), close: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The one name of what is replaced at a path, where a link leads to its directory. */
async function placeOf(path: string): Promise<string> {
  const name = absolute(path);
  try {
    return join(withoutLinks(dirname(name)), basename(name));
  } catch (error) {
    throw asIoError(`cannot use the cursor ${path}`, error);
  }
}

function loadCursor(path: string, purpose: Purpose): Cursor | null {
  const bytes = read(path);
  return bytes && parseCursor(bytes, purpose, path);
}

function read(path: string): Uint8Array | null {
  let fd: number | undefined;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (!there) return null;
    if (!there.isFile()) throw new SealError("usage", `${path} is no regular file`);
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const bytes = new Uint8Array(MAX_CURSOR_BYTES + 1);
    return bytes.subarray(0, readSync(fd, bytes));
  } catch (error) {
    throw asIoError(`cannot read ${path}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function saveCursor(path: string, purpose: Purpose, cursor: Cursor): Promise<void> {
  const sink = await openOutput(path, { force: true });
  await committing(sink, () => sink.write(encodeCursor(cursor, purpose), 0));
}
