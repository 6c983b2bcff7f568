// Points of edwards25519 with a torsion part, for tests. What they are made from is noble's arithmetic, and nothing of
// src.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat } from "../../src/bytes.js";

const { Point } = ed25519;

export type EdwardsPoint = InstanceType<typeof Point>;

/** The order of the subgroup, L. */
export const ORDER: bigint = Point.Fn.ORDER;

/** A value as 32 bytes, little-endian. */
export function encode(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

export function decode(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** [L]point, which multiplyUnsafe refuses to take in one step. */
export function timesOrder(point: EdwardsPoint): EdwardsPoint {
  return point.multiplyUnsafe(ORDER - 1n).add(point);
}

/** The eight points of small order: the i-th is i times a generator, so of order 8 / gcd(i, 8). */
export function torsionPoints(): EdwardsPoint[] {
  const generator = generatorOfTorsion();
  return Array.from({ length: 8 }, (_, i) => generator.multiplyUnsafe(BigInt(i)));
}

/** [L]P of points P taken from small y, until one has order 8. */
function generatorOfTorsion(): EdwardsPoint {
  for (let y = 2n; ; y++) {
    const point = tryDecode(encode(y));
    const torsion = point && timesOrder(point);
    if (torsion && !torsion.multiplyUnsafe(4n).is0()) return torsion;
  }
}

export function tryDecode(encoding: Uint8Array): EdwardsPoint | null {
  try {
    return Point.fromBytes(encoding, true);
  } catch {
    return null;
  }
}

/**
 * A signer whose keys and signatures can be bent: public key [a]B + keyTorsion, R = [r]B + pointTorsion, S = r + k a.
 */
export function bentSignature(
  message: Uint8Array,
  {
    a = 0x1234567890abcdefn,
    r = 0xfedcba0987654321n,
    keyTorsion = Point.ZERO,
    pointTorsion = Point.ZERO,
    encodeR = (point: EdwardsPoint): Uint8Array => point.toBytes(),
  } = {},
): { publicKey: Uint8Array; signature: Uint8Array; k: bigint } {
  const publicKey = Point.BASE.multiplyUnsafe(a).add(keyTorsion).toBytes();
  const R = encodeR(Point.BASE.multiplyUnsafe(r).add(pointTorsion));
  const k = decode(sha512(concat(R, publicKey, message))) % ORDER;
  return { publicKey, signature: concat(R, encode((r + k * a) % ORDER)), k };
}
