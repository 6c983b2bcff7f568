// Frames of a journal, one behind the other, on the thread that calls it. Each plaintext takes the place of its ciphertext.

import { equal, release } from "../bytes.js";
import { type ChunkKeys, nextChain, type Opened, openChunk, verifyChunk } from "../chunk/record.js";
import { overhead } from "../format/sizes.js";
import type { FramesResult, FramesTask } from "./engine.js";

const LENGTH_BYTES = 4;
const CHAIN_BYTES = 32;
const KEY_BYTES = 32;
/** As in run.ts. */
const PIECE = 64 * 1024;

/** Works on frames up to the first that is not authentic. The keys are erased, however it ends. */
export function runFrames({ suite, signer }: ChunkKeys, task: FramesTask): FramesResult {
  const { buffer, lengths, coreHash, keys } = task;
  const chains = new Uint8Array(CHAIN_BYTES * (lengths.length + 1));
  let authentic = 0;
  let start = LENGTH_BYTES;
  try {
    for (const [i, length] of lengths.entries()) {
      const record = buffer.subarray(start, start + length + overhead(true));
      const payloadKey = keys?.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES) ?? null;
      const opened = workOn({ suite, payloadKey, coreHash, signed: true, signer }, task.index + i, record, length);
      const due = chains.subarray(i * CHAIN_BYTES, (i + 1) * CHAIN_BYTES);
      if (i === 0) due.set(opened.chain!);
      if (!opened.authentic || !equal(opened.chain!, due)) {
        record.fill(0);
        break;
      }
      chains.set(nextChain(suite, due, opened.digest!), (i + 1) * CHAIN_BYTES);
      authentic += 1;
      start += record.length + LENGTH_BYTES;
    }
  } finally {
    keys?.fill(0);
  }
  return { buffer, authentic, chains };
}

function workOn(keys: ChunkKeys, index: number, record: Uint8Array, length: number): Opened {
  const position = { index, final: false };
  const trailer = () => record.subarray(length);
  if (!keys.payloadKey) return verifyChunk(keys, position, pieces(record, length), trailer);
  let at = 0;
  return openChunk(keys, position, pieces(record, length), trailer, (plaintext) => {
    record.set(plaintext, at);
    at += plaintext.length;
    release(plaintext);
  });
}

function* pieces(record: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < length; at += PIECE) yield record.subarray(at, Math.min(length, at + PIECE));
}
