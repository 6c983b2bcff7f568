// One inbox while it is in use: its journal's writer, its idempotency keys, and up to where the journal is on disk.

import { type FileHandle, open } from "node:fs/promises";
import { Answers, type KeyBudget, SLICES } from "./keys/answers.js";
import { type Announced, KeyLog } from "./keys/log.js";
import type { KeyedRequest } from "./keys/request.js";
import { stands } from "./keys/stands.js";
import type { FramePlace } from "./keys/unit.js";
import { Problem } from "./problem.js";
import type { Place, Settings } from "./store/directory.js";
import { ioError } from "./store/files.js";

/** Of a journal's writer, what an inbox needs: seal's JournalWriter. */
export interface Writer {
  /** The records are copied before this returns. */
  append(records: readonly Uint8Array[], tag: unknown): Promise<void>;
  readonly queuedBytes: number;
  readonly recovered: { readonly aside: string | null };
  nextEpoch(): void;
  close(): Promise<void>;
}

/** A frame that is sealed and about to be written, and the tags of the appends whose records are in it. */
export interface SealedFrame extends FramePlace {
  readonly tags: readonly unknown[];
}

export interface WriterOptions {
  readonly path: string;
  readonly recipients: readonly string[];
  readonly label: string;
  readonly beforeFrame: (frame: SealedFrame) => Promise<void>;
}

export type OpenWriter = (options: WriterOptions) => Promise<Writer>;

export interface InboxOptions {
  readonly openWriter: OpenWriter;
  readonly budget: KeyBudget;
  /** Milliseconds for which an idempotency key is kept at least. */
  readonly keyLifetime: number;
  /** Bytes that may wait for the disk. */
  readonly maxQueued: number;
}

/** What goes with each append, to where its frame is sealed. */
interface Tag {
  readonly request: KeyedRequest | null;
  end: number;
  announced: Announced | null;
}

/** A request under way: who sends it again waits for the same outcome. */
interface Pending {
  readonly print: Uint8Array;
  readonly done: Promise<void>;
}

export class Inbox {
  /** Where that was moved which a crash had left incomplete; null where nothing was. */
  readonly aside: string | null;
  readonly #writer: Writer;
  readonly #log: KeyLog;
  readonly #answers: Answers;
  readonly #options: InboxOptions;
  readonly #pending = new Map<string, Pending>();
  #durable: number;

  private constructor(writer: Writer, log: KeyLog, answers: Answers, options: InboxOptions, durable: number) {
    this.aside = writer.recovered.aside;
    this.#writer = writer;
    this.#log = log;
    this.#answers = answers;
    this.#options = options;
    this.#durable = durable;
  }

  /** Opens the journal for writing and reads the keys. Throws `io`; `tampered` where either is not in order. */
  static async open(place: Place, { label, recipients }: Settings, options: InboxOptions): Promise<Inbox> {
    const log = new KeyLog(place.keys, Math.ceil(options.keyLifetime / SLICES));
    const beforeFrame = (frame: SealedFrame) => announce(log, frame);
    const writer = await options.openWriter({ path: place.journal, recipients, label, beforeFrame });
    const answers = new Answers(options.budget, options.keyLifetime);
    try {
      const durable = await flushed(place.journal);
      const now = Date.now();
      await log.load(
        (frame) => stands(place.journal, frame),
        (time, answered) => answers.add(time, answered, now),
      );
      return new Inbox(writer, log, answers, options, durable);
    } catch (error) {
      answers.clear();
      await writer.close();
      throw error;
    }
  }

  /** Bytes of the journal that are on disk, up to the end of a frame: what may be given away. They never change. */
  get durableBytes(): number {
    return this.#durable;
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /**
   * Appends records, which are copied at once: they are on disk when this is done. A request with a key that was answered already, or that is under way, is not done
   * again. Throws `Problem`; what the writer throws.
   */
  async append(records: readonly Uint8Array[], request: KeyedRequest | null): Promise<{ replayed: boolean }> {
    if (!request) {
      await this.#write(records, null);
      return { replayed: false };
    }
    const name = Buffer.from(request.id).toString("latin1");
    const known = this.#answers.find(request.id, Date.now());
    if (known && !known.isSame(request.print)) throw reused();
    if (known) return { replayed: true };
    const pending = this.#pending.get(name);
    if (pending) {
      if (Buffer.compare(pending.print, request.print) !== 0) throw reused();
      await pending.done;
      return { replayed: true };
    }
    const done = this.#write(records, request);
    this.#pending.set(name, { print: request.print, done });
    try {
      await done;
      return { replayed: false };
    } finally {
      this.#pending.delete(name);
    }
  }

  /** Forgets keys that have outlived their time. Throws `io`. */
  async tidy(): Promise<void> {
    const now = Date.now();
    this.#answers.forget(now);
    await this.#log.forget(now - this.#options.keyLifetime);
  }

  /** From now on, what a thief takes of the memory does not open what comes next. */
  nextEpoch(): void {
    this.#writer.nextEpoch();
  }

  /** Finishes what is under way and gives up the journal. Throws `io`. */
  async close(): Promise<void> {
    let isClean = false;
    try {
      await this.#writer.close();
      isClean = true;
    } finally {
      await this.#log.close(isClean);
      this.#answers.clear();
    }
  }

  async #write(records: readonly Uint8Array[], request: KeyedRequest | null): Promise<void> {
    const { budget, maxQueued } = this.#options;
    if (this.#writer.queuedBytes > maxQueued) throw new Problem("busy", "Try again in a moment.", { retryAfter: 1 });
    if (request && budget.isSpent) {
      throw new Problem("too-many-keys", "Send it without a key, or later.", { retryAfter: 60 });
    }
    const tag: Tag = { request, end: 0, announced: null };
    try {
      await this.#writer.append(records, tag);
    } catch (error) {
      if (tag.announced) this.#log.settle(tag.announced, false);
      throw error;
    }
    const now = Date.now();
    if (tag.announced) this.#log.settle(tag.announced, true);
    if (request) this.#answers.add(now, request, now);
    if (tag.end > this.#durable) this.#durable = tag.end;
  }
}

/** Before a frame is written: the keys in it become durable, with its place in the journal. */
async function announce(log: KeyLog, frame: SealedFrame): Promise<void> {
  const tags = frame.tags as readonly Tag[];
  const keyed = tags.filter(({ request }) => request !== null);
  const entries = keyed.map(({ request }) => request!);
  const announced = entries.length > 0 ? await log.announce(frame, entries, Date.now()) : null;
  for (const tag of keyed) tag.announced = announced;
  for (const tag of tags) tag.end = frame.end;
}

/** Bytes of a file, once they are on disk. Throws `io`. */
async function flushed(path: string): Promise<number> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    await file.datasync();
    return (await file.stat()).size;
  } catch (error) {
    throw ioError(`cannot read ${path}`, error);
  } finally {
    await file?.close();
  }
}

function reused(): Problem {
  return new Problem(
    "key-reused",
    "Another body was sent with this key. Use a fresh key for each request that is not a retry.",
  );
}
