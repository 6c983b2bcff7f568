// Directories: what is asked of them, and what makes names in them last.

import { constants, fsync, openSync } from "node:fs";
import { promisify } from "node:util";
import { ioError } from "../errors.js";
import { closeRead } from "./files.js";

export const syncFd = promisify(fsync);

/** What `ask` tells of a directory; an answer is good for so many milliseconds. */
export function remembered<T>(ask: (directory: string) => T, lifetime = Infinity): (directory: string) => T {
  const told = new Map<string, { readonly answer: T; readonly at: number }>();
  return (directory) => {
    const now = Date.now();
    const last = told.get(directory);
    // A clock may be put back.
    if (last && Math.abs(now - last.at) < lifetime) return last.answer;
    const answer = ask(directory);
    told.set(directory, { answer, at: now });
    return answer;
  };
}

/**
 * Makes the new name of an output durable. Where that fails, `takeBack` is to remove it, so that a failure leaves
 * nothing; it returns whether it has. Throws the system's error where it has, else `io` that says what is there.
 */
export async function settleName(directory: string, path: string, takeBack: () => boolean): Promise<void> {
  try {
    await syncDirectory(directory);
  } catch (error) {
    if (succeeds(takeBack)) throw error;
    throw ioError(`${path} is written, but a power loss may undo that`, error);
  }
}

function succeeds(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return false;
  }
}

/** Directories that may not be read, and systems that cannot sync one, have no better to offer. */
const CANNOT_SYNC = new Set(["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "EBADF"]);

/** For each directory, the sync that has not begun yet: whoever comes now has it for theirs too. */
const nextSync = new Map<string, Promise<void>>();
const lastSync = new Map<string, Promise<void>>();

/** Makes new names in a directory durable, those of several files at once where they come at once. */
export function syncDirectory(directory: string): Promise<void> {
  const waiting = nextSync.get(directory);
  if (waiting) return waiting;
  const running = lastSync.get(directory) ?? Promise.resolve();
  const begun = running
    .catch(() => undefined)
    .then(() => {
      nextSync.delete(directory);
      lastSync.set(directory, begun);
      return syncDirectoryNow(directory);
    })
    .finally(() => {
      if (lastSync.get(directory) === begun) lastSync.delete(directory);
    });
  nextSync.set(directory, begun);
  return begun;
}

async function syncDirectoryNow(directory: string): Promise<void> {
  try {
    const fd = openSync(directory, constants.O_RDONLY);
    await syncFd(fd).finally(() => closeRead(fd));
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
