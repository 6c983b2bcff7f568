// The plaintext of a frame: the records that were sealed together (docs/FORMAT.md, "Journals").

import { type Bytes, own } from "../bytes.js";
import { erase } from "../crypto/secret.js";
import { SealError } from "../errors.js";
import { MAX_SEALED_AT } from "../time.js";
import { HEADS_LENGTH_BYTES, type Heads, headsFault, MAX_HEADS_BYTES, parseHeads } from "./heads.js";

/** The time of sealing, in front of the records. */
export const BATCH_HEAD_BYTES = 8;
/** The length in front of each record. */
export const RECORD_LENGTH_BYTES = 4;
/** Set in a length behind which heads stand before the record. */
const HAS_HEADS = 2 ** 31;
/** The least that a batch has: its time, and one empty record. */
export const MIN_BATCH_BYTES = BATCH_HEAD_BYTES + RECORD_LENGTH_BYTES;
/** 9999-12-31T23:59:59.999Z, in Unix milliseconds. */
export const MAX_BATCH_TIME = MAX_SEALED_AT * 1000 + 999;

/** Bytes of the longest record that a chunk size allows. */
export function maxRecord(chunkSize: number): number {
  return chunkSize - BATCH_HEAD_BYTES - RECORD_LENGTH_BYTES;
}

/** A record with heads in front of it, as `encodeHeads` gives them. */
export interface Headed {
  readonly record: Uint8Array;
  readonly heads: Uint8Array;
}

/** A record, and what may stand in front of it. */
export type Entry = Uint8Array | Headed;

/** Bytes that an entry takes in a batch. */
export function entrySize(entry: Entry): number {
  if (entry instanceof Uint8Array) return RECORD_LENGTH_BYTES + entry.length;
  return RECORD_LENGTH_BYTES + HEADS_LENGTH_BYTES + entry.heads.length + entry.record.length;
}

/** What a batch takes of memory at first; it grows by doubling. */
const FIRST_BYTES = 16 * 1024;

/**
 * A batch that is being gathered, in one piece of memory of its own. Records are copied into it, and erased with it.
 */
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

  /** Copies a record that fits, with its heads. */
  add(entry: Entry): void {
    const at = this.#length;
    const end = at + entrySize(entry);
    if (end > this.#bytes.length) this.#grow(end);
    if (entry instanceof Uint8Array) {
      this.#view.setUint32(at, entry.length);
      this.#bytes.set(entry, at + RECORD_LENGTH_BYTES);
    } else this.#putHeaded(entry, at, end);
    this.#length = end;
  }

  #putHeaded({ record, heads }: Headed, at: number, end: number): void {
    this.#view.setUint32(at, HAS_HEADS + record.length);
    this.#view.setUint16(at + RECORD_LENGTH_BYTES, heads.length);
    this.#bytes.set(heads, at + RECORD_LENGTH_BYTES + HEADS_LENGTH_BYTES);
    this.#bytes.set(record, end - record.length);
  }

  /**
   * The batch, of one record or more, as a view that is good until something else is done with it. `sealedAtMs` in Unix
   * milliseconds.
   */
  encode(sealedAtMs: number): Bytes {
    this.#view.setBigUint64(0, BigInt(sealedAtMs));
    return this.#bytes.subarray(0, this.#length);
  }

  /** Overwrites the records; the memory is there for the next ones. */
  erase(): void {
    erase(this.#bytes.subarray(0, this.#length));
    this.#length = BATCH_HEAD_BYTES;
  }

  #grow(needed: number): void {
    let size = Math.max(FIRST_BYTES, 2 * this.#bytes.length);
    while (size < needed) size *= 2;
    const larger = new Uint8Array(Math.min(size, Math.max(needed, this.#chunkSize)));
    larger.set(this.#bytes.subarray(0, this.#length));
    erase(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** One or more records, together a chunk at most; `sealedAtMs` in Unix milliseconds. */
export function encodeBatch(sealedAtMs: number, entries: readonly Entry[]): Bytes {
  const batch = new BatchBuffer(Number.POSITIVE_INFINITY);
  for (const entry of entries) batch.add(entry);
  const bytes = batch.encode(sealedAtMs).slice();
  batch.erase();
  return bytes;
}

/**
 * The records of a batch that was looked through: copies, each made when its turn comes, as a list of them can be many
 * times as large as the batch.
 */
export class Records implements Iterable<Bytes> {
  readonly length: number;
  readonly #batch: Uint8Array;

  /** `batch` is not to be changed any more, and has so many records. */
  constructor(batch: Uint8Array, length: number) {
    this.#batch = batch;
    this.length = length;
    this.withHeads = this.withHeads.bind(this);
  }

  *[Symbol.iterator](): Generator<Bytes, void, void> {
    for (const { start, end } of places(this.#batch)) yield own(this.#batch.subarray(start, end));
  }

  /** The same with the heads of each: none, where nothing stands in front of the record. */
  *withHeads(): Generator<HeadedRecord, void, void> {
    for (const { start, end, heads } of places(this.#batch)) {
      const record = own(this.#batch.subarray(start, end));
      yield { record, heads: heads > 0 ? parseHeads(this.#batch.subarray(start - heads, start)) : NO_HEADS };
    }
  }
}

/** A record, and what its writer has put in front of it. */
export interface HeadedRecord {
  readonly record: Bytes;
  readonly heads: Heads;
}

const NO_HEADS: Heads = Object.freeze(Object.create(null));

export interface Batch {
  /** Unix milliseconds. */
  readonly sealedAtMs: number;
  readonly records: Records;
}

/** Parses an authentic batch as a whole, before anything of it is released. Throws `malformed`. */
export function parseBatch(bytes: Uint8Array): Batch {
  if (bytes.length < BATCH_HEAD_BYTES + RECORD_LENGTH_BYTES) throw malformed("is shorter than one record");
  const sealedAtMs = Number(viewOf(bytes).getBigUint64(0));
  if (sealedAtMs > MAX_BATCH_TIME) throw malformed("was sealed after the year 9999");
  let count = 0;
  for (const { start, heads } of places(bytes)) {
    // Stryker disable next-line ConditionalExpression,EqualityOperator: no heads have no fault.
    const fault = heads > 0 ? headsFault(bytes.subarray(start - heads, start)) : null;
    if (fault) throw malformed(`has a record with heads ${fault}`);
    count += 1;
  }
  return { sealedAtMs, records: new Records(bytes, count) };
}

/** Where a record stands in a batch: its bytes, and how many bytes of heads are right in front of them. */
export interface RecordPlace {
  readonly start: number;
  readonly end: number;
  readonly heads: number;
}

/** Where the records of a batch stand, in order. Throws `malformed` where one is not within the batch. */
export function* places(batch: Uint8Array): Generator<RecordPlace, void, void> {
  const view = viewOf(batch);
  for (let at = BATCH_HEAD_BYTES; at < batch.length; ) {
    const place = placeAt(view, at);
    at = place.end;
    yield place;
  }
}

function placeAt(view: DataView, at: number): RecordPlace {
  let start = at + RECORD_LENGTH_BYTES;
  if (start > view.byteLength) throw malformed("ends inside a record's length");
  const length = view.getUint32(at);
  const heads = length < HAS_HEADS ? 0 : headsAt(view, start);
  if (heads > 0) start += HEADS_LENGTH_BYTES + heads;
  const end = start + (length % HAS_HEADS);
  if (end > view.byteLength) throw malformed("ends inside a record");
  return { start, end, heads };
}

/** Bytes of the heads whose length stands there. */
function headsAt(view: DataView, at: number): number {
  if (at + HEADS_LENGTH_BYTES > view.byteLength) throw malformed("ends inside the length of a record's heads");
  const length = view.getUint16(at);
  if (length < 1 || length > MAX_HEADS_BYTES) throw malformed(`has a record with heads of ${length} bytes`);
  return length;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function malformed(what: string): SealError {
  return new SealError("malformed", `an authentic frame ${what}: the writer is at fault`);
}
