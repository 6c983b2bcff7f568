// The bytes of a journal in order, read in large pieces, of which the next is on its way while one is worked on.

import { type Bytes, isZero, readU32 } from "../../bytes.js";
import { abortable } from "../../flow/order.js";
import type { JournalSource } from "../store.js";

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
  /** What is here, from `#position` on. */
  #pieces: Uint8Array[] = [];
  #available = 0;
  #position: number;
  #coming: Promise<Uint8Array> | null = null;
  #ended = false;
  /** A piece that is all zero, in place of all others of its length. */
  #zeros: Uint8Array | null = null;

  constructor(
    source: JournalSource,
    position: number,
    limit: number,
    { piece = PIECE, ahead = true, signal }: WindowOptions = {},
  ) {
    this.#source = source;
    this.#position = position;
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
    return this.#available;
  }

  /** Whether the journal ended before the limit: it has become shorter. */
  get isCut(): boolean {
    return this.#ended && this.#next < this.#limit;
  }

  /** Waits until so many bytes are here; how many are, fewer only at the end. */
  async need(length: number): Promise<number> {
    while (this.#available < length && !this.#ended) await this.#take();
    return Math.min(length, this.#available);
  }

  /** Whether bytes that are here, from an offset from `position` on, are zero. */
  isZero(offset: number, length: number): boolean {
    let skipped = 0;
    for (const piece of this.#pieces) {
      const [from, to] = [Math.max(0, offset - skipped), Math.min(piece.length, offset + length - skipped)];
      if (from < to && !isZero(piece.subarray(from, to))) return false;
      skipped += piece.length;
    }
    return true;
  }

  /**
   * Whether everything from an offset from `position` on is zero, up to the end. Then all of it is here, as it were:
   * however much that is, it takes the memory of one piece.
   */
  async isZeroFrom(offset: number): Promise<boolean> {
    await this.need(offset);
    if (!this.isZero(offset, this.#available - offset)) return false;
    while (!this.#ended) {
      const piece = await this.#take();
      if (!isZero(piece)) return false;
      if (this.#zeros?.length !== piece.length) this.#zeros = piece;
      else this.#pieces[this.#pieces.length - 1] = this.#zeros;
    }
    return true;
  }

  /** The first byte from `position` on; null at the end. */
  async first(): Promise<number | null> {
    return (await this.need(1)) === 0 ? null : this.#pieces[0]![0]!;
  }

  /** The integer at an offset from `position`, of which all bytes are here. */
  u32At(offset: number): number {
    const first = this.#pieces[0]!;
    return first.length >= offset + 4 ? readU32(first, offset) : readU32(this.copy(offset, 4));
  }

  /**
   * Bytes that are here, from an offset from `position` on. Nothing else of the window gets out: a view would keep
   * whole pieces alive.
   */
  copy(offset: number, length: number): Bytes {
    const out = new Uint8Array(length);
    let [skipped, have] = [0, 0];
    for (const piece of this.#pieces) {
      if (have === length) break;
      const from = Math.max(0, offset - skipped);
      if (from < piece.length) {
        const part = piece.subarray(from, from + length - have);
        out.set(part, have);
        have += part.length;
      }
      skipped += piece.length;
    }
    return out;
  }

  /** Goes on behind bytes that are here. */
  take(length: number): void {
    this.#position += length;
    this.#available -= length;
    for (let left = length; left > 0; ) {
      const piece = this.#pieces.shift()!;
      if (piece.length > left) this.#pieces.unshift(piece.subarray(left));
      left -= piece.length;
    }
  }

  /** Goes on behind bytes that need not be here, and are not read then. */
  skip(length: number): void {
    if (length <= this.#available) this.take(length);
    else {
      this.#position += length;
      this.restart(this.#limit);
    }
  }

  /** Reads what was not taken anew, up to `limit`: an incomplete end may have become whole, or something else. */
  restart(limit: number): void {
    this.#pieces = [];
    this.#available = 0;
    this.#coming = null;
    this.#limit = limit;
    this.#ended = false;
  }

  async #take(): Promise<Uint8Array> {
    const piece = await abortable(this.#coming ?? this.#fetch(), this.#signal);
    this.#coming = null;
    this.#available += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
    this.#ended = piece.length === 0 || this.#next >= this.#limit;
    if (this.#ahead && !this.#ended) {
      this.#coming = this.#fetch();
      this.#coming.catch(() => undefined);
    }
    return piece;
  }

  get #next(): number {
    return this.#position + this.#available;
  }

  /** Never more than a piece at a time, whatever length is declared. */
  #fetch(): Promise<Uint8Array> {
    const length = Math.min(this.#piece, this.#limit - this.#next);
    return length > 0 ? this.#source.readAt(this.#next, length) : Promise.resolve(new Uint8Array());
  }
}
