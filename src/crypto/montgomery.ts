// From Ed25519 to X25519: which key opens what is sealed for a signer's key (docs/FORMAT.md, "Keys of ssh"). All of it
// is public; without noble, as contacts are read by it.

import type { Bytes } from "../bytes.js";
import { expectLength, KEY_BYTES } from "./lengths.js";

const P = 2n ** 255n - 19n;

/**
 * The u coordinate, (1 + y) / (1 − y), of a point of edwards25519 in its encoding, y < p and not 1; its sign does not
 * matter. Whether it is a point is not asked.
 */
export function montgomeryOf(encoding: Uint8Array): Bytes {
  expectLength("Ed25519 public key", encoding, KEY_BYTES);
  const y = encoding.reduceRight((value, byte, i) => (value << 8n) | BigInt(i === 31 ? byte & 0x7f : byte), 0n);
  let u = ((1n + y) * inverse((1n - y + P) % P)) % P;
  return Uint8Array.from({ length: KEY_BYTES }, () => {
    const byte = Number(u & 0xffn);
    u >>= 8n;
    return byte;
  });
}

/** Modulo p, by Euclid. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [value, P, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % P) + P) % P;
}
