// One chunk record at a time: pure and synchronous, it knows nothing of files (docs/FORMAT.md, "Chunk records").

import { type Bytes, concat, u32, utf8 } from "../bytes.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { TAG_BYTES, TRAILER_BYTES } from "../format/sizes.js";

/** What a chunk is sealed or opened with; the same for all chunks of a file. */
export interface ChunkKeys {
  readonly suite: Suite;
  /** 32 bytes; null where records are only verified. */
  readonly payloadKey: Uint8Array | null;
  readonly coreHash: Uint8Array;
  readonly signed: boolean;
  /** The signer, to verify records with; null in an unsigned file, and not needed to seal. */
  readonly signer: VerifyingKey | null;
}

/** What a record was found to be. `chain` is the value that the record carries, null where unsigned. */
export interface Opened {
  readonly digest: Bytes;
  readonly chain: Bytes | null;
  /** Whether signature (where signed) and tag (where decrypted) are right. */
  readonly authentic: boolean;
}

/** 7 zero bytes | i as u32 | final as u8. Fixed nonces are safe: the payload key is fresh for each file. */
export function chunkNonce(index: number, final: boolean): Bytes {
  const nonce = new Uint8Array(12);
  nonce.set(u32(index), 7);
  nonce[11] = final ? 1 : 0;
  return nonce;
}

/** The message that a record's signature covers. */
export function chunkMessage(
  coreHash: Uint8Array,
  index: number,
  final: boolean,
  chain: Uint8Array,
  digest: Uint8Array,
): Bytes {
  return concat(utf8("seal.v1 chunk\0"), coreHash, u32(index), Uint8Array.of(final ? 1 : 0), chain, digest);
}

/** chain_(i+1) = SHA-256(chain_i ∥ digest_i). */
export function nextChain(suite: Suite, chain: Uint8Array, digest: Uint8Array): Bytes {
  return suite.sha256(chain, digest);
}

/** Encrypts a chunk into `out` (16 bytes longer); returns its digest. */
export function sealChunk(
  keys: ChunkKeys,
  index: number,
  final: boolean,
  plaintext: Uint8Array,
  out: Uint8Array,
): Bytes {
  return keys.suite.sealChunk(keys.payloadKey!, chunkNonce(index, final), plaintext, out);
}

/**
 * Checks a record and decrypts it into `out` (as long as its plaintext), or, with `out` null, only verifies it.
 * `record` has at least the overhead's bytes. What is in `out` is plaintext only if the answer is `authentic`.
 */
export function openChunk(
  keys: ChunkKeys,
  index: number,
  final: boolean,
  record: Uint8Array,
  out: Uint8Array | null,
): Opened {
  const sealed = keys.signed ? record.subarray(0, record.length - TRAILER_BYTES) : record;
  const { digest, authentic } = out
    ? keys.suite.openChunk(keys.payloadKey!, chunkNonce(index, final), sealed, out)
    : { digest: keys.suite.sha256(sealed), authentic: true };
  if (!keys.signed) return { digest, chain: null, authentic };

  const chain = Uint8Array.from(record.subarray(sealed.length, sealed.length + 32));
  const signature = record.subarray(sealed.length + 32);
  const signed = keys.signer!.verify(chunkMessage(keys.coreHash, index, final, chain, digest), signature);
  if (!signed) out?.fill(0);
  return { digest, chain, authentic: authentic && signed };
}

/** Plaintext bytes of a record of `length` bytes. */
export function plaintextLength(length: number, signed: boolean): number {
  return length - TAG_BYTES - (signed ? TRAILER_BYTES : 0);
}
