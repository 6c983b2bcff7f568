// What both suites refuse in the same words. A wrong length here is a mistake in this project, never in a file: parsing
// has fixed every length by the time bytes reach a primitive.

import { SealError } from "../errors.js";

export const KEY_LENGTH = 32;
export const NONCE_LENGTH = 12;
export const TAG_LENGTH = 16;
export const SIGNATURE_LENGTH = 64;

/** Throws `internal` unless `bytes` has exactly this length. */
export function expectLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new SealError("internal", `${what} of ${bytes.length} bytes where ${length} are due`);
  }
}

export function expectAeadKey(key: Uint8Array, nonce: Uint8Array): void {
  expectLength("AES-256-GCM key", key, KEY_LENGTH);
  expectLength("AES-256-GCM nonce", nonce, NONCE_LENGTH);
}
