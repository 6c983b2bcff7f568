// Breaking a lock whose holder is gone, without taking it.

import { setTimeout as sleep } from "node:timers/promises";
import { absolute } from "../paths.js";
import { type Buried, type HoldOptions, heldError, Others } from "./others.js";

/**
 * Removes the locks of a path whose processes have ended, or give no sign of life; what they were. Throws `io` where
 * one lives; the signal's reason.
 */
export async function removeLock(path: string, options: HoldOptions): Promise<readonly Buried[]> {
  const others = new Others(absolute(path), null, options);
  for (;;) {
    options.signal?.throwIfAborted();
    const found = await others.look();
    const living = found.find(({ lives }) => lives);
    if (living) throw heldError(options.inUse ?? `${options.name} has a writer, which is still running`, living);
    if (found.length === 0) return others.buried;
    await sleep(50);
  }
}
