// The engine that a command works with.

import { statSync } from "node:fs";
import type { Suite } from "../../crypto/index.js";
import { type PoolEngine, poolEngine } from "../../engine/pool.js";
import type { Thread } from "../../engine/thread.js";
import { defaultThreads, LARGE } from "../../engine/threads.js";
import { isUrl } from "../../io/http/url.js";

/** Of many files, only so many are looked at beforehand. */
const LOOKED_AT = 8;

/**
 * An engine of that many threads. Where a file is large, they start at once, to be ready when keys are read and
 * checked. `thread`: one that has been started already.
 */
export function engineFor(
  suite: Suite,
  files: readonly string[],
  threads = defaultThreads(),
  thread: Thread | null = null,
): PoolEngine {
  const engine = poolEngine(threads, { small: LARGE, helps: true, thread });
  if (files.slice(0, LOOKED_AT).some(isLarge)) engine.start(suite);
  return engine;
}

function isLarge(file: string): boolean {
  if (file === "-" || isUrl(file)) return false;
  try {
    return statSync(file).size >= LARGE;
  } catch {
    return false; // What is wrong with it is told when it is opened.
  }
}
