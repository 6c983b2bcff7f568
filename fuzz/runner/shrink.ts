// Makes a finding shorter, as long as it stays one.

import { type Bytes, concat } from "../../src/bytes.js";

const LONGEST = 20_000;

/** A shorter input of which `stays` is still true; the same input where none was found in time. */
export async function shrunk(input: Bytes, stays: (input: Bytes) => Promise<boolean>): Promise<Bytes> {
  const until = performance.now() + LONGEST;
  let best = input;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      if (performance.now() > until) return best;
      const shorter = concat(best.subarray(0, at), best.subarray(at + size));
      if (await stays(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
