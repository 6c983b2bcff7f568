// Secrets in memory. Only what this file makes is a Secret, and only this file erases (docs/THREATS.md, "Memory").

import type { Bytes, secrecy } from "../bytes.js";

/**
 * Bytes that open or sign something. They lie outside of V8's heap, where arrays of 64 bytes and less are moved about
 * and leave copies behind; so erasing them erases them. What would make such an array of them, or a text, is missing.
 * Whoever holds one erases it.
 */
export interface Secret extends Bytes {
  readonly [secrecy]: true;
  readonly slice: never;
  readonly subarray: never;
  readonly map: never;
  readonly filter: never;
  readonly toReversed: never;
  readonly toSorted: never;
  readonly with: never;
  readonly join: never;
  readonly toString: never;
  readonly toLocaleString: never;
}

/** Zeros, to be filled. */
export function newSecret(length: number): Secret {
  // A Uint8Array that is given no memory would take some of V8's heap.
  return new Uint8Array(new ArrayBuffer(length)) as Secret;
}

/** A copy. What it was made of stays the caller's, to be erased. */
export function copySecret(bytes: Uint8Array): Secret {
  const secret = newSecret(bytes.length);
  secret.set(bytes);
  return secret;
}

/**
 * The same bytes, which nobody else may use any more. Where they have their memory to themselves, as what OpenSSL
 * filled has, nothing is copied; else they are copied and erased.
 */
export function ownSecret(bytes: Uint8Array): Secret {
  const memory = bytes.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === bytes.length) return new Uint8Array(memory) as Secret;
  const secret = copySecret(bytes);
  erase(bytes);
  return secret;
}

/** The parts, one after the other. They stay the caller's, to be erased. */
export function joinSecret(...parts: readonly Uint8Array[]): Secret {
  const secret = newSecret(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    secret.set(part, at);
    at += part.length;
  }
  return secret;
}

/** A view on a part of it, which is erased with it. */
export function partOf(secret: Secret, start: number, end?: number): Secret {
  return Uint8Array.prototype.subarray.call(secret, start, end) as Secret;
}

/** The bytes as what everybody may see: a commitment, say, which is made as keys are. The secret is erased. */
export function disclose(secret: Secret): Bytes {
  const bytes = Uint8Array.from(secret);
  erase(secret);
  return bytes;
}

/** Overwrites secrets, and records. */
export function erase(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
