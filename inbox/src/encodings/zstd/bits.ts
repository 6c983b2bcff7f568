// Streams of bits of Zstandard (RFC 8878, section 4.1): some are read from their end to their beginning.

import { damaged } from "../output.js";

export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** The last byte's highest bit marks the end. */
export class BackwardBits {
  readonly #input: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #left: number;

  /** Throws `Problem` where no bit marks the end. */
  constructor(input: Uint8Array, start: number, end: number) {
    const last = start < end ? input[end - 1]! : 0;
    if (last === 0) throw damaged("a bit stream has no end mark");
    this.#input = input;
    this.#start = start;
    this.#end = end;
    this.#left = 8 * (end - start - 1) + highestBit(last);
  }

  /** Bits that are left; less than 0 where more were read than there are. */
  get left(): number {
    return this.#left;
  }

  /** The next bits, at most 24; zeros behind the last one. */
  peek(count: number): number {
    const from = this.#left - count;
    if (from < 0) return this.#left > 0 ? this.#at(0, this.#left) << -from : 0;
    return this.#at(from, count);
  }

  read(count: number): number {
    const value = this.peek(count);
    this.#left -= count;
    return value;
  }

  /**
   * Reads symbols into the places from `from` to `to`: by the next `width` bits (at most 16), the table has each, as
   * symbol × 16 + bits.
   */
  decode(table: Uint16Array, width: number, into: Uint8Array, from: number, to: number): void {
    const [input, start, last, mask] = [this.#input, this.#start, this.#input.length - 3, (1 << width) - 1];
    let next = from;
    // At either end of the input, a byte at a time.
    for (; next < to && start + ((this.#left - width) >> 3) > last; next++) into[next] = this.#symbol(table, width);
    let left = this.#left;
    for (; next < to && left >= width; next++) {
      const bit = left - width;
      const at = start + (bit >> 3);
      const word = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16);
      const entry = table[(word >> (bit & 7)) & mask]!;
      into[next] = entry >> 4;
      left -= entry & 15;
    }
    this.#left = left;
    for (; next < to; next++) into[next] = this.#symbol(table, width);
  }

  #symbol(table: Uint16Array, width: number): number {
    const entry = table[this.peek(width)]!;
    this.#left -= entry & 15;
    return entry >> 4;
  }

  #at(bit: number, count: number): number {
    const input = this.#input;
    const at = this.#start + (bit >> 3);
    const word =
      at + 4 <= this.#end
        ? input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)
        : this.#lastWord(at);
    return (word >>> (bit & 7)) & ((1 << count) - 1);
  }

  #lastWord(at: number): number {
    let word = 0;
    for (let i = at; i < this.#end; i++) word |= this.#input[i]! << (8 * (i - at));
    return word;
  }
}

/** From the beginning on; zeros behind the end. */
export class ForwardBits {
  readonly #input: Uint8Array;
  #bit: number;

  constructor(input: Uint8Array, at: number) {
    this.#input = input;
    this.#bit = 8 * at;
  }

  /** Whether more were read than there are. */
  get isOver(): boolean {
    return this.#bit > 8 * this.#input.length;
  }

  /** The byte after the one that was read last. */
  get end(): number {
    return (this.#bit + 7) >> 3;
  }

  /** At most 16. */
  read(count: number): number {
    const value = this.#peek(count);
    this.#bit += count;
    return value;
  }

  /** A value up to `most`, in as many bits as that takes; the smallest ones take one less. */
  readUpTo(most: number): number {
    const width = highestBit(most) + 1;
    const [value, half] = [this.#peek(width), 1 << (width - 1)];
    const spare = 2 * half - 1 - most;
    const isShort = (value & (half - 1)) < spare;
    this.#bit += isShort ? width - 1 : width;
    if (isShort) return value & (half - 1);
    return value >= half ? value - spare : value;
  }

  #peek(count: number): number {
    const [input, at] = [this.#input, this.#bit >> 3];
    const word = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8) | ((input[at + 2] ?? 0) << 16);
    return (word >> (this.#bit & 7)) & ((1 << count) - 1);
  }
}
