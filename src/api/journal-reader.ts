// Reading journals, as the library's users do it.

import { loadSuite } from "../crypto/index.js";
import { poolEngine } from "../engine/pool.js";
import { defaultThreads } from "../engine/threads.js";
import { SealError } from "../errors.js";
import { openJournal } from "../io/journal-source.js";
import { parseBatch } from "../journal/batch.js";
import { encodeCursor, parseCursor } from "../journal/cursor.js";
import { notBegun } from "../journal/deliver.js";
import { type OpenedFrame, type ReadJournalOptions, readJournal } from "../journal/reader.js";
import type { JournalSource } from "../journal/store.js";
import { encodeSigner, parseSigner } from "../keys/text.js";
import { Identity } from "./identity.js";
import type { FileAt, UrlAt } from "./types.js";

export interface JournalReaderOptions {
  /** The identities to open with. */
  readonly keys: readonly Identity[];
  /** Writers to accept, `sealsig1…`, or any. Default: those that the identity which opens accepts. */
  readonly from?: readonly string[] | "any";
  /** The label that the journal must have. */
  readonly label?: string;
  /** Where to go on: what `cursor` was when an earlier reader was left. A journal that does not continue it is refused as `tampered`. */
  readonly cursor?: Uint8Array | null;
  /** Only what was sealed then or later, and before then, by the writer's clock. */
  readonly since?: Date;
  readonly until?: Date;
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
  /** In order. Their memory is the receiver's, and is shared among the records of several batches. */
  readonly records: readonly Uint8Array[];
}

/** One for the process, as for files. */
const engine = poolEngine(defaultThreads());

/** Reads a journal once, in order. Nothing comes before it is authenticated. */
export class JournalReader implements AsyncIterable<JournalBatch> {
  readonly #input: Pick<FileAt, "path"> | UrlAt | JournalSource;
  readonly #options: JournalReaderOptions;
  #begun = false;
  #cursor: Uint8Array | null;
  #tail: number | null = null;
  #signer: string | null = null;
  #label: string | null = null;

  private constructor(input: Pick<FileAt, "path"> | UrlAt | JournalSource, options: JournalReaderOptions) {
    this.#input = input;
    this.#options = options;
    this.#cursor = options.cursor ?? null;
  }

  /** A reader of a file, of an address, or of a source, which stays the caller's to close. */
  static open(input: Pick<FileAt, "path"> | UrlAt | JournalSource, options: JournalReaderOptions): JournalReader {
    return new JournalReader(input, options);
  }

  /**
   * Behind the batch that came last: what a later reader goes on with. To be kept when what came is where it is to be: after a crash records may come again, and
   * none is lost. What `until` leaves out is not before it. null where nothing was read.
   */
  get cursor(): Uint8Array | null {
    return this.#cursor;
  }

  /** At the end, how many bytes of an incomplete frame or header stand there, which may just be being written; null before. */
  get tail(): number | null {
    return this.#tail;
  }

  /** Who signed the journal, `sealsig1…`, and its label; null before the first batch. */
  get signer(): string | null {
    return this.#signer;
  }

  get label(): string | null {
    return this.#label;
  }

  /** The batches, read ahead as far as memory allows that does not grow. Throws `SealError`, after all that is before the fault has come. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JournalBatch, void, void> {
    if (this.#begun) throw new SealError("usage", "a journal's reader reads it once: open another");
    this.#begun = true;
    const settings = await settingsOf(this.#options);
    const source = await sourceOf(this.#input, this.#options.signal);
    try {
      for await (const step of readJournal(source, settings)) {
        if (step.is === "epoch") {
          this.#signer = encodeSigner(step.core.signer!);
          this.#label = step.core.label;
        } else if (step.is === "frames") for (const frame of step.frames) yield this.#reached(frame);
        if (step.is === "end") this.#tail = step.tail;
        else this.#cursor = encodeCursor(step.cursor);
      }
      if (this.#signer === null) throw notBegun(this.#tail!);
    } finally {
      if (source !== this.#input) await source.close();
    }
  }

  #reached({ epoch, frame, sealedAt, batch, cursor }: OpenedFrame): JournalBatch {
    this.#cursor = encodeCursor(cursor);
    return { epoch, frame, sealedAt: new Date(sealedAt), records: parseBatch(batch).records };
  }
}

async function settingsOf(options: JournalReaderOptions): Promise<ReadJournalOptions> {
  const { keys, from, label, cursor, since, until, follow, signal } = options;
  return {
    suite: await loadSuite(),
    engine,
    identities: keys.map(Identity.fileOf),
    from: from === undefined || from === "any" ? (from ?? null) : await Promise.all(from.map(parseSigner)),
    policy: { allowUnsigned: false, label },
    cursor: cursor ? parseCursor(cursor) : null,
    since: timeOf(since),
    until: timeOf(until),
    follow,
    signal,
  };
}

function timeOf(date: Date | undefined): number | undefined {
  if (date !== undefined && Number.isNaN(date.getTime())) throw new SealError("usage", "since and until are dates");
  return date?.getTime();
}

async function sourceOf(
  input: Pick<FileAt, "path"> | UrlAt | JournalSource,
  signal: AbortSignal | undefined,
): Promise<JournalSource> {
  if ("readAt" in input) return input;
  if ("path" in input) return openJournal(input.path);
  const [{ openJournalUrl }, { parseHeader }] = await Promise.all([
    import("../io/http-journal.js"),
    import("../io/request.js"),
  ]);
  const headers = Object.entries(input.headers ?? {}).map(([name, value]) => parseHeader(`${name}: ${value}`));
  return openJournalUrl(String(input.url), { headers, signal });
}
