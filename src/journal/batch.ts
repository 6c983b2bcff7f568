// The plaintext of a frame: the records that were sealed together (docs/FORMAT.md, "Journals").

import { type Bytes, readU32, readU64 } from "../bytes.js";
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

/** One or more records, each at most `maxRecord` bytes, together a chunk at most; `sealedAt` in Unix milliseconds. */
export function encodeBatch(sealedAt: number, records: readonly Uint8Array[]): Bytes {
  const length = records.reduce((sum, record) => sum + RECORD_HEAD_BYTES + record.length, BATCH_HEAD_BYTES);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(sealedAt));
  let at = BATCH_HEAD_BYTES;
  for (const record of records) {
    view.setUint32(at, record.length);
    out.set(record, at + RECORD_HEAD_BYTES);
    at += RECORD_HEAD_BYTES + record.length;
  }
  return out;
}

export interface Batch {
  /** Unix milliseconds. */
  readonly sealedAt: number;
  /** The records, as views on the batch. */
  readonly records: readonly Uint8Array[];
}

/** Parses an authentic batch as a whole, before anything of it is released. Throws `malformed`. */
export function parseBatch(bytes: Uint8Array): Batch {
  if (bytes.length < BATCH_HEAD_BYTES + RECORD_HEAD_BYTES) throw malformed("is shorter than one record");
  const sealedAt = Number(readU64(bytes));
  if (sealedAt > MAX_BATCH_TIME) throw malformed("was sealed after the year 9999");
  const records: Uint8Array[] = [];
  for (let at = BATCH_HEAD_BYTES; at < bytes.length; ) {
    if (bytes.length - at < RECORD_HEAD_BYTES) throw malformed("ends inside a record's length");
    const start = at + RECORD_HEAD_BYTES;
    at = start + readU32(bytes, at);
    if (at > bytes.length) throw malformed("ends inside a record");
    records.push(bytes.subarray(start, at));
  }
  return { sealedAt, records };
}

function malformed(what: string): SealError {
  return new SealError("malformed", `an authentic frame ${what}: the writer is at fault`);
}
