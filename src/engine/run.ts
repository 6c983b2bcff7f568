// One task, start to end, on the thread that calls it. A chunk passes in pieces that stay in the processor's cache.

import { readSync, writeSync } from "node:fs";
import { type Bytes, concat, free } from "../bytes.js";
import { erase } from "../crypto/secret.js";
import { ioError, SealError } from "../errors.js";
import { type ChunkKeys, openChunk, plaintextLength, sealChunk, verifyChunk } from "../format/record.js";
import { endsEarly } from "../format/sizes.js";
import type { OpenTaskResult, Region, SealTaskResult, Task, Verb } from "./engine.js";

/** The fastest size for AES-GCM and SHA-256 after each other, on both OpenSSL 3.0 and 3.5. */
const PIECE = 64 * 1024;

export function runTask(verb: Verb, keys: ChunkKeys, task: Task): SealTaskResult | OpenTaskResult {
  if (verb === "seal") return runSeal(keys, task);
  return verb === "open" ? runOpen(keys, task) : runVerify(keys, task);
}

export function runSeal(keys: ChunkKeys, task: Task): SealTaskResult {
  const digest = sealChunk(keys, task, input(task, 0, task.length, endsWhileSealing), output(task));
  return { digest, buffer: task.buffer };
}

/** Plaintext that is not authentic yet, one chunk for each thread: memory that is used again costs no page faults. */
let holder = new Uint8Array();

function holding(length: number): Bytes {
  if (holder.length < length) holder = new Uint8Array(length);
  return holder.subarray(0, length);
}

export function runOpen(keys: ChunkKeys, task: Task): OpenTaskResult {
  const length = plaintextLength(task.length, keys.signed);
  const held = task.output ? holding(length) : null;
  const hold = output({ output: null, buffer: held ?? task.buffer });
  const opened = openChunk(keys, task, input(task, 0, length, endsWhileOpening), trailer(task, length), hold);
  if (!opened.authentic) erase(held ?? task.buffer ?? new Uint8Array());
  else if (held) writeFully(task.output!, held, 0);
  return { ...opened, buffer: task.buffer };
}

export function runVerify(keys: ChunkKeys, task: Task): OpenTaskResult {
  const length = plaintextLength(task.length, keys.signed);
  const copy = copying(task);
  const ciphertext = passing(input(task, 0, length, endsWhileOpening), copy);
  const opened = verifyChunk(keys, task, ciphertext, () => {
    const behind = trailer(task, length)();
    copy(behind);
    return behind;
  });
  return { ...opened, buffer: task.buffer };
}

/** Takes the record piece by piece to where it is wanted; it may be there already, or be wanted nowhere. */
function copying(task: Task): (piece: Uint8Array) => void {
  return task.output || (task.input && task.buffer) ? placing(task) : () => {};
}

/**
 * The pieces, each copied when it is asked for: what is copied is what is verified, read once, whatever happens to the
 * file meanwhile.
 */
function* passing(pieces: Iterable<Uint8Array>, copy: (piece: Uint8Array) => void): Generator<Uint8Array> {
  for (const piece of pieces) {
    copy(piece);
    yield piece;
  }
}

const endsWhileSealing = ({ index }: Task) =>
  new SealError("io", "the input became shorter while it was being sealed", { chunk: index });
const endsWhileOpening = ({ index, input }: Task) => endsEarly(index, input?.position ?? 0);

/** The input's bytes from `from` to `to`, in pieces, each good until the next is asked for. */
function* input(task: Task, from: number, to: number, fault: (task: Task) => SealError): Generator<Uint8Array> {
  const scratch = task.input ? new Uint8Array(Math.min(PIECE, to - from)) : null;
  for (let at = from; at < to; at += PIECE) {
    const end = Math.min(to, at + PIECE);
    if (!scratch) yield task.buffer!.subarray(at, end);
    else {
      const piece = scratch.subarray(0, end - at);
      if (!readFully(task.input!, piece, at)) throw fault(task);
      yield piece;
    }
  }
}

/** What stands behind the ciphertext of a record. */
function trailer(task: Task, from: number): () => Uint8Array {
  return () => concat(...input(task, from, task.length, endsWhileOpening));
}

/** Takes the result piece by piece; a piece cannot be used afterwards. */
function output(task: Pick<Task, "output" | "buffer">): (piece: Uint8Array) => void {
  const put = placing(task);
  return (piece) => {
    put(piece);
    free(piece);
  };
}

/** Puts pieces one behind the other where the result is wanted; drops them where only the digest is. */
function placing({ output, buffer }: Pick<Task, "output" | "buffer">): (piece: Uint8Array) => void {
  let at = 0;
  return (piece) => {
    if (output) writeFully(output, piece, at);
    else buffer?.set(piece, at);
    at += piece.length;
  };
}

/** false where the file ends before `bytes` is full. */
function readFully({ fd, name, position }: Region, bytes: Uint8Array, offset: number): boolean {
  for (let have = 0; have < bytes.length; ) {
    const count = attempt(`cannot read ${name}`, () =>
      readSync(fd, bytes, have, bytes.length - have, position + offset + have),
    );
    if (count === 0) return false;
    have += count;
  }
  return true;
}

function writeFully({ fd, name, position }: Region, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += attempt(`cannot write ${name}`, () =>
      writeSync(fd, bytes, done, bytes.length - done, position + offset + done),
    );
  }
}

function attempt<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw ioError(what, error);
  }
}
