// Frames: a length, and a chunk record under a key of its own (docs/FORMAT.md, "Journals"). Pure: it knows nothing of files.

import { type Bytes, concat, u32 } from "../bytes.js";
import { chunkMessage, nextChain, sealChunk } from "../chunk/record.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import { overhead } from "../format/sizes.js";

/** The length in front of each frame. */
export const FRAME_HEAD_BYTES = 4;
export const MAX_FRAMES = 2 ** 32;

/** Bytes of a frame whose ciphertext has `length` bytes. */
export function frameSize(length: number): number {
  return FRAME_HEAD_BYTES + length + overhead(true);
}

/** What the frames of an epoch are signed with and bound to. */
export interface Signing {
  readonly suite: Suite;
  readonly signer: SigningKey;
  /** The epoch's: 32 bytes. */
  readonly coreHash: Uint8Array;
}

/** Encrypts and signs a batch as frame `index`; the frame, and the chain value after it. `key` is erased, as nothing else may be sealed under it. */
export function sealFrame(
  { suite, signer, coreHash }: Signing,
  key: Bytes,
  index: number,
  chain: Uint8Array,
  batch: Uint8Array,
): { frame: Bytes; chain: Bytes } {
  const position = { index, final: false };
  const parts: Uint8Array[] = [u32(batch.length)];
  const keys = { suite, payloadKey: key, coreHash, signed: true, signer: null };
  const digest = sealChunk(keys, position, [batch], (part) => parts.push(part))!;
  key.fill(0);
  const signature = signer.sign(chunkMessage(coreHash, position, chain, digest));
  return { frame: concat(...parts, chain, signature), chain: nextChain(suite, chain, digest) };
}
