// The end of a journal, where epochs and frames are added (docs/FORMAT.md, "Writing a journal").

import type { Bytes } from "../bytes.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import { type Cursor, encodeCursor } from "./cursor.js";
import { checkedTime, makeEpoch } from "./epoch.js";
import { MAX_FRAMES, type Signing, sealFrame } from "./frame.js";
import type { Gathered } from "./queue.js";
import type { Ratchet } from "./ratchet.js";
import type { FramePlace } from "./recover.js";
import type { JournalStore } from "./store.js";

/** When an epoch ends, at the latest: with the frame by which one of these is reached. */
export interface EpochLimits {
  readonly seconds: number;
  readonly records: number;
  readonly bytes: number;
}

export interface AppenderOptions {
  readonly suite: Suite;
  readonly signer: SigningKey;
  readonly recipients: readonly Uint8Array[];
  readonly label: string;
  readonly chunkExponent: number;
  readonly limits: EpochLimits;
}

/** A frame that is sealed and not written yet. */
export interface SealedFrame {
  readonly place: FramePlace;
  readonly bytes: Bytes;
  /** The end of the journal once it is written. */
  readonly tip: Cursor;
}

/** The epoch that is being written. */
interface Current extends Signing {
  readonly ratchet: Ratchet;
  /** By the monotonic clock, in milliseconds. */
  readonly began: number;
  frames: number;
  records: number;
  bytes: number;
}

export class Appender {
  readonly #store: JournalStore;
  readonly #options: AppenderOptions;
  #epoch: Current | null = null;
  /** Up to where the journal is written; null before the first epoch. */
  #tip: Cursor | null;
  /** Up to where it is sealed: the same, or a frame or two further. */
  #sealed: Cursor | null;
  /** The cursor that the store was last known to have. */
  #saved: Uint8Array | null;
  /** Whether there may be something after the tip, and another cursor. */
  #isDirty = false;

  constructor(store: JournalStore, options: AppenderOptions, tip: Cursor | null, saved: Uint8Array | null) {
    this.#store = store;
    this.#options = options;
    this.#tip = tip;
    this.#sealed = tip;
    this.#saved = saved;
  }

  /** Begins an epoch. Throws `io`, and `usage` where the clock or the recipients do not allow it. */
  async begin(): Promise<void> {
    this.end();
    await this.#clean();
    const { suite, signer } = this.#options;
    const position = this.#tip?.end ?? 0;
    const previous = this.#tip?.chain ?? new Uint8Array(32);
    const { header, coreHash, ratchet } = makeEpoch({ ...this.#options, previous, now: Date.now() });
    const end = position + header.length;
    const tip = { journal: this.#tip?.journal ?? coreHash, epoch: position, frames: 0, end, chain: coreHash };
    const cursor = encodeCursor(tip);
    this.#isDirty = true;
    try {
      await this.#store.openEpoch(position, header, cursor);
    } catch (error) {
      ratchet.erase();
      throw error;
    }
    this.#isDirty = false;
    this.#tip = tip;
    this.#sealed = tip;
    this.#saved = cursor;
    this.#epoch = { suite, signer, coreHash, ratchet, began: performance.now(), frames: 0, records: 0, bytes: 0 };
  }

  /** Ends the epoch and erases its keys: the next frame begins a new one. */
  end(): void {
    this.#epoch?.ratchet.erase();
    this.#epoch = null;
  }

  /**
   * Seals a batch as the next frame, in a new epoch where one is due, and erases it, and the key. Throws as `begin`. Everything that was sealed before is written; if
   * something of it cannot be, `fail` is to be called.
   */
  async seal(batch: Gathered): Promise<SealedFrame> {
    // Between two turns the epoch may have been ended again, by a signal.
    while (!this.#epoch || this.#isDue(this.#epoch)) await this.begin();
    return this.#sealIn(this.#epoch, batch);
  }

  /** Whether the next frame can be sealed while the one before it is being written: it needs no new epoch. */
  get canSealAhead(): boolean {
    return this.#epoch !== null && !this.#isDue(this.#epoch);
  }

  /** Seals a batch as the frame behind the one that is being written. */
  sealAhead(batch: Gathered): SealedFrame {
    return this.#sealIn(this.#epoch!, batch);
  }

  #sealIn(epoch: Current, { buffer, records }: Gathered): SealedFrame {
    const before = this.#sealed!;
    const batch = buffer.encode(checkedTime(Date.now()));
    const { frame, chain } = sealFrame(epoch, epoch.ratchet.next(), epoch.frames, before.chain, batch);
    buffer.erase();
    epoch.frames += 1;
    epoch.records += records;
    epoch.bytes += frame.length;
    const place = { position: before.end, end: before.end + frame.length, chain };
    this.#sealed = { ...before, frames: epoch.frames, end: place.end, chain };
    return { place, bytes: frame, tip: this.#sealed };
  }

  /** Writes the first frame that is sealed and not written. Throws `io`. */
  async write({ place, bytes, tip }: SealedFrame): Promise<void> {
    await this.#store.append(place.position, bytes);
    this.#tip = tip;
  }

  /**
   * Ends the epoch for good, and moves aside what stands behind the tip, as far as that can be done now: it is done before anything else is written.
   * Never throws.
   */
  async fail(): Promise<void> {
    this.end();
    this.#sealed = this.#tip;
    this.#isDirty = true;
    await this.#clean().catch(() => undefined);
  }

  /** Ends the epoch and saves where the journal ends. Throws `io`. */
  async close(): Promise<void> {
    this.end();
    await this.#clean();
    if (!this.#tip) return;
    await this.#store.saveCursor(encodeCursor(this.#tip));
  }

  #isDue({ began, frames, records, bytes }: Current): boolean {
    const { limits } = this.#options;
    const isOld = performance.now() - began >= limits.seconds * 1000;
    return isOld || frames >= MAX_FRAMES || records >= limits.records || bytes >= limits.bytes;
  }

  /** The cursor goes back first: one that names what was cut off would have the journal refused. */
  async #clean(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#store.saveCursor(this.#saved);
    await this.#store.setAside(this.#tip?.end ?? 0);
    this.#isDirty = false;
  }
}
