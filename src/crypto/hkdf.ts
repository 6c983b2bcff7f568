// HKDF with SHA-256 (RFC 5869), and K, the one way in which the format derives a key from another.

import { utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { expectLength, KEY_BYTES } from "./lengths.js";
import { copySecret, erase, newSecret, partOf, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const HASH_LENGTH = 32;

const ONE = Uint8Array.of(1);

/** So many bytes of a block, of which nothing else is left. */
function beginning(block: Secret, length: number): Secret {
  if (length === block.length) return block;
  const part = copySecret(partOf(block, 0, length));
  erase(block);
  return part;
}

/** The pseudorandom key of the input key material, given in parts: 32 bytes. */
export function hkdfExtract(suite: Suite, salt: Secret, ...material: readonly Uint8Array[]): Secret {
  return suite.hmacSha256(salt, ...material);
}

/** `length` bytes, 255 × 32 at most (RFC 5869, 2.3): beyond is `internal`. The info is given in parts. */
export function hkdfExpand(suite: Suite, key: Secret, length: number, ...info: readonly Uint8Array[]): Secret {
  if (length > 255 * HASH_LENGTH) throw new SealError("internal", `HKDF cannot give ${length} bytes`);
  if (length <= HASH_LENGTH) return beginning(suite.hmacSha256(key, ...info, ONE), length);
  const out = newSecret(length);
  let block = newSecret(0);
  for (let at = 0, counter = 1; at < length; at += HASH_LENGTH, counter++) {
    const previous = block;
    block = suite.hmacSha256(key, previous, ...info, Uint8Array.of(counter));
    out.set(partOf(block, 0, length - at), at);
    erase(previous);
  }
  erase(block);
  return out;
}

/**
 * K(key, text, data) of docs/FORMAT.md: HKDF-Expand(key, text ∥ data, 32), which is one HMAC. The key has 32 bytes and
 * is uniformly random, so it needs no Extract.
 */
export function deriveKey(suite: Suite, key: Secret, text: string, data: Uint8Array): Secret {
  expectLength("derivation key", key, KEY_BYTES);
  return suite.hmacSha256(key, utf8(text), data, ONE);
}
