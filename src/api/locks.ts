// Locks on paths, for stores and services that are built on journals.

import { bare } from "../given.js";
import { type Held, takeLock } from "../io/lock/lock.js";
import type { Buried, HoldOptions } from "../io/lock/others.js";
import { removeLock } from "../io/lock/unlock.js";
import { abortSignal, callback, number, OPTIONS, optional, path as pathOf, settings, text } from "./arguments.js";

const HOLD = {
  name: text,
  inUse: optional(text),
  signal: optional(abortSignal),
  note: optional(callback<(text: string) => void>),
  silence: optional(number(0, "a number of milliseconds, at least 0")),
};

/**
 * Takes the lock of `path` for long.
 * @throws `SealError`: `usage`; `io` where somebody has it who lives; the signal's reason.
 */
export async function holdLock(path: string, options: HoldOptions): Promise<Held> {
  const held = await takeLock(pathOf(path, "path"), bare(settings(options, OPTIONS, HOLD)));
  return { id: held.id, dead: held.dead, isThere: () => held.isThere(), release: () => held.release() };
}

/**
 * Removes the locks of a path whose processes have ended, or give no sign of life; what they were.
 * @throws `SealError`: `usage`; `io` where one lives; the signal's reason.
 */
export async function breakLock(path: string, options: HoldOptions): Promise<readonly Buried[]> {
  return removeLock(pathOf(path, "path"), bare(settings(options, OPTIONS, HOLD)));
}
