// Records that were accepted and are not sealed yet, gathered into the batches that they will be sealed in.

import { SealError } from "../errors.js";
import { BATCH_HEAD_BYTES, BatchBuffer, maxRecord, RECORD_HEAD_BYTES } from "./batch.js";

/** Records that will share a frame, and who waits for them. */
export class Gathered {
  readonly buffer: BatchBuffer;
  readonly tags: unknown[] = [];
  records = 0;
  /** Bytes of the records with their lengths. */
  bytes = 0;
  /** Settles when the records are durable, or known not to be acknowledged. */
  readonly settled: Promise<void>;
  resolve!: () => void;
  reject!: (reason: unknown) => void;

  constructor(buffer: BatchBuffer) {
    this.buffer = buffer;
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  add(record: Uint8Array): void {
    this.buffer.add(record);
    this.records += 1;
    this.bytes += RECORD_HEAD_BYTES + record.length;
  }
}

/** Buffers that are kept for reuse: one that is being written, one that is being gathered. */
const SPARE = 2;

export class RecordQueue {
  readonly #chunkSize: number;
  readonly #batches: Gathered[] = [];
  readonly #spare: BatchBuffer[] = [];

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  /**
   * Copies the records of a call, which stay together, in order, and in one batch where they fit. Resolves when all of them are durable. Throws `usage` for a
   * record that is too long, and then takes none of them.
   */
  append(records: readonly Uint8Array[], tag: unknown): Promise<void> {
    const total = this.#measure(records);
    const together = total <= this.#chunkSize - BATCH_HEAD_BYTES;
    const used: Gathered[] = [];
    for (const record of records) {
      const needed = together && used.length === 0 ? total : RECORD_HEAD_BYTES + record.length;
      const batch = this.#last(needed);
      if (batch !== used.at(-1)) used.push(batch);
      batch.add(record);
    }
    if (tag !== undefined) for (const each of used) each.tags.push(tag);
    return used.length === 1 ? used[0]!.settled : Promise.all(used.map(({ settled }) => settled)).then(() => undefined);
  }

  /** Whether the batch that is due is as large as it will be: there is one behind it. */
  get isFull(): boolean {
    return this.#batches.length > 1;
  }

  /** The batch that is due, to which nothing is added any more; null where there is none. */
  take(): Gathered | null {
    return this.#batches.shift() ?? null;
  }

  /** Keeps the memory of a batch that was taken and erased, for others. */
  reuse({ buffer }: Gathered): void {
    if (this.#spare.length < SPARE) this.#spare.push(buffer);
  }

  /** Bytes that one call's records take in a batch. */
  #measure(records: readonly Uint8Array[]): number {
    const longest = maxRecord(this.#chunkSize);
    let total = 0;
    for (const { length } of records) {
      if (length > longest) {
        throw new SealError("usage", `a record of ${length} bytes; at most ${longest} are possible`);
      }
      total += RECORD_HEAD_BYTES + length;
    }
    return total;
  }

  /** The last batch, or a new one where so many bytes do not fit into it. */
  #last(bytes: number): Gathered {
    const last = this.#batches.at(-1);
    if (last?.buffer.fits(bytes)) return last;
    const fresh = new Gathered(this.#spare.pop() ?? new BatchBuffer(this.#chunkSize));
    this.#batches.push(fresh);
    return fresh;
  }
}
