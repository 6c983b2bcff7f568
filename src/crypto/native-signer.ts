// The strict check of signers' public keys over X25519. What noble computes on edwards25519 (strict.ts), OpenSSL does a
// hundred times as fast on curve25519, which is the same curve in other coordinates (RFC 7748, 4.1).

import { createPrivateKey, diffieHellman, type KeyObject } from "node:crypto";
import { type Bytes, equal, fromHex } from "../bytes.js";
import { isRecordKey } from "./ed25519-check.js";
import { KEY_BYTES } from "./lengths.js";
import { montgomeryOf } from "./montgomery.js";
import { base64url, publicKeyObject } from "./native-curves.js";
import { hasSmallOrder } from "./x25519-check.js";

/**
 * k = 5L − 1, little-endian. It is a multiple of 8 between 2^254 and 2^255: clamping leaves it as it is. And it is −1
 * modulo L: k times a point is the negative of the part of it that has prime order, and the same u.
 */
const K = fromHex("a023cdd083ef5bb82f10d62e59e15a6800000000000000000000000000000050");

/** K times the base point, which has prime order: u = 9. */
const PUBLIC = fromHex("0900000000000000000000000000000000000000000000000000000000000000");

let key: KeyObject | null = null;

/** Nothing of it is secret. */
function multiplier(): KeyObject {
  const jwk = () => ({ kty: "OKP", crv: "X25519", d: base64url(K), x: base64url(PUBLIC) });
  key ??= createPrivateKey({ key: jwk(), format: "jwk" });
  return key;
}

/**
 * As `isValidSigner` of strict.ts. Of a point P = S + T, S of prime order and T of small order, k·P is −S. That has the
 * u of P only where S is P or −P: then T is zero, or P is of small order, which was refused before. A y of no point
 * leads to the curve's twist, of order 4·L′. There k·P is P or −P only where k − 1 or k + 1 times P is zero: both are
 * odd, and no multiples of the prime L′. (x = 0, whose sign could be wrong, has points of small order alone.)
 */
export function isValidSignerByX25519(publicKey: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || !isRecordKey(publicKey)) return false;
  const u = montgomeryOf(publicKey);
  return !hasSmallOrder(u) && equal(times(u), u);
}

function times(u: Bytes): Uint8Array {
  return diffieHellman({ privateKey: multiplier(), publicKey: publicKeyObject("X25519", u) });
}
