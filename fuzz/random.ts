// Randomness that a seed repeats: sfc32 by Chris Doty-Humphrey, as described in PractRand.

import type { Bytes } from "../src/bytes.js";

export interface Random {
  /** 0 … 2^32 − 1 */
  u32(): number;
  /** 0 … n − 1 */
  below(n: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Bytes;
}

export function randomOf(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9, 0x243f6a88, 1];
  const u32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) u32();
  const below = (n: number) => (n <= 1 ? 0 : u32() % n);
  return {
    u32,
    below,
    oneIn: (n) => below(n) === 0,
    pick: (list) => list[below(list.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => u32() & 0xff),
  };
}

/** FNV-1a: what an input itself decides, so that a replay decides the same. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
