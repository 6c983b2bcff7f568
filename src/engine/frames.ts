// Frames of a journal, one behind the other, on the thread that calls it. Each plaintext takes the place of its
// ciphertext.

import { type Bytes, equal, free } from "../bytes.js";
import { KEY_BYTES, SIGNATURE_BYTES, TAG_BYTES } from "../crypto/lengths.js";
import { erase, partOf } from "../crypto/secret.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { FRAME_HEAD_BYTES, frameHead, frameSize, nextFrameChain } from "../format/frame.js";
import { type ChunkKeys, chunkMessage, type OpenedChunk, openChunk, verifyChunk } from "../format/record.js";
import { CHAIN_BYTES, overhead } from "../format/sizes.js";
import type { FramesResult, FramesTask } from "./engine.js";

/** As in run.ts. */
const PIECE = 64 * 1024;

/** What a task's frames are, one after the other. */
export interface FramesRun {
  readonly suite: Suite;
  readonly task: FramesTask;
  /** Where the record of each frame begins in the buffer. */
  readonly starts: Uint32Array;
  /** The chain values that they carry, and the one behind them. */
  readonly chains: Bytes;
  readonly digests: Bytes;
}

/** Works on frames up to the first that is not authentic. The keys are erased, however it ends. */
export function runFrames({ suite }: Pick<ChunkKeys, "suite">, task: FramesTask): FramesResult {
  const run = framesRun(suite, task);
  const recordKey = suite.checkedVerifyingKey(task.recordKey);
  const linked = linkedFrames(run);
  const authentic = signedFrames(linked, task.signatures, (i) => {
    const { message, signature } = signedPart(run, i);
    return recordKey.verify(message, signature);
  });
  return releasedFrames(run, linked, authentic);
}

export function framesRun(suite: Suite, task: FramesTask): FramesRun {
  const { length } = task.lengths;
  const chains = new Uint8Array(CHAIN_BYTES * (length + 1));
  return { suite, task, starts: startsOf(task.lengths), chains, digests: new Uint8Array(CHAIN_BYTES * length) };
}

/** The result where so many of the `linked` frames are signed, too: the plaintext of the others is erased. */
export function releasedFrames(run: FramesRun, linked: number, authentic: number): FramesResult {
  for (let i = authentic; i < linked; i++) erase(recordAt(run, i));
  return { buffer: run.task.buffer, authentic, chains: run.chains };
}

/** What was found of frames already, by their places in the task; of those that are missing, nothing yet. */
export type FoundFrames = ReadonlyMap<number, { readonly digest: Bytes; readonly plaintext: Bytes | null }>;

/**
 * How many frames, from the first on, are right but for their signatures, which are not looked at. The keys are erased.
 */
export function linkedFrames(run: FramesRun, found?: FoundFrames): number {
  const { suite, task, starts, chains, digests } = run;
  const { buffer, lengths, coreHash, keys } = task;
  try {
    for (const [i, length] of lengths.entries()) {
      const record = recordAt(run, i);
      const payloadKey = keys && partOf(keys, i * KEY_BYTES, (i + 1) * KEY_BYTES);
      const known = found?.get(i);
      const opened = known
        ? placed(known, keys !== null, record, length)
        : workOn({ suite, payloadKey, coreHash, signed: true, recordKey: LATER }, task.index + i, record, length);
      const due = hashAt(chains, i);
      if (i === 0) due.set(opened.chain!);
      const head = buffer.subarray(starts[i]! - FRAME_HEAD_BYTES, starts[i]);
      if (!opened.authentic || !equal(opened.chain!, due) || !equal(head, frameHead(suite, due, length))) {
        erase(record);
        return i;
      }
      digests.set(opened.digest!, i * CHAIN_BYTES);
      chains.set(nextFrameChain(suite, due, opened.digest!, signatureOf(record)), (i + 1) * CHAIN_BYTES);
    }
    return lengths.length;
  } finally {
    if (keys) erase(keys);
  }
}

/** The same as of `workOn`, of what was found already. */
function placed(
  { digest, plaintext }: { readonly digest: Bytes; readonly plaintext: Bytes | null },
  decrypts: boolean,
  record: Bytes,
  length: number,
): OpenedChunk {
  const start = length + TAG_BYTES;
  const chain = record.slice(start, start + CHAIN_BYTES);
  if (plaintext) {
    record.set(plaintext);
    free(plaintext);
  }
  return { digest, chain, authentic: plaintext !== null || !decrypts };
}

/** Signatures are checked when all else has been, and before anything is released. */
const LATER: VerifyingKey = { publicKey: new Uint8Array(32), verify: () => true };

/**
 * How many of so many frames, from the first on, are signed. The chain value that the last one's signature covers holds
 * all before it, their signatures too: where it is right, it may stand for them.
 */
function signedFrames(count: number, which: FramesTask["signatures"], isSigned: (i: number) => boolean): number {
  if (which === "last" && count > 0 && isSigned(count - 1)) return count;
  for (let i = 0; i < count; i++) if (!isSigned(i)) return i;
  return count;
}

/** What the signature of a frame covers, and the signature. */
export function signedPart(run: FramesRun, i: number): { message: Bytes; signature: Bytes } {
  const { task, chains, digests } = run;
  const position = { index: task.index + i, final: false };
  const message = chunkMessage(task.coreHash, position, hashAt(chains, i), hashAt(digests, i));
  return { message, signature: signatureOf(recordAt(run, i)) };
}

function startsOf(lengths: Uint32Array): Uint32Array {
  const starts = new Uint32Array(lengths.length);
  let at = FRAME_HEAD_BYTES;
  for (const [i, length] of lengths.entries()) {
    starts[i] = at;
    at += frameSize(length);
  }
  return starts;
}

export function recordAt({ task: { buffer, lengths }, starts }: FramesRun, i: number): Bytes {
  return buffer.subarray(starts[i], starts[i]! + lengths[i]! + overhead(true));
}

const signatureOf = (record: Bytes) => record.subarray(record.length - SIGNATURE_BYTES);
const hashAt = (hashes: Bytes, i: number) => hashes.subarray(i * CHAIN_BYTES, (i + 1) * CHAIN_BYTES);

function workOn(keys: ChunkKeys, index: number, record: Uint8Array, length: number): OpenedChunk {
  const position = { index, final: false };
  const trailer = () => record.subarray(length);
  if (!keys.payloadKey) return verifyChunk(keys, position, pieces(record, length), trailer);
  let at = 0;
  return openChunk(keys, position, pieces(record, length), trailer, (plaintext) => {
    record.set(plaintext, at);
    at += plaintext.length;
    free(plaintext);
  });
}

function* pieces(record: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < length; at += PIECE) yield record.subarray(at, Math.min(length, at + PIECE));
}
