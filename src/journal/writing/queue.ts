// Records that were accepted and are not sealed yet, gathered into the batches that they will be sealed in.

import { SealError } from "../../errors.js";
import { BATCH_HEAD_BYTES, BatchBuffer, type Entry, entrySize, maxRecord } from "../../format/batch.js";

/** Records that will share a frame, and who waits for them. */
export class Gathered {
  readonly buffer: BatchBuffer;
  readonly tags: unknown[] = [];
  records = 0;
  /** Bytes of the records with their lengths and heads. */
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

  add(entry: Entry): void {
    this.buffer.add(entry);
    this.records += 1;
    this.bytes += entrySize(entry);
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
   * Copies the records of a call, which stay together, in order, and in one batch where they fit. Resolves when all of
   * them are durable. Throws `usage` for a record that is too long, and then takes none of them.
   */
  append(entries: readonly Entry[], tag: unknown): Promise<void> {
    const total = this.#measure(entries);
    const together = total <= this.#chunkSize - BATCH_HEAD_BYTES;
    const used: Gathered[] = [];
    for (const entry of entries) {
      const needed = together && used.length === 0 ? total : entrySize(entry);
      const batch = this.#last(needed);
      if (batch !== used.at(-1)) used.push(batch);
      batch.add(entry);
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
  #measure(entries: readonly Entry[]): number {
    const most = this.#chunkSize - BATCH_HEAD_BYTES;
    let total = 0;
    for (const entry of entries) {
      const size = entrySize(entry);
      if (size > most) throw tooLong(entry, this.#chunkSize);
      total += size;
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

function tooLong(entry: Entry, chunkSize: number): SealError {
  const longest = maxRecord(chunkSize);
  if (entry instanceof Uint8Array) {
    return new SealError("usage", `a record of ${entry.length} bytes; at most ${longest} are allowed`);
  }
  const { record, heads } = entry;
  const most = longest - (entrySize(entry) - entrySize(record));
  const message = `a record of ${record.length} bytes with ${heads.length} bytes of heads`;
  return new SealError("usage", `${message}; at most ${Math.max(0, most)} bytes are allowed with these heads`);
}
