// The chunk size, as callers give it and as the format has it.

import { MAX_CHUNK_EXPONENT, MIN_CHUNK_EXPONENT } from "../format/core.js";
import { type Check, refused } from "./arguments.js";

/** The exponent of a chunk size. */
export const chunkExponent: Check<number> = (value, what) => {
  const exponent = typeof value === "number" ? Math.log2(value) : Number.NaN;
  if (Number.isInteger(exponent) && exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT) return exponent;
  throw refused(what, value, "a power of two from 4096 to 16777216");
};
