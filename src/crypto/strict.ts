// The strict check of signers' public keys. It needs curve arithmetic that node:crypto does not offer, so both suites
// use noble's; only code that meets an unknown key loads this file.

import { ed25519 } from "@noble/curves/ed25519.js";
import { equal } from "../bytes.js";
import { KEY_BYTES } from "./lengths.js";

/**
 * Whether a signer may have this public key: 32 bytes, the canonical encoding of a point of edwards25519, which lies in
 * the prime-order subgroup and is not the identity.
 */
export function isValidSigner(publicKey: Uint8Array): boolean {
  const point = publicKey.length === KEY_BYTES ? decode(publicKey) : null;
  return point?.isTorsionFree() === true && !point.is0() && equal(point.toBytes(), publicKey);
}

function decode(publicKey: Uint8Array): InstanceType<typeof ed25519.Point> | null {
  try {
    return ed25519.Point.fromBytes(publicKey, false);
  } catch {
    return null;
  }
}
