// The portable suite's strict check of signers' public keys. It needs curve arithmetic, which is noble's.

import { ed25519 } from "@noble/curves/ed25519.js";
import { equal } from "../bytes.js";

/**
 * Whether a signer may have this public key: 32 bytes, the canonical encoding of a point of edwards25519, which lies in
 * the prime-order subgroup and is not the identity.
 */
export function isValidSigner(publicKey: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(publicKey);
    return point.isTorsionFree() && !point.is0() && equal(point.toBytes(), publicKey);
  } catch {
    return false;
  }
}
