// The chunk size, as callers give it and as the format has it.

import { SealError } from "../errors.js";
import { MAX_CHUNK_EXPONENT, MIN_CHUNK_EXPONENT } from "../format/core.js";

/** Throws `usage`. */
export function exponentOf(chunkSize: number): number {
  const exponent = Math.log2(chunkSize);
  if (Number.isInteger(exponent) && exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT) return exponent;
  throw new SealError("usage", `a chunk size of ${chunkSize}: it must be a power of two from 4096 to 16777216`);
}
