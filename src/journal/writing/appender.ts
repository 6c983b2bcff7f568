// The end of a journal, where epochs and frames are added (docs/FORMAT.md, "Writing a journal").

import type { Bytes } from "../../bytes.js";
import type { HeaderSigner, RecordKey, Suite } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import { abortable } from "../../flow/order.js";
import type { Cursor } from "../../format/cursor.js";
import { type FrameSigning, MAX_FRAMES, sealFrame } from "../../format/frame.js";
import { CHAIN_BYTES } from "../../format/sizes.js";
import { checkedTime } from "../../time.js";
import type { Ratchet } from "../ratchet.js";
import type { Piece } from "../store.js";
import { makeEpoch, type Recipients } from "./epoch.js";
import type { WriterCursor } from "./follow.js";
import type { Owner } from "./owner.js";
import type { Gathered } from "./queue.js";
import type { NextFrame } from "./recover.js";

/** When an epoch ends, at the latest: with the frame by which one of these is reached. */
export interface EpochLimits {
  readonly seconds: number;
  readonly records: number;
  readonly bytes: number;
}

export interface AppenderOptions {
  readonly suite: Suite;
  readonly signer: HeaderSigner;
  readonly recipients: Recipients;
  readonly label: string;
  readonly chunkExponent: number;
  readonly limits: EpochLimits;
  /** Ends waiting for recipients and for the signer. */
  readonly signal?: AbortSignal | undefined;
}

/** A frame that is sealed and not written yet. */
export interface SealedFrame {
  readonly place: NextFrame;
  /** The chain value before it. */
  readonly chain: Bytes;
  readonly bytes: Bytes;
  /** The end of the journal once it is written. */
  readonly tip: Cursor;
}

/** The epoch that is being written. */
interface Current extends FrameSigning {
  readonly recordKey: RecordKey;
  readonly ratchet: Ratchet;
  /** By the monotonic clock, in milliseconds. */
  readonly began: number;
  frames: number;
  records: number;
  bytes: number;
}

export class Appender {
  readonly #owner: Owner;
  readonly #cursor: WriterCursor;
  readonly #options: AppenderOptions;
  #epoch: Current | null = null;
  /** How often an epoch was ended: one that is being begun meanwhile is not used either. */
  #ends = 0;
  /** Up to where the journal is written; null before the first epoch. */
  #tip: Cursor | null;
  /** Up to where it is sealed: the same, or a frame or two further. */
  #sealed: Cursor | null;
  /** The tip, if it turns out that what was written last stands. */
  #next: Cursor | null = null;

  constructor(owner: Owner, cursor: WriterCursor, options: AppenderOptions, tip: Cursor | null) {
    this.#owner = owner;
    this.#cursor = cursor;
    this.#options = options;
    this.#tip = tip;
    this.#sealed = tip;
    owner.onFenced = () => this.end();
  }

  /**
   * Begins an epoch. Throws `io`, `fenced`, `usage` where the clock or the recipients do not allow it, and what asking
   * for recipients throws; the signal's reason.
   */
  async begin(): Promise<void> {
    this.end();
    const ends = this.#ends;
    await this.#decide();
    const { suite, recipients: given, signal } = this.#options;
    const recipients = typeof given === "function" ? await abortable(given(), signal) : given;
    const position = this.#tip?.end ?? 0;
    const previous = this.#tip?.chain ?? new Uint8Array(CHAIN_BYTES);
    const begun = await makeEpoch({ ...this.#options, recipients, previous, now: Date.now() });
    const { header, coreHash, chain, ratchet, recordKey } = begun;
    const end = position + header.length;
    const journal = this.#tip?.journal ?? coreHash;
    const tip = { journal, epoch: position, header: chain, frames: 0, end, chain };
    try {
      await this.#put({ position, chain: previous, bytes: header, after: chain }, tip);
      await this.#saveCursor();
    } catch (error) {
      ratchet.erase();
      recordKey.erase();
      throw error;
    }
    this.#sealed = tip;
    if (ends !== this.#ends) {
      ratchet.erase();
      recordKey.erase();
      return;
    }
    this.#epoch = { suite, recordKey, coreHash, ratchet, began: performance.now(), frames: 0, records: 0, bytes: 0 };
  }

  /** Ends the epoch, also one that is being begun, and erases its keys: the next frame begins a new one. */
  end(): void {
    this.#ends++;
    this.#epoch?.ratchet.erase();
    this.#epoch?.recordKey.erase();
    this.#epoch = null;
  }

  /**
   * Seals a batch as the next frame, in a new epoch where one is due, and erases it, and the key. Throws as `begin`.
   * Everything that was sealed before is written; if something of it cannot be, `fail` is to be called.
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
    const place = { journal: before.journal, position: before.end, end: before.end + frame.length, chain };
    this.#sealed = { ...before, frames: epoch.frames, end: place.end, chain };
    return { place, chain: before.chain, bytes: frame, tip: this.#sealed };
  }

  /** Writes the first frame that is sealed and not written. Throws `io`, `fenced`. */
  write({ place, chain, bytes, tip }: SealedFrame): Promise<void> {
    return this.#put({ position: place.position, chain, bytes, after: place.chain }, tip);
  }

  /** Ends the epoch for good: of what was sealed and could not be written, nothing is sealed again. */
  fail(): void {
    this.end();
    this.#sealed = this.#tip;
  }

  /** Throws `fenced` where somebody else has the journal by now; `io`, also where it is not known how it ends. */
  async check(): Promise<void> {
    await this.#owner.check();
    if (this.#owner.isUndecided) throw new SealError("io", "it is not known yet what became of the last frame");
  }

  /** Ends the epoch and saves where the journal ends. Throws `io`, `fenced`. */
  async close(): Promise<void> {
    this.end();
    this.#cursor.stop();
    await this.#owner.check();
    await this.#decide();
    await this.#cursor.save();
  }

  async #put(piece: Piece, tip: Cursor): Promise<void> {
    this.#next = tip;
    await this.#owner.append(piece);
    this.#follow(tip);
  }

  /** What was written last stands, or does not: until that is known, nothing else is written. */
  async #decide(): Promise<void> {
    if (this.#owner.isUndecided && (await this.#owner.decide())) this.#follow(this.#next!);
  }

  #follow(tip: Cursor): void {
    this.#tip = tip;
    this.#cursor.follow(tip);
  }

  /**
   * Where it cannot be replaced now, it is tried again; but no journal is begun without one, by which it would be
   * missed.
   */
  async #saveCursor(): Promise<void> {
    await this.#cursor.save().catch((error) => {
      if (!this.#cursor.isSaved || error.code !== "io") throw error;
      this.#cursor.follow(this.#tip!);
    });
  }

  #isDue({ began, frames, records, bytes }: Current): boolean {
    const { limits } = this.#options;
    const isOld = performance.now() - began >= limits.seconds * 1000;
    return isOld || frames >= MAX_FRAMES || records >= limits.records || bytes >= limits.bytes;
  }
}
