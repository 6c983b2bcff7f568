// One inbox while it is in use: its journal's writer, its idempotency keys, and up to where the journal is on disk.

import { type JournalRecord, SealError } from "@sealed-files/seal";
import { MAX_BASE_BYTES } from "@sealed-files/seal/internal";
import { AgeClock } from "./idempotency/age.js";
import { Answers, type KeyBudget, SLICES } from "./idempotency/answers.js";
import { announce, Doubts, type Tag } from "./idempotency/doubts.js";
import type { KeyedRequest } from "./idempotency/request.js";
import { beginningOf, type Stands, standsIn } from "./idempotency/stands.js";
import { copyOfPlace, type FramePlace } from "./idempotency/unit.js";
import { isFenced, Problem } from "./problem.js";
import type { KeysHeld, Quota } from "./quotas/quotas.js";
import { Recipients } from "./recipients.js";
import type { KeyStore, Place } from "./store/store.js";
import type { OpenWriter, SealedFrame, Writer, WriterOptions } from "./writer.js";

export interface InboxOptions {
  readonly openWriter: OpenWriter;
  readonly budget: KeyBudget;
  /** Milliseconds for which an idempotency key is kept at least. */
  readonly keyLifetime: number;
  /** Bytes that may wait for the disk. */
  readonly maxQueued: number;
}

/** A request under way: who sends it again waits for the same outcome. */
interface Pending {
  readonly print: Uint8Array;
  readonly done: Promise<unknown>;
}

/** What has become of a request. */
export interface Appended {
  /** It had been done before. */
  readonly replayed: boolean;
  /** Where its records are, if they were written now. */
  readonly frame: FramePlace | null;
}

/** Says that something may be written, and what takes that back where it is not. Throws `Problem`. */
export type Admit = (keys: KeysHeld) => () => void;

const REPLAYED: Appended = { replayed: true, frame: null };

export class Inbox {
  /** Where the incomplete end was moved, or null. */
  readonly tailMovedTo: string | null;
  /** null where as much is taken as comes. */
  readonly quota: Quota | null;
  readonly #place: Place;
  readonly #writer: Writer;
  readonly #stands: Stands;
  readonly #log: KeyStore;
  readonly #answers: Answers;
  readonly #clock: AgeClock;
  readonly #options: InboxOptions;
  readonly #recipients: Recipients;
  readonly #pending = new Map<string, Pending>();
  readonly #doubts: Doubts;
  #durable: number;
  /** By how much less it is than the offset that frames name: of a journal that was shortened. */
  readonly #shift: number;
  /** The last frame with keys: while it stands in the journal, so does every frame before it. */
  #newest: FramePlace | null;
  #isLost = false;

  private constructor(place: Place, options: InboxOptions, opened: Opened) {
    const { writer, quota, recipients, stands, log, answers, clock, durable, shift, newest } = opened;
    this.quota = quota;
    this.tailMovedTo = writer.recovered.tailMovedTo;
    this.#place = place;
    this.#writer = writer;
    this.#stands = stands;
    this.#log = log;
    this.#answers = answers;
    this.#clock = clock;
    this.#options = options;
    this.#recipients = recipients;
    this.#doubts = new Doubts(stands, log);
    this.#durable = durable;
    this.#shift = shift;
    this.#newest = newest;
  }

  /** Opens the journal for writing and reads the keys. Throws `io`; `tampered` where either is not in order. */
  static async open(
    place: Place,
    { label, to, quota = null }: Pick<WriterOptions, "label" | "to"> & { readonly quota?: Quota | null },
    options: InboxOptions,
  ): Promise<Inbox> {
    const clock = new AgeClock();
    const log = place.keys(Math.ceil(options.keyLifetime / SLICES), clock);
    let inbox: Inbox | null = null;
    const beforeFrame = async (frame: SealedFrame) => {
      if (inbox) await inbox.#settleDoubts(frame.tags as readonly Tag[]);
      await announce(log, frame);
    };
    const recipients = new Recipients(to, () => inbox?.nextEpoch());
    const ofEpoch = () => recipients.take();
    const writer = await options.openWriter({ journal: await place.writing(), to: ofEpoch, label, beforeFrame });
    const answers = new Answers(options.budget, options.keyLifetime);
    try {
      const { durable, shift } = await flushedIn(place);
      const stands = standsIn(() => place.reading());
      let newest: FramePlace | null = null;
      await log.load(stands, (age, answered, frame) => {
        answers.add(age, answered, clock.now());
        newest = newer(newest, frame);
      });
      await log.own();
      const opened = { writer, quota, recipients, stands, log, answers, clock, durable, shift, newest };
      inbox = new Inbox(place, options, opened);
      return inbox;
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
   * The journal is not this writer's any more, or not as it was left: nothing comes of this inbox before it is opened
   * anew.
   */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Appends records, which are copied at once: they are on disk when this is done. A request with a key that was
   * answered already, or that is under way, is not done again. `admit` is asked before something is written. Throws
   * `Problem`; what the writer and `admit` throw.
   */
  async append(
    records: readonly JournalRecord[],
    request: KeyedRequest | null,
    admit: Admit = () => () => undefined,
  ): Promise<Appended> {
    if (!request) return { replayed: false, frame: await this.#write(records, null, admit) };
    const name = Buffer.from(request.id).toString("latin1");
    const known = this.#answers.find(request.id, this.#clock.now());
    if (known) await this.#checkJournal();
    if (known && !known.isSame(request.print)) throw reused();
    if (known) return REPLAYED;
    const pending = this.#pending.get(name);
    if (pending) {
      if (Buffer.compare(pending.print, request.print) !== 0) throw reused();
      await pending.done;
      return REPLAYED;
    }
    const done = this.#write(records, request, admit);
    this.#pending.set(name, { print: request.print, done });
    try {
      return { replayed: false, frame: await done };
    } catch (error) {
      const found = this.#answers.find(request.id, this.#clock.now());
      if (!found) throw error;
      if (!found.isSame(request.print)) throw reused();
      return REPLAYED;
    } finally {
      this.#pending.delete(name);
    }
  }

  /** Forgets keys that have outlived their time. Throws `io`, `fenced`. */
  async tidy(): Promise<void> {
    const now = this.#clock.now();
    this.#answers.forget(now);
    await this.#checkOwner();
    await this.#log.forget(now - this.#options.keyLifetime);
  }

  /** Throws `io` where the disk takes nothing more behind the end of the journal at present; `fenced`. */
  async probe(): Promise<void> {
    await this.#checkOwner();
    await this.#place.probe(this.#durable);
  }

  /**
   * What is appended when this is done is sealed for those who were its recipients 5 seconds ago, or are now. Throws
   * what asking for them throws.
   */
  look(): Promise<void> {
    return this.#recipients.look();
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
      isClean = !this.#isLost;
    } finally {
      await this.#log.close(isClean);
      this.#answers.clear();
    }
  }

  async #write(
    records: readonly JournalRecord[],
    request: KeyedRequest | null,
    admit: Admit,
  ): Promise<FramePlace | null> {
    if (this.#isLost) throw lost(this.#place.journal);
    if (this.#writer.queuedBytes > this.#options.maxQueued) {
      throw new Problem("busy", "Try again in a moment.", { retryAfter: 1 });
    }
    if (request && this.#answers.isFull) {
      throw new Problem("too-many-keys", "Send it again later, with the same key.", { retryAfter: 60 });
    }
    // Those under way will be answered, too.
    const size = this.#answers.size + this.#pending.size;
    const takeBack = admit({ size, untilFewer: () => this.#answers.untilFewer(this.#clock.now()) });
    const tag: Tag = { request, frame: null, announced: null };
    try {
      await this.#writer.append(records, tag);
    } catch (error) {
      // Also of one in doubt: its retry must not be refused.
      takeBack();
      if (isFenced(error)) this.#isLost = true;
      // Of what a writer sealed that is none any more, the journal is to be asked when the inbox is opened anew.
      else this.#doubts.add(tag);
      throw error;
    }
    if (tag.announced) this.#log.settle(tag.announced, true);
    if (request) this.#remember(request, tag.frame);
    if (tag.frame) this.#durable = Math.max(this.#durable, tag.frame.end - this.#shift);
    return tag.frame;
  }

  /**
   * The writer knows what stands: so do those who failed. Throws `io` where one of these is sent again in a frame: it
   * would be there twice.
   */
  async #settleDoubts(tags: readonly Tag[]): Promise<void> {
    await this.#doubts.settle((request, frame) => this.#remember(request, frame));
    // Also one that came before that, and waited behind the frame with which it was settled.
    const isKnown = ({ request }: Tag) => request && this.#answers.find(request.id, this.#clock.now());
    if (tags.some(isKnown)) throw new SealError("io", "a repeated request was already done: its frame is not written");
  }

  /** A request is done, and its frame stands. */
  #remember(request: KeyedRequest, frame: FramePlace | null): void {
    this.#answers.add(this.#clock.now(), request, this.#clock.now());
    if (frame) this.#newest = newer(this.#newest, frame);
  }

  /** Throws `fenced` where the journal is another one's by now: then nothing beside it is this one's either; `io`. */
  async #checkOwner(): Promise<void> {
    await this.#writer.check().catch((error) => {
      this.#isLost ||= isFenced(error);
      throw error;
    });
  }

  /** What is remembered counts while the journal holds it. Throws `tampered` where it does not any more, `io`. */
  async #checkJournal(): Promise<void> {
    if (this.#newest === null || (await this.#stands(this.#newest, true))) return;
    this.#isLost = true;
    throw lost(this.#place.journal);
  }
}

/** What an inbox is made of. */
interface Opened {
  readonly writer: Writer;
  readonly quota: Quota | null;
  readonly recipients: Recipients;
  readonly stands: Stands;
  readonly log: KeyStore;
  readonly answers: Answers;
  readonly clock: AgeClock;
  readonly durable: number;
  readonly shift: number;
  readonly newest: FramePlace | null;
}

/** Bytes of the journal that are durable, and by how much less its offsets are. Throws `io`. */
async function flushedIn(place: Place): Promise<{ durable: number; shift: number }> {
  const reading = await place.reading();
  try {
    const { shift } = beginningOf(await reading.readAt(0, MAX_BASE_BYTES));
    return { durable: await reading.flushed(), shift };
  } finally {
    await reading.close();
  }
}

/** Of two frames of a journal, the later one. */
function newer(one: FramePlace | null, other: FramePlace): FramePlace {
  return one && one.end >= other.end ? one : copyOfPlace(other);
}

function lost(journal: string): SealError {
  return new SealError("tampered", `${journal} is not as this service left it`, {
    hint: "It was replaced or cut while the service was running.",
  });
}

function reused(): Problem {
  return new Problem(
    "key-reused",
    "Another body was sent with this key. Use a fresh key for each request that is not a retry.",
  );
}
