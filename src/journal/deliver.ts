// From a journal to an output, with a cursor that follows what has arrived there.

import { toHex } from "../bytes.js";
import { SealError } from "../errors.js";
import type { Core } from "../format/core.js";
import type { Progress, Sink } from "../ops/io.js";
import { release } from "../ops/io.js";
import type { Cursor } from "./cursor.js";
import { framed } from "./framed.js";
import type { Framing } from "./framing.js";
import { type ReadJournalOptions, type ReadStep, readJournal } from "./reader.js";
import type { JournalSource } from "./store.js";

/** How long what was delivered may go without its cursor, in milliseconds. */
const SAVE_TIME = 5000;

export interface DeliverOptions extends ReadJournalOptions {
  readonly framing: Framing;
  /** Makes what was written durable, as far as that can be; null where nothing is delivered before the sink is committed. */
  readonly flush: (() => Promise<void>) | null;
  /** Replaces the cursor. It is called when what is before the cursor has been delivered, at the end and from time to time. */
  readonly save?: ((cursor: Cursor) => Promise<void>) | undefined;
  readonly progress?: Progress | undefined;
}

export interface Delivered {
  /** Epochs and frames that were checked, the epoch that was gone on with included. */
  readonly epochs: number;
  readonly frames: number;
  /** Records that were written. */
  readonly records: number;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  readonly core: Core;
  /** The chain value at the end, in hex. */
  readonly digest: string;
}

/**
 * Writes the records of a journal to the sink, and commits it. Where it fails, what was written is authentic and, unless it is the sink that failed, has its
 * cursor. Throws as `readJournal`; `usage` for a record that cannot be framed; `tampered` or `malformed` for a journal that has not begun.
 */
export async function deliver(source: JournalSource, sink: Sink, options: DeliverOptions): Promise<Delivered> {
  const delivery = new Delivery(sink, options, options.progress && (await source.size()));
  try {
    for await (const step of readJournal(source, options)) await delivery.take(step);
    const delivered = delivery.result();
    if (options.flush) await delivery.save();
    await sink.commit();
    await delivery.save();
    return delivered;
  } catch (error) {
    if (options.flush) await delivery.save().catch(() => undefined);
    await sink.abort();
    throw error;
  }
}

class Delivery {
  readonly #sink: Sink;
  readonly #options: DeliverOptions;
  readonly #size: number | undefined;
  #written = 0;
  #core: Core | null = null;
  #digest = "";
  #tail = 0;
  #counts = { epochs: 0, frames: 0, records: 0 };
  /** What may be saved. */
  #cursor: Cursor | null = null;
  #savedAt = Date.now();

  constructor(sink: Sink, options: DeliverOptions, size: number | undefined) {
    this.#sink = sink;
    this.#options = options;
    this.#size = size;
  }

  async take(step: ReadStep): Promise<void> {
    if (step.is === "end") {
      this.#tail = step.tail;
      if (this.#options.follow) await this.save();
    } else if (step.is === "epoch") {
      this.#core = step.core;
      this.#digest = toHex(step.chain);
      this.#counts.epochs += 1;
      this.#cursor = step.cursor;
    } else await this.#write(step);
  }

  async #write({ frames, buffer, checked, cursor, chain }: Extract<ReadStep, { is: "frames" }>): Promise<void> {
    const { framing, flush, signal, progress } = this.#options;
    const before = this.#cursor;
    const { bytes, frames: written, records, fault } = framed(frames, buffer, framing);
    if (bytes.length > 0) {
      this.#cursor = null;
      await release(this.#sink, bytes, this.#written, signal).catch((error) => {
        if (signal?.aborted) this.#cursor = before;
        throw error;
      });
    }
    this.#written += bytes.length;
    this.#counts.records += records;
    if (fault) {
      this.#cursor = frames[written - 1]?.cursor ?? before;
      throw fault;
    }
    this.#cursor = cursor;
    this.#digest = toHex(chain);
    this.#counts.frames += checked;
    if (this.#size !== undefined) progress?.(Math.min(cursor.end, this.#size), this.#size);
    if (flush && Date.now() - this.#savedAt >= SAVE_TIME) await this.save();
  }

  /** Saves the cursor of what is delivered, where it is not saved yet. */
  async save(): Promise<void> {
    const { flush, save } = this.#options;
    const cursor = this.#cursor;
    if (!cursor || !save) return;
    await flush?.();
    await save(cursor);
    this.#cursor = null;
    this.#savedAt = Date.now();
  }

  result(): Delivered {
    if (!this.#core) throw notBegun(this.#tail);
    return { ...this.#counts, tail: this.#tail, core: this.#core, digest: this.#digest };
  }
}

/** The error for a journal that has no whole first header yet, of so many bytes. */
export function notBegun(bytes: number): SealError {
  if (bytes === 0) return new SealError("malformed", "the input is empty, not a journal");
  if (bytes < 8) return new SealError("malformed", `the input ends after ${bytes} bytes, inside the magic`);
  return new SealError("tampered", "the input ends inside the header of its first epoch");
}
