// Writing journals, as the library's users do it.

import "./node.js";
import { loadSuite, type Suite } from "../crypto/index.js";
import { erase } from "../crypto/secret.js";
import type { Entry } from "../format/batch.js";
import { bare } from "../given.js";
import { openJournalFile } from "../io/journals/open.js";
import type { JournalStore } from "../journal/store.js";
import type { EpochLimits } from "../journal/writing/appender.js";
import type { NextFrame, Recovered } from "../journal/writing/recover.js";
import { DEFAULT_LIMITS, Writer, type WriterOptions } from "../journal/writing/writer.js";
import {
  abortSignal,
  bindMethods,
  type Check,
  callback,
  number,
  OPTIONS,
  optional,
  path,
  refuseNew,
  type Settings,
  settings,
  text,
  whole,
} from "./arguments.js";
import { chunkExponent } from "./chunk-size.js";
import { withInput } from "./given-bytes.js";
import type { Identity } from "./identity.js";
import { givenBy, parseRecipients, recipientsEachTime } from "./keys.js";
import { type JournalRecord, recordsOf } from "./records.js";
import { headerSigner, type Signer, signer } from "./signer.js";
import { checkedStore, isSource } from "./stores.js";

const OURS = Symbol();

export interface JournalWriterOptions {
  /**
   * Who can read what is written from now on: `seal1…`, 1 … 4096. A function is asked again for each epoch, so that who
   * is not named any more reads no more.
   */
  readonly to: readonly string[] | (() => Promise<readonly string[]>);
  /** Who signs. A journal has one signer. */
  readonly sign: Identity | Signer;
  /** A public, signed text of at most 255 bytes. A journal keeps its label; by default it is empty in a new one. */
  readonly label?: string;
  /**
   * Bytes that a frame holds at most: a power of two, 4 KiB … 16 MiB. A journal keeps it; 4 MiB by default in a new
   * one.
   */
  readonly chunkSize?: number;
  /** When an epoch ends: after 300 seconds, 1 000 000 records or 2^30 bytes, if nothing else is said. */
  readonly epoch?: Partial<EpochLimits>;
  /**
   * Awaited for each frame when it is sealed, before it is written: its place in the journal, and the tags of the
   * calls whose records are in it. A writer that has lost the journal does not call it. Where it throws, the frame is
   * not written, and its records are rejected.
   */
  readonly beforeFrame?: (frame: NextFrame & { readonly tags: readonly unknown[] }) => Promise<void>;
  /**
   * Ends opening; afterwards it ends the writer: what is not sealed yet is rejected with its reason, and so is what
   * comes.
   */
  readonly signal?: AbortSignal;
}

/** A journal in a file, by its path. */
export interface JournalFile {
  readonly path: string;
}

/**
 * Writes records to a journal, of which it is the one writer until it is closed. Records that arrive while others are
 * being written share the next frame, its signature and its flush. Who takes over the writer's memory can read nothing
 * that was sealed before (docs/THREATS.md).
 */
export class JournalWriter {
  /**
   * What was found behind the writer's cursor: where an incomplete end was put, and the whole frames, acknowledged or
   * not.
   */
  readonly recovered: Recovered;
  readonly #writer: Writer;
  /** What errors call the journal. */
  readonly #name: string;

  private constructor(ours: typeof OURS, writer: Writer, name: string) {
    refuseNew(ours === OURS, "a journal's writer", "JournalWriter.open");
    this.#writer = writer;
    this.#name = name;
    this.recovered = writer.recovered;
    bindMethods(this, ["append", "nextEpoch", "close"]);
  }

  /**
   * Begins a journal, or goes on with one. A store is the writer's from now on, and is closed where this throws.
   * @throws `SealError`: `usage`; `tampered`, `malformed` or `untrusted` for a journal that is not as this signer left
   * it; `io`, also where it already has a writer; the signal's reason.
   */
  static async open(target: JournalFile | JournalStore, options: JournalWriterOptions): Promise<JournalWriter> {
    const to = targetOf(target);
    const name = typeof to === "string" ? to : to.name;
    const given = await (async () => settingsOf(settings(options, OPTIONS, WRITER)))().catch(async (error) => {
      if (typeof to !== "string") await to.close();
      throw error;
    });
    try {
      const store = typeof to === "string" ? await openJournalFile(to, { signal: given.signal }) : to;
      return new JournalWriter(OURS, await Writer.open(store, given), name);
    } catch (error) {
      throw withInput(name, error);
    }
  }

  /**
   * Bytes that were accepted and are not acknowledged yet. Nothing bounds them but the caller, who waits where they are
   * too many.
   */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /**
   * Accepts records, which are copied before this returns. Resolves when all of them are on disk. A call's records stay
   * together, in order, and in one frame where they fit; so they do among calls. Rejects with `io` where they are not
   * acknowledged: they are not in the journal then, but for the first ones of a call that did not fit into one frame,
   * and for what a crash before the failure was dealt with has left. Rejects with `usage` where a record is too long (a
   * frame holds 12 bytes less than the chunk size, and 2 bytes less than that beside heads, which take of it), where
   * its heads are none, or the writer is closed. After a failure, records can be appended again.
   */
  async append(records: JournalRecord | readonly JournalRecord[], tag?: unknown): Promise<void> {
    try {
      await this.#accept(recordsOf(records, "records"), tag);
    } catch (error) {
      throw withInput(this.#name, error);
    }
  }

  /** It holds nothing of the records while they wait. */
  #accept(entries: readonly Entry[], tag: unknown): Promise<void> {
    const settled = this.#writer.append(entries, tag);
    for (const entry of entries) if (!(entry instanceof Uint8Array)) erase(entry.heads);
    return settled;
  }

  /** What is sealed from now on is in a new epoch. */
  nextEpoch(): void {
    this.#writer.nextEpoch();
  }

  /**
   * Resolves where the journal is still this writer's. Rejects with `fenced` where another one has taken it over: that
   * is final; with `io` where that cannot be found out now, or how the journal ends.
   */
  check(): Promise<void> {
    return this.#writer.check();
  }

  /** Waits until everything that was accepted is on disk or rejected, and gives the journal free. Throws `io`. */
  async close(): Promise<void> {
    try {
      await this.#writer.close();
    } catch (error) {
      throw withInput(this.#name, error);
    }
  }
}

const EPOCH = {
  seconds: optional(number(1, "a number, at least 1")),
  records: optional(whole(1)),
  bytes: optional(whole(1)),
};

/** Limits that are not given are those of every journal. */
const limits: Check<EpochLimits> = (value, what) => {
  const { seconds, records, bytes } = settings(value, what, EPOCH);
  return {
    seconds: seconds ?? DEFAULT_LIMITS.seconds,
    records: records ?? DEFAULT_LIMITS.records,
    bytes: bytes ?? DEFAULT_LIMITS.bytes,
  };
};

const WRITER = {
  to: recipientsEachTime,
  sign: signer,
  label: optional(text),
  chunkSize: optional(chunkExponent),
  epoch: optional(limits),
  beforeFrame: optional(callback<NonNullable<JournalWriterOptions["beforeFrame"]>>),
  signal: optional(abortSignal),
};

const FILE = { path };

function targetOf(target: unknown): string | JournalStore {
  return isSource(target)
    ? checkedStore(target as JournalStore, "the store")
    : settings(target, "the journal", FILE).path;
}

async function recipientsOf(suite: Suite, to: Settings<typeof WRITER>["to"]): Promise<WriterOptions["recipients"]> {
  if (typeof to !== "function") return parseRecipients(suite, to, "to");
  return async () => parseRecipients(suite, await to(), givenBy("to"));
}

async function settingsOf(given: Settings<typeof WRITER>): Promise<WriterOptions> {
  const { to, sign, label, chunkSize, epoch, beforeFrame, signal } = given;
  const suite = await loadSuite();
  return bare({
    suite,
    signer: await headerSigner(sign),
    recipients: await recipientsOf(suite, to),
    label,
    chunkExponent: chunkSize,
    limits: epoch,
    beforeFrame: beforeFrame && ((frame: NextFrame, tags: readonly unknown[]) => beforeFrame({ ...frame, tags })),
    signal,
  });
}
