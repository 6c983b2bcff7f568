// From a journal to an output, with a cursor that follows what has arrived there.

import { type Bytes, concat, toHex } from "../../bytes.js";
import { SealError } from "../../errors.js";
import type { Progress, Sink } from "../../flow/io.js";
import { release } from "../../flow/io.js";
import type { Base } from "../../format/base.js";
import type { Cursor } from "../../format/cursor.js";
import { framed } from "../lines/join.js";
import { type ObjectFormat, objectLines } from "../lines/objects.js";
import type { Framing } from "../lines/split.js";
import type { JournalSource } from "../store.js";
import { type OpenedFrame, type ReadJournalOptions, type ReadStep, readJournal } from "./reader.js";
import type { Signed } from "./verify.js";

/** How long what was delivered may go without its cursor, in milliseconds. */
const SAVE_TIME = 5000;
/** What is written at once, at least, while there is more to come. */
const WRITE_BYTES = 256 * 1024;

/** Records as they are, in a framing; or as objects, which tell what is known of each. */
export type Format = Framing | ObjectFormat;

export interface DeliverOptions extends ReadJournalOptions {
  readonly format: Format;
  /**
   * Makes what was written durable, as far as that can be; null where nothing is delivered before the sink is
   * committed.
   */
  readonly flush: (() => Promise<void>) | null;
  /**
   * Replaces the cursor. It is called when what is before the cursor has been delivered, at the end and from time to
   * time.
   */
  readonly save?: ((cursor: Cursor) => Promise<void>) | undefined;
  readonly progress?: Progress | undefined;
}

export interface Delivered {
  /** Epochs and frames that were checked, the epoch that was resumed included. */
  readonly epochs: number;
  readonly frames: number;
  /** Those among them that no key opens, and of which nothing was written. */
  readonly skippedEpochs: number;
  readonly skippedFrames: number;
  /** Records that were written. */
  readonly records: number;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  /** What the journal begins with, where it was shortened. */
  readonly base: Base | null;
  readonly core: Signed;
  /** The chain value at the end, in hex. */
  readonly digest: string;
}

/**
 * Writes the records of a journal to the sink, and commits it. Where it fails, what was written is authentic and,
 * unless it is the sink that failed, has its cursor. Throws as `readJournal`; `usage` for a record that cannot be
 * framed; `tampered` or `malformed` for a journal that has not begun.
 */
export async function deliver(source: JournalSource, sink: Sink, options: DeliverOptions): Promise<Delivered> {
  const delivery = new Delivery(sink, options, options.progress && (await source.size()));
  try {
    for await (const step of readJournal(source, options)) await delivery.take(step);
    const delivered = delivery.result();
    await delivery.write();
    if (options.flush) await delivery.save();
    await sink.commit();
    await delivery.save();
    return delivered;
  } catch (error) {
    if (options.flush) await delivery.rescue();
    await sink.abort();
    throw error;
  }
}

class Delivery {
  readonly #sink: Sink;
  readonly #options: DeliverOptions;
  readonly #size: number | undefined;
  #core: Signed | null = null;
  #base: Base | null = null;
  #digest = "";
  #tail = 0;
  #counts = { epochs: 0, frames: 0, skippedEpochs: 0, skippedFrames: 0, records: 0 };
  /** What is to be written, and the cursor behind it. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #reached: Cursor | null = null;
  /** Bytes that were written, and the cursor behind them; null where writing or flushing failed. */
  #written = 0;
  #delivered: Cursor | null = null;
  #saved: Cursor | null;
  #savedAt = Date.now();

  constructor(sink: Sink, options: DeliverOptions, size: number | undefined) {
    this.#sink = sink;
    this.#options = options;
    this.#size = size;
    this.#saved = options.cursor;
  }

  async take(step: ReadStep): Promise<void> {
    if (step.is === "frames") return this.#takeFrames(step);
    if (step.is === "skipped") {
      this.#counts.skippedFrames += step.frames;
      return this.#passed(step.frames, step);
    }
    if (step.is === "base") {
      this.#core = step.base;
      this.#base = step.base;
      this.#digest = toHex(step.cursor.chain);
      this.#reached = step.cursor;
      return;
    }
    if (step.is === "epoch") {
      this.#core = step.core;
      this.#digest = toHex(step.chain);
      this.#counts.epochs += 1;
      if (!step.isOpen) this.#counts.skippedEpochs += 1;
      this.#reached = step.cursor;
      return;
    }
    this.#tail = step.tail;
    if (!this.#options.follow) return;
    await this.write();
    await this.save();
  }

  async #takeFrames(step: Extract<ReadStep, { is: "frames" }>): Promise<void> {
    const { frames, buffer, checked, cursor } = step;
    const { format } = this.#options;
    if (format === "lines" || format === "length") this.#holdFramed(frames, buffer, format);
    else await this.#holdObjects(frames, format, cursor.journal);
    await this.#passed(checked, step);
  }

  /** So many frames were checked, and what is wanted of them is held. */
  async #passed(frames: number, { cursor, chain }: { readonly cursor: Cursor; readonly chain: Bytes }): Promise<void> {
    const { flush, progress } = this.#options;
    this.#reached = cursor;
    this.#digest = toHex(chain);
    this.#counts.frames += frames;
    if (this.#heldBytes >= WRITE_BYTES) await this.write();
    if (this.#size !== undefined) progress?.(Math.min(cursor.end, this.#size), this.#size);
    if (flush && Date.now() - this.#savedAt >= SAVE_TIME) {
      await this.write();
      await this.save();
    }
  }

  /** Throws `usage` for a record that cannot be framed, when everything before its frame is held. */
  #holdFramed(frames: readonly OpenedFrame[], buffer: Bytes, framing: Framing): void {
    const { bytes, frames: written, records, fault } = framed(frames, buffer, framing);
    this.#hold(bytes);
    this.#counts.records += records;
    if (!fault) return;
    this.#reached = frames[written - 1]?.cursor ?? this.#reached;
    throw fault;
  }

  /** They take more memory than the records: what is held is written meanwhile. */
  async #holdObjects(frames: readonly OpenedFrame[], format: ObjectFormat, journal: Bytes): Promise<void> {
    const { label } = this.#core!;
    for (const frame of frames) {
      for (const piece of objectLines(frame, format, { journal, label })) {
        this.#hold(piece);
        if (this.#heldBytes >= WRITE_BYTES) await this.write();
      }
      this.#reached = frame.cursor;
      this.#counts.records += frame.records.length;
    }
  }

  #hold(bytes: Bytes): void {
    if (bytes.length > 0) this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** Writes what was held until it was worth it. */
  async write(): Promise<void> {
    const { signal } = this.#options;
    const bytes = this.#held.length === 1 ? this.#held[0]! : concat(...this.#held);
    const before = this.#delivered;
    this.#held = [];
    this.#heldBytes = 0;
    this.#delivered = null;
    if (bytes.length > 0) {
      await release(this.#sink, bytes, this.#written, signal).catch((error) => {
        if (signal?.aborted) this.#delivered = before;
        throw error;
      });
    }
    this.#written += bytes.length;
    this.#delivered = this.#reached;
  }

  /** Saves the cursor of what is delivered, where it is not saved yet. */
  async save(): Promise<void> {
    const { flush, save } = this.#options;
    const cursor = this.#delivered;
    this.#savedAt = Date.now();
    if (!cursor || !save || cursor === this.#saved) return;
    // What could not be flushed may be lost, and a second flush would not tell.
    this.#delivered = null;
    await flush?.();
    this.#delivered = cursor;
    await save(cursor);
    this.#saved = cursor;
  }

  /**
   * After a failure: what was read before it is still delivered, unless it is the output that failed, or the caller who
   * wants no more.
   */
  async rescue(): Promise<void> {
    try {
      if (this.#heldBytes > 0 && !this.#options.signal?.aborted) await this.write();
      await this.save();
    } catch {
      // The failure before this one is the one to tell of.
    }
  }

  result(): Delivered {
    if (!this.#core) throw notBegun(this.#tail);
    return { ...this.#counts, tail: this.#tail, base: this.#base, core: this.#core, digest: this.#digest };
  }
}

/** The error for a journal that has no whole first header yet, of so many bytes. */
export function notBegun(bytes: number): SealError {
  if (bytes === 0) return new SealError("malformed", "the input is empty, not a journal");
  if (bytes < 8) return new SealError("malformed", `the input ends after ${bytes} bytes, inside the magic`);
  return new SealError("tampered", "the input ends inside the header of its first epoch");
}
