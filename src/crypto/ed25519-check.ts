// The small-order part of the signature predicate (docs/FORMAT.md, "Signatures"). Without noble, so that native
// verification never loads it.

import { type Bytes, equal, fromHex } from "../bytes.js";

/**
 * The canonical encodings of the eight points of order 1, 2, 4 (two) and 8 (four) of edwards25519: y = 1, −1, 0 and the
 * two y of order 8, these and 0 with either sign of x. Other encodings of the same points need no place here: what
 * [S]B − [k]A encodes to is canonical, so they can never equal it.
 */
const SMALL_ORDER: readonly Bytes[] = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
].map(fromHex);

/**
 * Whether these 32 bytes may be a record key (docs/FORMAT.md, "Core"): y < p, and not the y of a point of small order.
 * Whether such a point is on the curve is not asked.
 */
export function isRecordKey(encoding: Uint8Array): boolean {
  const y = Uint8Array.from(encoding);
  y[31]! &= 0x7f;
  return isBelowP(y) && !encodesSmallOrder(y);
}

/** p = 2^255 − 19: ED FF … FF 7F. */
function isBelowP(y: Uint8Array): boolean {
  return y[31]! < 0x7f || y[0]! < 0xed || y.subarray(1, 31).some((byte) => byte !== 0xff);
}

/** Whether these 32 bytes are the canonical encoding of a point of small order. */
export function encodesSmallOrder(encoding: Uint8Array): boolean {
  return SMALL_ORDER.some((small) => equal(small, encoding));
}
