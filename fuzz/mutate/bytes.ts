// Mutations that know nothing of what the bytes mean.

import { type Bytes, concat, u16, u32, u64 } from "../../src/bytes.js";
import type { Random } from "../random.js";

type Mutation = (input: Bytes, other: Bytes, random: Random) => Bytes;

const EDGES = [0, 1, 2, 15, 16, 17, 79, 80, 81, 111, 112, 113, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536];
const LARGE = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 253402300799, 253402300800, 2 ** 53 - 1, 2 ** 53];

const overwrite = (input: Bytes, at: number, bytes: Uint8Array): Bytes => {
  const out = input.slice();
  out.set(bytes.subarray(0, Math.max(0, out.length - at)), at);
  return out;
};

const without = (input: Bytes, at: number, length: number): Bytes =>
  concat(input.subarray(0, at), input.subarray(at + length));

const inserted = (input: Bytes, at: number, bytes: Uint8Array): Bytes =>
  concat(input.subarray(0, at), bytes, input.subarray(at));

/** A length that is mostly short. */
export function shortLength(random: Random, most: number): number {
  return Math.min(most, random.oneIn(4) ? random.below(most + 1) : 1 + random.below(16));
}

function stretchOf(bytes: Bytes, random: Random): Bytes {
  const at = random.below(bytes.length);
  return bytes.slice(at, at + shortLength(random, bytes.length - at));
}

const MUTATIONS: readonly Mutation[] = [
  (input, _, random) => {
    const out = input.slice();
    const at = random.below(out.length);
    out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
    return out;
  },
  (input, _, random) => overwrite(input, random.below(input.length), random.bytes(1)),
  (input, _, random) => {
    const value = random.pick(EDGES);
    const bytes = random.pick([u16(value & 0xffff), u32(value), u64(random.pick([...EDGES, ...LARGE]))]);
    return overwrite(input, random.below(input.length), bytes);
  },
  (input, _, random) => without(input, random.below(input.length), shortLength(random, input.length)),
  (input, _, random) => inserted(input, random.below(input.length + 1), random.bytes(shortLength(random, 64))),
  (input, _, random) => inserted(input, random.below(input.length + 1), stretchOf(input, random)),
  (input, other, random) => inserted(input, random.below(input.length + 1), stretchOf(other, random)),
  (input, other, random) => overwrite(input, random.below(input.length), stretchOf(other, random)),
  (input, other, random) =>
    concat(input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1))),
  (input, _, random) => input.slice(0, random.below(input.length + 1)),
  (input, _, random) => concat(input, random.bytes(shortLength(random, 64))),
];

export const mutateBytes: Mutation = (input, other, random) => random.pick(MUTATIONS)(input, other, random);
