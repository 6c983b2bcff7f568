// Frames: a head, and a chunk record under a key of its own (docs/FORMAT.md, "Journals"). Pure: it knows nothing of
// files.

import { type Bytes, concat, u32, utf8 } from "../bytes.js";
import { SIGNATURE_BYTES } from "../crypto/lengths.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import { MIN_BATCH_BYTES } from "./batch.js";
import { chunkMessage, sealChunk } from "./record.js";
import { CHAIN_BYTES, overhead } from "./sizes.js";

/** u32 length | u32 check, in front of each frame's record. */
export const FRAME_HEAD_BYTES = 8;
export const LENGTH_BYTES = 4;
export const MAX_FRAMES = 2 ** 32;

/** Bytes of a frame whose ciphertext has `length` bytes. */
export function frameSize(length: number): number {
  return FRAME_HEAD_BYTES + length + overhead(true);
}

/** Bytes of the smallest frame: 132. */
export const MIN_FRAME_BYTES = frameSize(MIN_BATCH_BYTES);

/** What is wrong with the length of frame `index`; null within the bounds. */
export function lengthFault(length: number, chunkSize: number, index: number): string | null {
  if (index >= MAX_FRAMES) return "is one too many";
  if (length >= MIN_BATCH_BYTES && length <= chunkSize) return null;
  return `has a length of ${length} bytes, where ${MIN_BATCH_BYTES} to ${chunkSize} are possible`;
}

/** The head of the frame behind `chain` whose ciphertext has `length` bytes: the length, and its check. */
export function frameHead(suite: Suite, chain: Uint8Array, length: number): Bytes {
  const bytes = u32(length);
  return concat(bytes, suite.sha256(utf8("seal.v1 length\0"), chain, bytes).subarray(0, 4));
}

/** chain_(i+1) of an epoch = SHA-256(chain_i ∥ digest_i ∥ signature_i). */
export function nextFrameChain(suite: Suite, chain: Uint8Array, digest: Uint8Array, signature: Uint8Array): Bytes {
  return suite.sha256(chain, digest, signature);
}

/** The chain value after a frame, from its bytes alone, which are long enough for one. Nothing of it is verified. */
export function chainAfterFrame(suite: Suite, frame: Uint8Array): Bytes {
  const signatureAt = frame.length - SIGNATURE_BYTES;
  const chainAt = signatureAt - CHAIN_BYTES;
  const digest = suite.sha256(frame.subarray(FRAME_HEAD_BYTES, chainAt));
  return nextFrameChain(suite, frame.subarray(chainAt, signatureAt), digest, frame.subarray(signatureAt));
}

/** What the frames of an epoch are signed with and bound to. */
export interface FrameSigning {
  readonly suite: Suite;
  readonly recordKey: SigningKey;
  /** The epoch's: 32 bytes. */
  readonly coreHash: Uint8Array;
}

/**
 * Encrypts and signs a batch as frame `index`; the frame, and the chain value after it. `key` is erased, as nothing
 * else may be sealed under it.
 */
export function sealFrame(
  { suite, recordKey, coreHash }: FrameSigning,
  key: Secret,
  index: number,
  chain: Uint8Array,
  batch: Uint8Array,
): { frame: Bytes; chain: Bytes } {
  const position = { index, final: false };
  const parts: Uint8Array[] = [frameHead(suite, chain, batch.length)];
  const keys = { suite, payloadKey: key, coreHash, signed: true, recordKey: null };
  const digest = sealChunk(keys, position, [batch], (part) => parts.push(part))!;
  erase(key);
  const signature = recordKey.sign(chunkMessage(coreHash, position, chain, digest));
  return { frame: concat(...parts, chain, signature), chain: nextFrameChain(suite, chain, digest, signature) };
}
