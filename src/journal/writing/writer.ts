// Writing a journal: records that arrive while a frame is being written gather for the next (docs/FORMAT.md, "Writing a
// journal").

import type { HeaderSigner, Suite } from "../../crypto/suite.js";
import { ioError, SealError } from "../../errors.js";
import type { Progress } from "../../flow/io.js";
import { type Entry, entrySize } from "../../format/batch.js";
import { DEFAULT_CHUNK_EXPONENT, labelFault } from "../../format/core.js";
import type { Signed } from "../reading/verify.js";
import type { JournalStore } from "../store.js";
import { Appender, type EpochLimits, type SealedFrame } from "./appender.js";
import type { Recipients } from "./epoch.js";
import { WriterCursor } from "./follow.js";
import { LogicalStore, refuseOther } from "./logical.js";
import { Owner } from "./owner.js";
import { type Gathered, RecordQueue } from "./queue.js";
import { type FoundEnd, type NextFrame, type Recovered, recover } from "./recover.js";

export const DEFAULT_LIMITS: EpochLimits = { seconds: 300, records: 1_000_000, bytes: 2 ** 30 };

export interface WriterOptions {
  readonly suite: Suite;
  readonly signer: HeaderSigner;
  readonly recipients: Recipients;
  /** By default that of the journal, empty in a new one. */
  readonly label?: string | undefined;
  /** By default that of the journal, 22 in a new one. */
  readonly chunkExponent?: number | undefined;
  readonly limits?: EpochLimits | undefined;
  /**
   * Awaited when a frame is sealed and before it is written, if the journal is still this writer's then; where it
   * throws, the frame counts as one that could not be written.
   */
  readonly beforeFrame?: ((frame: NextFrame, tags: readonly unknown[]) => Promise<void>) | undefined;
  /** Told of each frame that is durable, before those who wait for its records. Must not throw. */
  readonly onCommit?: ((records: number) => void) | undefined;
  /**
   * Told, while the journal is verified, up to which byte that is done, and how many there are: first where it begins.
   */
  readonly onRecovery?: Progress | undefined;
  /**
   * Ends opening; afterwards it ends the writer: what is not sealed yet is rejected with its reason, and so is what
   * comes.
   */
  readonly signal?: AbortSignal | undefined;
}

export class Writer {
  readonly recovered: Recovered;
  readonly label: string;
  readonly chunkSize: number;
  readonly #store: JournalStore;
  readonly #options: WriterOptions;
  readonly #queue: RecordQueue;
  readonly #appender: Appender;
  #queuedBytes = 0;
  /** What was sealed while the frame before it is being written, or why it could not be. */
  #ahead: { readonly batch: Gathered; readonly frame: SealedFrame | null; readonly error?: unknown } | null = null;
  #isWriting = false;
  #loop: Promise<void> | null = null;
  #ending: Promise<void> | null = null;
  /** Why nothing more is accepted. */
  #refusal: unknown = null;

  private constructor(store: JournalStore, owner: Owner, options: WriterOptions, found: FoundEnd) {
    const { core, cursor, saved, tailMovedTo, frames } = found;
    const { suite, signer, recipients, limits = DEFAULT_LIMITS, signal } = options;
    const chunkExponent = core?.chunkExponent ?? options.chunkExponent ?? DEFAULT_CHUNK_EXPONENT;
    this.recovered = { tailMovedTo, frames };
    this.label = core?.label ?? options.label ?? "";
    this.chunkSize = 2 ** chunkExponent;
    this.#store = store;
    this.#options = options;
    this.#queue = new RecordQueue(this.chunkSize);
    const settings = { suite, signer, recipients, label: this.label, chunkExponent, limits, signal };
    this.#appender = new Appender(owner, new WriterCursor(owner, saved), settings, cursor);
  }

  /**
   * Goes on with a journal, or begins one. The store is the writer's from now on, and is closed where this throws:
   * `usage` for what cannot be sealed, or for another label or chunk size than the journal's; `tampered`, `untrusted`
   * or `malformed` for a journal that must not be continued; `io`.
   */
  static async open(store: JournalStore, options: WriterOptions): Promise<Writer> {
    const { suite, signer, recipients, label, signal } = options;
    try {
      if (typeof recipients !== "function" && recipients.length === 0) throw new SealError("usage", "no recipient");
      const fault = labelFault(label ?? "");
      if (fault) throw new SealError("usage", `the label ${fault}`);
      await refuseOther(store);
      const owner = await Owner.become(new LogicalStore(store), suite.sha256Stream);
      const found = await recover(store, owner, suite, signer.publicKey, signal, options.onRecovery);
      if (found.core) checkSame(store.name, found.core, options);
      const writer = new Writer(store, owner, options, found);
      // From now on a reader finds a journal; and what stands in the way of writing one shows at once.
      if (!found.cursor) await writer.#appender.begin();
      if (signal?.aborted) writer.nextEpoch();
      signal?.throwIfAborted();
      signal?.addEventListener("abort", writer.#abort, { once: true });
      return writer;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Bytes that were accepted and are not acknowledged yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Accepts records, which are copied before this returns. Resolves when all of them are durable. A call's records stay
   * together, in order, and in one frame where they fit; `tag` is handed to `beforeFrame` with each frame that they are
   * in. Rejects with `io` where they are not acknowledged (where they did not fit into one frame, the first of them may
   * be in the journal nevertheless), with `usage` where one is too long or the writer is closed.
   */
  async append(records: Entry | readonly Entry[], tag?: unknown): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    const list = Array.isArray(records) ? (records as readonly Entry[]) : [records as Entry];
    const settled = this.#queue.append(list, tag);
    for (const entry of list) this.#queuedBytes += entrySize(entry);
    this.#loop ??= this.#run();
    this.#sealAhead();
    return settled;
  }

  /** Ends the epoch: what is sealed from now on is in a new one. */
  nextEpoch(): void {
    this.#appender.end();
  }

  /**
   * Whether it is still the journal's writer. Throws `fenced` where it is not, for good; `io`, where that cannot be
   * found out, or it is not known yet how the journal ends; what appending throws.
   */
  async check(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    await this.#appender.check();
  }

  /** Waits until everything that was accepted is acknowledged or rejected, and ends the writer. Throws `io`. */
  close(): Promise<void> {
    this.#refusal ??= new SealError("usage", "the journal's writer is closed");
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    await this.#loop;
    try {
      await this.#appender.close();
    } finally {
      await this.#store.close();
    }
  }

  readonly #abort = () => {
    this.#refusal = this.#options.signal!.reason;
    this.#rejectQueued(this.#refusal);
  };

  async #run(): Promise<void> {
    // What else is appended in this turn of the program belongs to the first frame.
    await null;
    for (let batch = this.#next(); batch; batch = this.#next()) {
      try {
        await this.#commit(batch);
        this.#queuedBytes -= batch.bytes;
        this.#options.onCommit?.(batch.records);
        batch.resolve();
        this.#queue.reuse(batch);
      } catch (error) {
        this.#appender.fail();
        if (error instanceof SealError && error.code === "fenced") this.#refusal = error;
        this.#reject(batch, error);
        // Those behind it must not come before it, when it is appended again.
        if (this.#ahead) this.#reject(this.#ahead.batch, error);
        this.#ahead = null;
        this.#rejectQueued(error);
      }
    }
    this.#loop = null;
  }

  #next(): Gathered | null {
    return this.#ahead?.batch ?? this.#queue.take();
  }

  async #commit(batch: Gathered): Promise<void> {
    const { frame = null, error } = this.#ahead ?? {};
    this.#ahead = null;
    if (error) throw error;
    const { place, ...sealed } = frame ?? (await this.#appender.seal(batch));
    this.#isWriting = true;
    this.#sealAhead();
    try {
      await this.#beforeFrame(place, batch.tags);
      await this.#appender.write({ place, ...sealed });
    } finally {
      this.#isWriting = false;
    }
  }

  /** Whoever has lost the journal touches nothing that belongs to it either. */
  async #beforeFrame(place: NextFrame, tags: readonly unknown[]): Promise<void> {
    if (!this.#options.beforeFrame) return;
    await this.#appender.check();
    await this.#options.beforeFrame(place, tags);
  }

  /**
   * While the disk is at work, the processor may be: a batch to which nothing can be added any more need not wait to be
   * sealed.
   */
  #sealAhead(): void {
    if (!this.#isWriting || this.#ahead || !this.#queue.isFull || !this.#appender.canSealAhead) return;
    const batch = this.#queue.take()!;
    try {
      this.#ahead = { batch, frame: this.#appender.sealAhead(batch) };
    } catch (error) {
      this.#ahead = { batch, frame: null, error };
    }
  }

  #rejectQueued(reason: unknown): void {
    for (let batch = this.#queue.take(); batch; batch = this.#queue.take()) this.#reject(batch, reason);
  }

  #reject(batch: Gathered, reason: unknown): void {
    this.#queuedBytes -= batch.bytes;
    batch.buffer.erase();
    this.#queue.reuse(batch);
    const isKnown = reason instanceof SealError || this.#options.signal?.aborted;
    batch.reject(isKnown ? reason : ioError(`cannot write ${this.#store.name}`, reason));
  }
}

/** What the first epoch has fixed. Throws `usage`. */
function checkSame(name: string, core: Signed, { label, chunkExponent }: WriterOptions): void {
  if (label !== undefined && label !== core.label) {
    throw new SealError("usage", `the label of ${name} is "${core.label}"`, { hint: "A journal keeps its label." });
  }
  if (core.chunkExponent !== undefined && chunkExponent !== undefined && chunkExponent !== core.chunkExponent) {
    throw new SealError("usage", `the chunk size of ${name} is ${2 ** core.chunkExponent}, and cannot change`);
  }
}
