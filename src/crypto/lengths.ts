// What both suites refuse in the same words. A wrong length here is a mistake in this project, never in a file: parsing
// has fixed every length by the time bytes reach a primitive.

import { SealError } from "../errors.js";

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** The first block of AES in counter mode. */
export const COUNTER_BYTES = 16;
export const SIGNATURE_BYTES = 64;
/** ML-KEM-768 (FIPS 203, table 3). */
export const ML_KEM_SEED_BYTES = 64;
export const ML_KEM_KEY_BYTES = 1184;
export const ML_KEM_CIPHERTEXT_BYTES = 1088;
/** X-Wing: those of ML-KEM-768, then 32 of X25519. */
export const XWING_KEY_BYTES = ML_KEM_KEY_BYTES + KEY_BYTES;
export const XWING_ENC_BYTES = ML_KEM_CIPHERTEXT_BYTES + KEY_BYTES;

/** Throws `internal` unless `bytes` has exactly this length. */
export function expectLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new SealError("internal", `${what} of ${bytes.length} bytes instead of ${length}`);
  }
}

export function expectAeadKey(key: Uint8Array, nonce: Uint8Array): void {
  expectLength("AES-256-GCM key", key, KEY_BYTES);
  expectLength("AES-256-GCM nonce", nonce, NONCE_BYTES);
}
