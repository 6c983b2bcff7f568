// Which X-Wing public keys are fit to be a recipient. Without noble, so that sealing never loads it for that.

import { ML_KEM_KEY_BYTES } from "./lengths.js";
import { isValidRecipient } from "./x25519-check.js";

/** FIPS 203: the prime, and the bytes of the three polynomials that an ML-KEM-768 key begins with. */
const Q = 3329;
const POLYNOMIALS_BYTES = 3 * 384;

/**
 * Whether a recipient may have this public key: 1216 bytes, an ML-KEM-768 key that is reduced, then an X25519 key that
 * is canonical and not of small order.
 */
export function isValidXWingRecipient(publicKey: Uint8Array): boolean {
  // Only one of 1216 bytes has 32 behind the ML-KEM key.
  return isReduced(publicKey) && isValidRecipient(publicKey.subarray(ML_KEM_KEY_BYTES));
}

/** The modulus check of FIPS 203, 7.2: each coefficient (12 bits, two in three bytes, little-endian) is below q. */
export function isReduced(publicKey: Uint8Array): boolean {
  for (let at = 0; at < POLYNOMIALS_BYTES; at += 3) {
    const [low, middle, high] = [publicKey[at]!, publicKey[at + 1]!, publicKey[at + 2]!];
    if ((low | ((middle & 0x0f) << 8)) >= Q || ((middle >> 4) | (high << 4)) >= Q) return false;
  }
  return true;
}
