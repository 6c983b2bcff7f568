// The one who may write to a journal, while nobody else has taken it over. What has become of an append is known before
// anything else is written; whoever finds the journal other than it was left changes nothing in it ever again.

import { setTimeout as sleep } from "node:timers/promises";
import { type Bytes, equal } from "../../bytes.js";
import type { Digest } from "../../crypto/suite.js";
import { asIoError, SealError } from "../../errors.js";
import { beginsBase } from "../../format/base.js";
import type { JournalStore, Outcome, Piece } from "../store.js";

const TERM_BYTES = 16;
/** After how many milliseconds an append of unknown outcome is repeated. */
const PAUSES = [10, 100];

/** What is read at once of an end that is moved aside: there can be gigabytes of zeros. */
const PIECE = 1024 * 1024;

type Hash = () => Digest;

export class Owner {
  readonly #store: JournalStore;
  readonly #hash: Hash;
  /** A term that may be taken, or may not. */
  #term: Bytes | null = null;
  /** What may stand in the journal, or may not. */
  #undecided: Piece | null = null;
  #fenced: SealError | null = null;
  /** Called once nothing can be written any more. Must not throw. */
  onFenced: () => void = () => {};

  private constructor(store: JournalStore, hash: Hash) {
    this.#store = store;
    this.#hash = hash;
  }

  /** Becomes the owner: who was it before is fenced. Throws `io`, `fenced`. */
  static async become(store: JournalStore, hash: Hash): Promise<Owner> {
    const owner = new Owner(store, hash);
    await owner.#takeTerm();
    return owner;
  }

  /** Why nothing can be written any more; null where it can. */
  get fenced(): SealError | null {
    return this.#fenced;
  }

  /** Appends what is next. Throws `io` where it is not there, or nobody knows (`isUndecided`); `fenced`. */
  async append(piece: Piece): Promise<void> {
    const first = await this.#try(piece);
    if (first.is === "done") return;
    if (first.is === "failed") throw first.error;
    this.#undecided = piece;
    for (const pause of PAUSES) {
      await sleep(pause);
      const again = await this.#try(piece);
      // Also where a repetition fails, the first attempt may come to its end later.
      if (again.is === "done") {
        this.#undecided = null;
        return;
      }
    }
    const stands = await this.decide().catch((error) => {
      throw this.#fenced ? error : unsure(first.error, error);
    });
    if (!stands) throw first.error;
  }

  get isUndecided(): boolean {
    return this.#undecided !== null;
  }

  /**
   * Finds out whether the last piece stands, where that is not known: a new term ends every attempt, then the end is
   * read; a part of the piece is moved aside. Throws `io` where that cannot be done now; `fenced`.
   */
  async decide(): Promise<boolean> {
    this.#checkAlive();
    const piece = this.#undecided;
    if (!piece) return false;
    await this.#takeTerm();
    const stands = await this.#find(piece);
    this.#undecided = null;
    return stands;
  }

  /** Throws `fenced` where somebody else has taken the journal over; `io` where that cannot be found out now. */
  async check(): Promise<void> {
    await this.settle(await this.#store.size());
  }

  /** Makes durable what stands from there on. Throws `io`, `fenced`. */
  async settle(position: number): Promise<void> {
    this.#checkAlive();
    const outcome = await this.#outcomeOf(this.#store.settle(position));
    if (outcome.is !== "done") throw outcome.error;
  }

  /** Moves an incomplete end aside; the name of its place. Throws `io`, `fenced`. */
  async setAside(position: number, length: number): Promise<string> {
    this.#checkAlive();
    const digest = this.#hash();
    let there = 0;
    while (there < length) {
      const piece = await this.#store.readAt(position + there, Math.min(PIECE, length - there));
      if (piece.length === 0) break;
      digest.update(piece);
      there += piece.length;
    }
    return this.#store.setAside({ position, length: there, hash: digest.finish() }).catch((error) => {
      throw this.#noting(error);
    });
  }

  /** Puts a base in the place of what stands before `position`. Throws `io`, where it may be done; `fenced`. */
  async shorten(before: Bytes | null, base: Bytes, position: number): Promise<void> {
    this.#checkAlive();
    const outcome = await this.#outcomeOf(this.#store.shorten(before, base, position));
    if (outcome.is !== "done") throw outcome.error;
  }

  /** Replaces the writer's cursor. Throws `io`, where it is to be repeated as it was; `fenced`. */
  async swapCursor(before: Bytes | null, cursor: Bytes): Promise<void> {
    this.#checkAlive();
    const outcome = await this.#outcomeOf(this.#store.swapCursor(before, cursor));
    if (outcome.is !== "done") throw outcome.error;
  }

  /** Whether the piece stands. Throws `fenced` where something else does. */
  async #find({ position, bytes }: Piece): Promise<boolean> {
    const length = (await this.#store.size()) - position;
    if (length === 0) return false;
    const there = length > 0 && length <= bytes.length ? await this.#store.readAt(position, length) : null;
    if (!there || !equal(there, bytes.subarray(0, length))) throw this.#noting(changed(this.#store.name));
    if (length < bytes.length) {
      await this.setAside(position, length);
      return false;
    }
    // Its flush has failed, as far as is known.
    await this.settle(position);
    return true;
  }

  async #takeTerm(): Promise<void> {
    const term = this.#term ?? crypto.getRandomValues(new Uint8Array(TERM_BYTES));
    this.#term = term;
    let outcome = await this.#outcomeOf(this.#store.takeTerm(term));
    if (outcome.is === "unknown") outcome = await this.#outcomeOf(this.#store.takeTerm(term));
    if (outcome.is !== "done") throw outcome.error;
    this.#term = null;
  }

  #try(piece: Piece): Promise<Exclude<Outcome, { is: "fenced" }>> {
    this.#checkAlive();
    return this.#outcomeOf(this.#store.append(piece));
  }

  /** Throws `fenced`. */
  async #outcomeOf(call: Promise<Outcome>): Promise<Exclude<Outcome, { is: "fenced" }>> {
    const outcome = await call.catch((error): Outcome => {
      const known = asIoError(`cannot write ${this.#store.name}`, error);
      return { is: "unknown", error: known };
    });
    if (outcome.is !== "fenced") return outcome;
    throw this.#noting(outcome.error);
  }

  #noting(error: unknown): unknown {
    if (this.#fenced || !(error instanceof SealError) || error.code !== "fenced") return error;
    this.#fenced = error;
    this.onFenced();
    return error;
  }

  #checkAlive(): void {
    if (this.#fenced) throw this.#fenced;
  }
}

function unsure({ message }: SealError, cause: unknown): SealError {
  return new SealError("io", message, {
    hint: "What was being written may or may not be in the journal. That is settled before anything else is written.",
    cause,
  });
}

/**
 * What a store that begins with `start` (MAX_BASE_BYTES of it, or all) is to do where `base` is to take the place of
 * `before`: nothing, as it has, or the work; or to refuse, as it begins otherwise.
 */
export function shortening(start: Uint8Array, before: Bytes | null, base: Bytes): "done" | "due" | "changed" {
  const begins = (expected: Bytes) => equal(start.subarray(0, expected.length), expected);
  if (begins(base)) return "done";
  return (before ? begins(before) : !beginsBase(start)) ? "due" : "changed";
}

/** The error for a journal that is not as its owner left it. */
export function changed(name: string): SealError {
  return new SealError("fenced", `${name} was changed by somebody else`, {
    hint: "This writer has stopped writing to it. Find out who else writes to it, then start again.",
  });
}
