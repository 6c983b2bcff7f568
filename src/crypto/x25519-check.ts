// Which X25519 public keys are fit to be a recipient. Without noble, so that sealing never loads it.

import { type Bytes, fromHex } from "../bytes.js";
import { KEY_BYTES } from "./lengths.js";

/**
 * The u coordinates whose order divides the cofactor, little-endian: on Curve25519 (cofactor 8) and on its twist
 * (cofactor 4). Doubling takes u to (u² − 1)² / 4u(u² + 486662u + 1). So 0 has order 2 (the quadratic factor has no
 * root in the field: 486662² − 4 is not a square), u² = 1 doubles to 0 and has order 4, and the last two double to 1
 * and have order 8. Nothing doubles to −1, or to the last two.
 */
const SMALL_ORDER: readonly Bytes[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
].map(fromHex);

/**
 * p = 2^255 − 19 and p + 1, which RFC 7748 has decoders take for 0 and 1. The next multiples do not fit in 255 bits.
 */
const SMALL_ORDER_UNREDUCED: readonly Bytes[] = [
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

const REFUSED = [...SMALL_ORDER, ...SMALL_ORDER_UNREDUCED];

/**
 * Whether X25519 of any secret and this key (32 bytes) is all zero. RFC 7748 ignores the top bit and reduces modulo p,
 * and a clamped secret is a multiple of the cofactor, but of no large prime order: so these keys, and no others.
 */
export function hasSmallOrder(publicKey: Uint8Array): boolean {
  return publicKey.length === KEY_BYTES && REFUSED.some((small) => isSame(small, publicKey));
}

/** Whether a key is that u coordinate, whatever its top bit. All of it is public: the first other byte decides. */
function isSame(u: Uint8Array, publicKey: Uint8Array): boolean {
  for (let i = 0; i < KEY_BYTES - 1; i++) if (publicKey[i] !== u[i]) return false;
  return (publicKey[KEY_BYTES - 1]! & 0x7f) === u[KEY_BYTES - 1];
}

/** Whether a recipient may have this public key: 32 bytes, canonical (u < 2^255 − 19), not of small order. */
export function isValidRecipient(publicKey: Uint8Array): boolean {
  return publicKey.length === KEY_BYTES && isCanonical(publicKey) && !hasSmallOrder(publicKey);
}

/** u ≥ p only where the low byte is at least 0xed, the top one 0x7f, and all others are 0xff. */
function isCanonical(u: Uint8Array): boolean {
  if (u[31]! > 0x7f) return false;
  // Stryker disable next-line EqualityOperator: p itself is 0, which is of small order.
  return u[31] !== 0x7f || u[0]! < 0xed || u.subarray(1, 31).some((byte) => byte !== 0xff);
}
