// Reading journals, wherever they lie: the options, and the reader that each platform's is made of.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import type { Records } from "../format/batch.js";
import { encodeCursor, parseCursor } from "../format/cursor.js";
import { bare } from "../given.js";
import { notBegun } from "../journal/reading/deliver.js";
import { type OpenedFrame, type ReadJournalOptions, readJournal } from "../journal/reading/reader.js";
import type { JournalSource } from "../journal/store.js";
import { encodeSigner } from "../keys/text.js";
import { abortSignal, bindMethods, type Check, date, flag, OPTIONS, optional, settings, text } from "./arguments.js";
import { bytes, withInput } from "./given-bytes.js";
import { fileOf, type Identity, identities } from "./identity.js";
import { senders } from "./keys.js";
import { platform } from "./platform.js";
import { acceptedOf } from "./settings.js";

export interface JournalReaderOptions {
  /** The identities to open with. */
  readonly keys: readonly Identity[];
  /** Writers to accept, `sealsig1…`, or any. Default: those that the identity which opens accepts. */
  readonly from?: readonly string[] | "any";
  /** The label that the journal must have. */
  readonly label?: string;
  /**
   * Where to go on: what `cursor` was when an earlier reader was left. A journal that does not continue it is refused
   * as `tampered`; a cursor that is not for reading, as `usage`.
   */
  readonly cursor?: Uint8Array | null;
  /** Only what was sealed then or later, and before then, by the writer's clock. */
  readonly since?: Date;
  readonly until?: Date;
  /** Whether `cursor` goes past what `since` leaves out, which a later reader with that cursor does not get either. */
  readonly skipOlder?: boolean;
  /**
   * Whether to begin where the journal begins now, if its writer has removed what follows `cursor`; else that is
   * refused, as `usage` with the reason `removed`.
   */
  readonly skipRemoved?: boolean;
  /**
   * Whether to go on behind an epoch that none of `keys` opens: it is verified and counted (`skipped`), and `cursor`
   * goes past it. Else that is refused, as `no-key` with the reason `other-recipients`, and `cursor` stays before it.
   */
  readonly skipUnreadable?: boolean;
  /** Whether to wait for more at the end of what is there. */
  readonly follow?: boolean;
  /** Ends reading with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Records that were sealed together. */
export interface JournalBatch {
  /** The offset of its epoch in the journal, and its number there. */
  readonly epoch: number;
  readonly frame: number;
  readonly sealedAt: Date;
  /**
   * In order, and how many (`length`). Each is a copy, made when its turn comes: `[...records]` of a hostile writer can
   * take much memory. `records.withHeads()` gives `{ record, heads }` for each: what its writer has put in front of it,
   * as an object of texts, empty where there is nothing.
   */
  readonly records: Records;
}

/** null as nothing: it is what `cursor` is before anything has been read. */
const cursor: Check<Bytes | null> = (value, what) => (value === null ? null : bytes(value, what));

const READER = {
  keys: identities,
  from: optional(senders),
  label: optional(text),
  cursor: optional(cursor),
  since: optional(date),
  until: optional(date),
  skipOlder: optional(flag),
  skipRemoved: optional(flag),
  skipUnreadable: optional(flag),
  follow: optional(flag),
  signal: optional(abortSignal),
};

/** A journal that is to be opened when it is read. */
export interface Readable {
  /** What errors call it. */
  readonly name: string | undefined;
  open(signal: AbortSignal | undefined): Promise<JournalSource>;
}

/** Reads a journal once, in order. Nothing comes before it is authenticated. */
export abstract class BatchReader implements AsyncIterable<JournalBatch> {
  readonly #journal: Readable;
  readonly #options: ReadJournalOptions;
  #begun = false;
  #cursor: Uint8Array | null;
  #tail: number | null = null;
  #skipped = { epochs: 0, frames: 0 };
  #signer: string | null = null;
  #label: string | null = null;

  protected constructor(journal: Readable, options: ReadJournalOptions) {
    this.#journal = journal;
    this.#options = options;
    this.#cursor = options.cursor && encodeCursor(options.cursor, "reading");
    bindMethods<BatchReader>(this, [Symbol.asyncIterator]);
  }

  /**
   * Behind the batch that came last: what a later reader goes on with. To be kept when what came is where it is to be:
   * after a crash records may come again, and none is lost. What `until` leaves out is not before it, nor what `since`
   * does without `skipOlder`. null where nothing was read.
   */
  get cursor(): Uint8Array | null {
    return this.#cursor?.slice() ?? null;
  }

  /**
   * At the end, how many bytes of an incomplete frame or header stand there, which may still be being written; null
   * before.
   */
  get tail(): number | null {
    return this.#tail;
  }

  /** How many epochs, and frames in them, `skipUnreadable` has passed over so far. */
  get skipped(): { readonly epochs: number; readonly frames: number } {
    return { ...this.#skipped };
  }

  /** Who signed the journal, `sealsig1…`, and its label; null before the first batch. */
  get signer(): string | null {
    return this.#signer;
  }

  get label(): string | null {
    return this.#label;
  }

  /**
   * The batches, read ahead as far as memory allows that does not grow. Throws `SealError`, after all that is before
   * the fault has come.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<JournalBatch, void, void> {
    if (this.#begun) throw new SealError("usage", "a JournalReader reads once: open another");
    this.#begun = true;
    try {
      const source = await this.#journal.open(this.#options.signal);
      try {
        yield* this.#batches(source);
      } finally {
        await source.close();
      }
    } catch (error) {
      throw withInput(this.#journal.name, error);
    }
  }

  async *#batches(source: JournalSource): AsyncGenerator<JournalBatch, void, void> {
    for await (const step of readJournal(source, this.#options)) {
      if (step.is === "epoch" || step.is === "base") {
        const { signer, label } = step.is === "base" ? step.base : step.core;
        this.#signer = encodeSigner(signer!);
        this.#label = label;
        if (step.is === "epoch" && !step.isOpen) this.#skipped.epochs += 1;
      } else if (step.is === "skipped") this.#skipped.frames += step.frames;
      else if (step.is === "frames") for (const frame of step.frames) yield this.#reached(frame);
      if (step.is === "end") this.#tail = step.tail;
      else this.#cursor = encodeCursor(step.cursor, "reading");
    }
    if (this.#signer === null) throw notBegun(this.#tail!);
  }

  #reached({ epoch, frame, sealedAtMs, records, cursor }: OpenedFrame): JournalBatch {
    this.#cursor = encodeCursor(cursor, "reading");
    return { epoch, frame, sealedAt: new Date(sealedAtMs), records };
  }
}

/** What a caller gives, checked. Throws `usage`. */
export async function readerSettings(options: unknown): Promise<ReadJournalOptions> {
  const given = settings(options, OPTIONS, READER);
  const { keys, from, label, cursor, since, until, skipOlder, skipRemoved, skipUnreadable, follow, signal } = given;
  return bare({
    suite: await platform().suite(),
    engine: await platform().engine(),
    identities: keys.map(fileOf),
    from: await acceptedOf(from),
    policy: { allowUnsigned: false, label },
    cursor: cursor ? parseCursor(cursor, "reading") : null,
    since,
    until,
    skipOlder,
    skipRemoved,
    skipUnreadable,
    follow,
    signal,
  });
}
