// The writer's cursor, which follows what is acknowledged closely: a writer that comes back verifies little, and
// notices what was cut off. It costs a flush or two a second at most.

import { type Bytes, equal } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { type Cursor, encodeCursor } from "../../format/cursor.js";
import type { Owner } from "./owner.js";

/** By how many milliseconds the cursor may be behind. */
const BEHIND = 1000;

export class WriterCursor {
  readonly #owner: Owner;
  #saved: Bytes | null;
  /** What it was to be replaced by when that failed, and may be now: before anything else, that is repeated. */
  #attempt: Bytes | null = null;
  #tip: Cursor | null = null;
  #timer: NodeJS.Timeout | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(owner: Owner, saved: Bytes | null) {
    this.#owner = owner;
    this.#saved = saved;
  }

  /** Whether there is one. */
  get isSaved(): boolean {
    return this.#saved !== null;
  }

  /** Up to `tip` the journal is durable: the cursor is there soon, and what fails is tried again. */
  follow(tip: Cursor): void {
    this.#tip = tip;
    this.#timer ??= setTimeout(() => this.#due(), BEHIND).unref();
  }

  /** The cursor is at the last tip when this is done. Throws `io`, `fenced`. */
  save(): Promise<void> {
    this.stop();
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#save());
    return this.#saving;
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #due(): void {
    this.save().catch((error) => {
      const isFinal = error instanceof SealError && error.code === "fenced";
      if (!isFinal && this.#tip) this.follow(this.#tip);
    });
  }

  async #save(): Promise<void> {
    if (this.#attempt) await this.#swap(this.#attempt);
    const cursor = this.#tip && encodeCursor(this.#tip, "writing");
    if (cursor && !(this.#saved && equal(this.#saved, cursor))) await this.#swap(cursor);
  }

  async #swap(cursor: Bytes): Promise<void> {
    this.#attempt = cursor;
    await this.#owner.swapCursor(this.#saved, cursor);
    this.#saved = cursor;
    this.#attempt = null;
  }
}
