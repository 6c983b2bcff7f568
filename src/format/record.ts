// One chunk record at a time: pure and synchronous, it knows nothing of files (docs/FORMAT.md, "Chunk records").

import { type Bytes, concat, u32, utf8 } from "../bytes.js";
import { TAG_BYTES } from "../crypto/lengths.js";
import type { Secret } from "../crypto/secret.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { CHAIN_BYTES, overhead } from "./sizes.js";

/** What a chunk is sealed or opened with; the same for all chunks of a file. */
export interface ChunkKeys {
  readonly suite: Suite;
  /** 32 bytes; null where records are only verified. */
  readonly payloadKey: Secret | null;
  readonly coreHash: Uint8Array;
  readonly signed: boolean;
  /** The record key, to verify with; null in an unsigned file, and not needed to seal. */
  readonly recordKey: VerifyingKey | null;
}

/** Which chunk. */
export interface ChunkPosition {
  readonly index: number;
  readonly final: boolean;
}

/** What a record was found to be. */
export interface OpenedChunk {
  /** null where unsigned. */
  readonly digest: Bytes | null;
  /** The chain value that the record carries; null where unsigned. */
  readonly chain: Bytes | null;
  /** Whether signature (where signed) and tag (where decrypted) are right. */
  readonly authentic: boolean;
}

/** 7 zero bytes | i as u32 | final as u8. Fixed nonces are safe: the payload key is fresh for each file. */
export function chunkNonce({ index, final }: ChunkPosition): Bytes {
  const nonce = new Uint8Array(12);
  nonce.set(u32(index), 7);
  nonce[11] = final ? 1 : 0;
  return nonce;
}

/** The message that a record's signature covers. */
export function chunkMessage(
  coreHash: Uint8Array,
  { index, final }: ChunkPosition,
  chain: Uint8Array,
  digest: Uint8Array,
): Bytes {
  return concat(utf8("seal.v1 chunk\0"), coreHash, u32(index), Uint8Array.of(final ? 1 : 0), chain, digest);
}

/** chain_(i+1) = SHA-256(chain_i ∥ digest_i). */
export function nextChain(suite: Suite, chain: Uint8Array, digest: Uint8Array): Bytes {
  return suite.sha256(chain, digest);
}

/**
 * Encrypts the pieces of a chunk and hands ciphertext ∥ tag, in pieces, to `write`; a piece that was taken or handed
 * over is not used again. Returns the digest, null where unsigned.
 */
export function sealChunk(
  keys: ChunkKeys,
  position: ChunkPosition,
  plaintext: Iterable<Uint8Array>,
  write: (sealed: Uint8Array) => void,
): Bytes | null {
  return keys.suite.sealChunk(keys.payloadKey!, chunkNonce(position), plaintext, write, keys.signed);
}

/**
 * Checks a record and decrypts it. `trailer` gives what stands behind the ciphertext (tag, and where signed chain and
 * signature), once the pieces of `ciphertext` are used up. `hold` takes the plaintext in pieces, which must not be
 * released unless the answer is `authentic`.
 */
export function openChunk(
  keys: ChunkKeys,
  position: ChunkPosition,
  ciphertext: Iterable<Uint8Array>,
  trailer: () => Uint8Array,
  hold: (plaintext: Uint8Array) => void,
): OpenedChunk {
  let behind = new Uint8Array();
  const tag = () => {
    behind = Uint8Array.from(trailer());
    return behind.subarray(0, TAG_BYTES);
  };
  const nonce = chunkNonce(position);
  const { digest, authentic } = keys.suite.openChunk(keys.payloadKey!, nonce, ciphertext, tag, hold, keys.signed);
  const { chain, signed } = checkSignature(keys, position, digest, behind);
  return { digest, chain, authentic: authentic && signed };
}

/** Checks a record's signature without decrypting it. */
export function verifyChunk(
  keys: ChunkKeys,
  position: ChunkPosition,
  ciphertext: Iterable<Uint8Array>,
  trailer: () => Uint8Array,
): OpenedChunk {
  const hash = keys.suite.sha256Stream();
  for (const piece of ciphertext) hash.update(piece);
  const behind = trailer();
  hash.update(behind.subarray(0, TAG_BYTES));
  const digest = hash.finish();
  const { chain, signed } = checkSignature(keys, position, digest, behind);
  return { digest, chain, authentic: signed };
}

function checkSignature(
  { signed, recordKey, coreHash }: ChunkKeys,
  position: ChunkPosition,
  digest: Bytes | null,
  trailer: Uint8Array,
): { chain: Bytes | null; signed: boolean } {
  if (!signed) return { chain: null, signed: true };
  const chain = Uint8Array.from(trailer.subarray(TAG_BYTES, TAG_BYTES + CHAIN_BYTES));
  const message = chunkMessage(coreHash, position, chain, digest!);
  return { chain, signed: recordKey!.verify(message, trailer.subarray(TAG_BYTES + CHAIN_BYTES)) };
}

/** Plaintext bytes of a record of `length` bytes. */
export function plaintextLength(length: number, signed: boolean): number {
  return length - overhead(signed);
}
