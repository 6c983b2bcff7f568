// The bytes of a journal in order, read in large pieces, of which the next is on its way while one is worked on.

import { concat } from "../bytes.js";
import { abortable } from "../ops/order.js";
import type { JournalSource } from "./store.js";

const PIECE = 4 * 1024 * 1024;

export interface WindowOptions {
  /** How much is read at a time. */
  readonly piece?: number | undefined;
  /** Whether what follows will be wanted too. */
  readonly ahead?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Window {
  readonly #source: JournalSource;
  readonly #piece: number;
  readonly #ahead: boolean;
  readonly #signal: AbortSignal | undefined;
  /** Nothing from here on is read. */
  #limit: number;
  #bytes: Uint8Array = new Uint8Array();
  /** Where `#bytes` begins, and where the next piece does. */
  #position: number;
  #next: number;
  #coming: Promise<Uint8Array> | null = null;
  #ended = false;

  constructor(
    source: JournalSource,
    position: number,
    limit: number,
    { piece = PIECE, ahead = true, signal }: WindowOptions = {},
  ) {
    this.#source = source;
    this.#position = position;
    this.#next = position;
    this.#limit = limit;
    this.#piece = piece;
    this.#ahead = ahead;
    this.#signal = signal;
  }

  /** The offset in the journal of the first byte that was not taken. */
  get position(): number {
    return this.#position;
  }

  /** How many bytes, from `position` on, are here already. */
  get available(): number {
    return this.#bytes.length;
  }

  /** Up to `length` bytes from `position` on, fewer only at the end. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#bytes.length < length && !this.#ended) {
      const piece = await abortable(this.#coming ?? this.#fetch(length - this.#bytes.length), this.#signal);
      this.#coming = null;
      this.#next += piece.length;
      this.#bytes = this.#bytes.length === 0 ? piece : concat(this.#bytes, piece);
      this.#ended = piece.length === 0 || this.#next >= this.#limit;
      if (this.#ahead && !this.#ended) {
        this.#coming = this.#fetch(0);
        this.#coming.catch(() => undefined);
      }
    }
    return this.#bytes.subarray(0, length);
  }

  /** Goes on behind bytes that are here. */
  take(length: number): void {
    this.#bytes = this.#bytes.subarray(length);
    this.#position += length;
  }

  /** Reads what was not taken anew, up to `limit`: an incomplete end may have become whole, or something else. */
  restart(limit: number): void {
    this.#bytes = new Uint8Array();
    this.#next = this.#position;
    this.#coming = null;
    this.#limit = limit;
    this.#ended = false;
  }

  #fetch(missing: number): Promise<Uint8Array> {
    const length = Math.min(Math.max(this.#piece, missing), this.#limit - this.#next);
    return length > 0 ? this.#source.readAt(this.#next, length) : Promise.resolve(new Uint8Array());
  }
}
