// Writing journals, as the library's users do it.

import { loadSuite } from "../crypto/index.js";
import { SealError } from "../errors.js";
import { openJournalFile } from "../io/journal-file.js";
import type { EpochLimits } from "../journal/appender.js";
import type { FramePlace, Recovered } from "../journal/recover.js";
import type { JournalStore } from "../journal/store.js";
import { DEFAULT_LIMITS, JournalWriter as Writer, type WriterOptions } from "../journal/writer.js";
import { parseRecipient } from "../keys/text.js";
import { exponentOf } from "./chunk-size.js";
import { Identity } from "./identity.js";

export interface JournalWriterOptions {
  /** Who can read what is written from now on: `seal1…`, 1 … 4096. */
  readonly recipients: readonly string[];
  /** Who signs. A journal has one signer. */
  readonly signer: Identity;
  /** A public, signed text of at most 255 bytes. A journal keeps its label; by default it is empty in a new one. */
  readonly label?: string;
  /** Bytes that a frame holds at most: a power of two, 4 KiB … 16 MiB. A journal keeps it; 4 MiB by default in a new one. */
  readonly chunkSize?: number;
  /** When an epoch ends: after 300 seconds, 1 000 000 records or 2^30 bytes, if nothing else is said. */
  readonly epoch?: Partial<EpochLimits>;
  /**
   * Awaited for each frame when it is sealed, before it is written: where it stands in the journal, and the tags of the calls whose records are in it. Where it
   * throws, the frame is not written, and its records are rejected.
   */
  readonly beforeFrame?: (frame: FramePlace & { readonly tags: readonly unknown[] }) => Promise<void>;
  /** Ends opening; afterwards it ends the writer: what is not sealed yet is rejected with its reason, and so is what comes. */
  readonly signal?: AbortSignal;
}

/**
 * Writes records to a journal, of which it is the one writer until it is closed. Records that arrive while others are being written share the next frame, its
 * signature and its flush. Who takes over the writer's memory can read nothing that was sealed before (docs/THREATS.md).
 */
export class JournalWriter {
  /** What was found behind the writer's cursor: where an incomplete end was put, and the whole frames, acknowledged or not. */
  readonly recovered: Recovered;
  readonly #writer: Writer;

  private constructor(writer: Writer) {
    this.#writer = writer;
    this.recovered = writer.recovered;
  }

  /**
   * Begins a journal, or goes on with one. A store is the writer's from now on, and is closed where this throws `SealError`: `usage`; `tampered`, `malformed` or
   * `untrusted` for a journal that is not as this signer left it; `io`, also where it has a writer already.
   */
  static async open(
    target: { readonly path: string } | JournalStore,
    options: JournalWriterOptions,
  ): Promise<JournalWriter> {
    const settings = await settingsOf(options).catch(async (error) => {
      if (!("path" in target)) await target.close();
      throw error;
    });
    const store = "path" in target ? await openJournalFile(target.path, options.signal) : target;
    return new JournalWriter(await Writer.open(store, settings));
  }

  /** Bytes that were accepted and are not acknowledged yet. Nothing bounds them but the caller, who waits where they are too many. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /**
   * Accepts records, which are copied before this returns. Resolves when all of them are on disk. A call's records stay together, in order, and in one frame where
   * they fit; so they do among calls. Rejects with `io` where they are not acknowledged: they are not in the journal then, but for the first ones of a call that
   * did not fit into one frame, and for what a crash before the failure was dealt with has left. Rejects with `usage` where a record is too long (a frame holds
   * 12 bytes less than the chunk size) or the writer is closed. After a failure, records can be appended again.
   */
  append(records: Uint8Array | readonly Uint8Array[], tag?: unknown): Promise<void> {
    return this.#writer.append(records, tag);
  }

  /** What is sealed from now on is in a new epoch. */
  nextEpoch(): void {
    this.#writer.nextEpoch();
  }

  /** Waits until everything that was accepted is on disk or rejected, and gives the journal free. Throws `io`. */
  close(): Promise<void> {
    return this.#writer.close();
  }
}

async function settingsOf(options: JournalWriterOptions): Promise<WriterOptions> {
  const { beforeFrame, label, chunkSize, signal } = options;
  return {
    suite: await loadSuite(),
    signer: (await Identity.fileOf(options.signer).unlock()).signingKey,
    recipients: options.recipients.map(parseRecipient),
    label,
    chunkExponent: chunkSize === undefined ? undefined : exponentOf(chunkSize),
    limits: limitsOf(options.epoch),
    beforeFrame: beforeFrame && ((frame: FramePlace, tags: readonly unknown[]) => beforeFrame({ ...frame, tags })),
    signal,
  };
}

function limitsOf(given: Partial<EpochLimits> = {}): EpochLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const name of ["seconds", "records", "bytes"] as const) {
    if (limits[name] >= 1) continue;
    throw new SealError("usage", `an epoch of ${limits[name]} ${name}: 1 at least is due`);
  }
  return limits;
}
