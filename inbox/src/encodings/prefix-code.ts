// The prefix codes of DEFLATE (RFC 1951, section 3.2): short ones are found in a table, longer ones bit by bit, so that
// a code costs little to make, however many of them a body brings.

import { damaged } from "./output.js";

const MAX_BITS = 15;
/** Bits that the table is looked up by. */
export const TABLE_BITS = 10;

export class PrefixCode {
  /** By the next bits: symbol × 16 + length; 0 where no code of so few bits begins so. */
  readonly table = new Uint16Array(1 << TABLE_BITS);
  readonly #counts = new Uint16Array(MAX_BITS + 1);
  readonly #offsets = new Uint16Array(MAX_BITS + 2);
  readonly #symbols: Uint16Array;

  /** Of at most so many symbols. */
  constructor(symbols: number) {
    this.#symbols = new Uint16Array(symbols);
  }

  /** The code in which symbols have the lengths from `start` to `end`. Throws `Problem` for what is none. */
  set(lengths: Uint8Array, start: number, end: number): void {
    const [counts, offsets, symbols] = [this.#counts.fill(0), this.#offsets, this.#symbols];
    for (let i = start; i < end; i++) counts[lengths[i]!]!++;
    counts[0] = 0;
    checkWhole(counts);
    offsets[1] = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) offsets[bits + 1] = offsets[bits]! + counts[bits]!;
    for (let i = start; i < end; i++) {
      const bits = lengths[i]!;
      if (bits > 0) symbols[offsets[bits]!++] = i - start;
    }
    this.#fill();
  }

  #fill(): void {
    const [table, counts, symbols] = [this.table.fill(0), this.#counts, this.#symbols];
    for (let bits = 1, code = 0, index = 0; bits <= TABLE_BITS; bits++, code <<= 1) {
      for (let left = counts[bits]!; left > 0; left--, index++, code++) {
        const entry = (symbols[index]! << 4) | bits;
        for (let at = reversed(code, bits); at < table.length; at += 1 << bits) table[at] = entry;
      }
    }
  }

  /** As the table has them: the code of more bits with which these begin. Throws `Problem` where none does. */
  longer(bits: number): number {
    for (let length = 1, code = 0, first = 0, index = 0; length <= MAX_BITS; length++) {
      code |= (bits >>> (length - 1)) & 1;
      const count = this.#counts[length]!;
      if (code - first < count) return (this.#symbols[index + code - first]! << 4) | length;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw damaged("it uses a code that stands for nothing");
  }
}

/** A code must be complete, but for one of a single code of one bit, or of none. Throws `Problem`. */
function checkWhole(counts: Uint16Array): void {
  let left = 1;
  let longest = 0;
  for (let bits = 1; bits <= MAX_BITS; bits++) {
    left = 2 * left - counts[bits]!;
    if (left < 0) break;
    if (counts[bits]! > 0) longest = bits;
  }
  if (left < 0 || (left > 0 && longest > 1)) throw damaged("its codes are inconsistent");
}

function reversed(code: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit++) result |= ((code >>> bit) & 1) << (bits - 1 - bit);
  return result;
}
