// A reader's cursor as a file, which is replaced in one step.

import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { ioError, SealError } from "../errors.js";
import { type Cursor, encodeCursor, MAX_CURSOR_BYTES, parseCursor } from "../journal/cursor.js";
import { committing } from "../ops/io.js";
import { openOutput } from "./output.js";

/** The cursor in a file; null where there is none of that name. Throws `usage` for what is no cursor, `io`. */
export function loadCursor(path: string): Cursor | null {
  const bytes = read(path);
  return bytes && parseCursor(bytes, path);
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
    throw error instanceof SealError ? error : ioError(`cannot read ${path}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Replaces the cursor in a file, durably. Throws `io`. */
export async function saveCursor(path: string, cursor: Cursor): Promise<void> {
  const sink = await openOutput(path, { force: true });
  await committing(sink, () => sink.write(encodeCursor(cursor), 0));
}
