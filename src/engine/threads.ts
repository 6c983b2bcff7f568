// How many threads work on chunks.

import { availableParallelism } from "node:os";

/** More threads than this wait for memory, and take some. */
const MOST_BY_DEFAULT = 8;
export const MAX_THREADS = 256;

export function defaultThreads(): number {
  return Math.min(availableParallelism(), MOST_BY_DEFAULT);
}
