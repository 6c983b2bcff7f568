// Temporary files: their names, and that none of them outlives the process.

import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { randomName } from "../crypto/random.js";

/** Those that exist now; whatever ends the process, they are removed. */
const temporaries = new Set<string>();

/** A name that nobody else comes upon. */
export function temporaryName(directory: string): string {
  return join(directory, `.seal-${randomName()}.tmp`);
}

/** Removes every temporary file there is now. */
export function removeTemporaries(): void {
  for (const path of temporaries) remove(path);
}

/** Milliseconds in which a thread that has heard of it stops making any. */
const STOPPING = 20;

/** The same where the process is about to be killed while threads may be at work. */
export function removeTemporariesFinally(): void {
  removeTemporaries();
  if (temporaries.size === 0) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOPPING);
  removeTemporaries();
}

/** Has a file removed when the process ends. */
export function remember(path: string): void {
  if (temporaries.size === 0) process.on("exit", removeTemporaries);
  temporaries.add(path);
}

export function forget(path: string): void {
  temporaries.delete(path);
  if (temporaries.size === 0) process.off("exit", removeTemporaries);
}

/** Removes a temporary file; what cannot be removed now may be so when the process ends. */
export function drop(path: string): void {
  if (temporaries.has(path) && remove(path)) forget(path);
}

/** Whether it is gone. Nothing can be done about a failure here, and nobody be told. */
export function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/**
 * Removes a file now or, where that fails, when the process ends: until it is to go, it stays, however the process
 * ends.
 */
export function discard(path: string): void {
  if (!remove(path)) remember(path);
}
