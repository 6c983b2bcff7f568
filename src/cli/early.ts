// A thread for a large file, started while the program is still loading: each takes about as long as the other.

import { stat, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startEngineThread, type Thread } from "../engine/thread.js";
import { LARGE } from "../engine/threads.js";
import { kindOf } from "./compiled.js";

/** Bytes of a list of recipients that may be as much work. */
export const LONG_LIST = 256 * 1024;
/** Of many arguments, only the first are looked at. */
const LOOKED_AT = 16;

/**
 * A thread that an engine may use; null where nothing large is named, or the number of threads is given. It is only a
 * guess: a thread that nobody uses does no harm.
 */
export function earlyThread(program: "seal" | "open", argv: readonly string[]): Thread | null {
  const kind = kindOf(program, argv);
  if (kind === "journal" || kind === "other" || argv.some((word) => word.startsWith("--threads"))) return null;
  const isWorth = argv
    .slice(0, LOOKED_AT)
    .some((word, i) => !word.startsWith("-") && sizeOf(word) >= (argv[i - 1] === "--to" ? LONG_LIST : LARGE));
  if (!isWorth || availableParallelism() === 1) return null;
  // Node's own threads come first: it aborts where the system has none left for them.
  stat("/", () => undefined);
  return startEngineThread(join(import.meta.dirname, "worker.cjs"), "native");
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
