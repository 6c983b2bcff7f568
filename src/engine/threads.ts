// How many threads work on chunks.

import { availableParallelism } from "node:os";

/** More threads than this wait for memory, and take some. */
const MOST_BY_DEFAULT = 8;
export const MAX_THREADS = 256;
/** Bytes of a file below which the thread that begins is done before another has started. */
export const LARGE = 64 * 1024 * 1024;

export function defaultThreads(): number {
  return Math.min(availableParallelism(), MOST_BY_DEFAULT);
}
