// One task, start to end, on the thread that calls it.

import { readSync, writeSync } from "node:fs";
import type { Bytes } from "../bytes.js";
import { type ChunkKeys, openChunk, plaintextLength, sealChunk } from "../chunk/record.js";
import { ioError, SealError } from "../errors.js";
import { endsEarly, TAG_BYTES, TRAILER_BYTES } from "../format/sizes.js";
import type { OpenResult, Place, Region, SealResult, Task } from "./engine.js";

export function runSeal(keys: ChunkKeys, task: Task): SealResult {
  const plaintext = load(task.input);
  if (!plaintext) {
    throw new SealError("io", "the input became shorter while it was being sealed", { chunk: task.index });
  }
  const sealedLength = plaintext.length + TAG_BYTES;
  const record = new Uint8Array(sealedLength + (keys.signed ? TRAILER_BYTES : 0));
  const digest = sealChunk(keys, task.index, task.final, plaintext, record.subarray(0, sealedLength));
  if (!task.output) return { digest, record };
  store(task.output, record.subarray(0, sealedLength));
  return { digest, record: null };
}

export function runOpen(keys: ChunkKeys, task: Task, decrypt: boolean): OpenResult {
  const record = load(task.input);
  if (!record) throw endsEarly(task.index, (task.input as Region).position);
  const plaintext = decrypt ? new Uint8Array(plaintextLength(record.length, keys.signed)) : null;
  const opened = openChunk(keys, task.index, task.final, record, plaintext);
  if (!task.output || !plaintext) return { ...opened, plaintext: opened.authentic ? plaintext : null };
  if (opened.authentic) store(task.output, plaintext);
  return { ...opened, plaintext: null };
}

/** The input's bytes; null where a region has fewer than it should. */
function load(input: Uint8Array | Region): Uint8Array | null {
  if (input instanceof Uint8Array) return input;
  const bytes: Bytes = new Uint8Array(input.length);
  let have = 0;
  while (have < bytes.length) {
    const count = attempt(`cannot read ${input.name}`, () =>
      readSync(input.fd, bytes, have, bytes.length - have, input.position + have),
    );
    if (count === 0) return null;
    have += count;
  }
  return bytes;
}

function store(output: Place, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    done += attempt(`cannot write ${output.name}`, () =>
      writeSync(output.fd, bytes, done, bytes.length - done, output.position + done),
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
