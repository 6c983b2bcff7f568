// The plaintext of a frame: the records that were sealed together (docs/FORMAT.md, "Journals").

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { MAX_SEALED_AT } from "../format/core.js";

/** The time of sealing, in front of the records. */
export const BATCH_HEAD_BYTES = 8;
/** The length in front of each record. */
export const RECORD_HEAD_BYTES = 4;
/** 9999-12-31T23:59:59.999Z, in Unix milliseconds. */
export const MAX_BATCH_TIME = MAX_SEALED_AT * 1000 + 999;

/** Bytes of the longest record that a chunk size allows. */
export function maxRecord(chunkSize: number): number {
  return chunkSize - BATCH_HEAD_BYTES - RECORD_HEAD_BYTES;
}

/** What a batch takes of memory at first; it grows by doubling. */
const FIRST_BYTES = 16 * 1024;

/** A batch that is being gathered, in one piece of memory of its own. Records are copied into it, and erased with it. */
export class BatchBuffer {
  #bytes: Bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #length = BATCH_HEAD_BYTES;
  readonly #chunkSize: number;

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  /** Bytes of the batch as it is now. */
  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#length === BATCH_HEAD_BYTES;
  }

  /** Whether records that take so many bytes, their lengths included, can be added. */
  fits(bytes: number): boolean {
    return this.#length + bytes <= this.#chunkSize;
  }

  /** Copies a record that fits. */
  add(record: Uint8Array): void {
    const at = this.#length;
    const end = at + RECORD_HEAD_BYTES + record.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#view.setUint32(at, record.length);
    this.#bytes.set(record, at + RECORD_HEAD_BYTES);
    this.#length = end;
  }

  /** The batch, of one record or more, as a view that is good until something else is done with it. `sealedAt` in Unix milliseconds. */
  encode(sealedAt: number): Bytes {
    this.#view.setBigUint64(0, BigInt(sealedAt));
    return this.#bytes.subarray(0, this.#length);
  }

  /** Overwrites the records; the memory is there for the next ones. */
  erase(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = BATCH_HEAD_BYTES;
  }

  #grow(needed: number): void {
    let size = Math.max(FIRST_BYTES, 2 * this.#bytes.length);
    while (size < needed) size *= 2;
    const larger = new Uint8Array(Math.min(size, Math.max(needed, this.#chunkSize)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes.fill(0);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** One or more records, each at most `maxRecord` bytes, together a chunk at most; `sealedAt` in Unix milliseconds. */
export function encodeBatch(sealedAt: number, records: readonly Uint8Array[]): Bytes {
  const batch = new BatchBuffer(Number.POSITIVE_INFINITY);
  for (const record of records) batch.add(record);
  const bytes = batch.encode(sealedAt).slice();
  batch.erase();
  return bytes;
}

export interface Batch {
  /** Unix milliseconds. */
  readonly sealedAt: number;
  /** The records, as views on the batch. */
  readonly records: readonly Uint8Array[];
}

/** Parses an authentic batch as a whole, before anything of it is released. Throws `malformed`. */
export function parseBatch(bytes: Uint8Array): Batch {
  const records: Uint8Array[] = [];
  const sealedAt = scanBatch(bytes, (start, end) => records.push(bytes.subarray(start, end)));
  return { sealedAt, records };
}

/** The time of sealing of an authentic batch; tells where each record begins and ends, in order. Throws `malformed`, at the end of what is well. */
export function scanBatch(bytes: Uint8Array, tell: (start: number, end: number) => void): number {
  if (bytes.length < BATCH_HEAD_BYTES + RECORD_HEAD_BYTES) throw malformed("is shorter than one record");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sealedAt = Number(view.getBigUint64(0));
  if (sealedAt > MAX_BATCH_TIME) throw malformed("was sealed after the year 9999");
  for (let at = BATCH_HEAD_BYTES; at < bytes.length; ) {
    if (bytes.length - at < RECORD_HEAD_BYTES) throw malformed("ends inside a record's length");
    const start = at + RECORD_HEAD_BYTES;
    at = start + view.getUint32(at);
    if (at > bytes.length) throw malformed("ends inside a record");
    tell(start, at);
  }
  return sealedAt;
}

function malformed(what: string): SealError {
  return new SealError("malformed", `an authentic frame ${what}: the writer is at fault`);
}
