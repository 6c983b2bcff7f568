// The sequences of a block: so many literals, then so many bytes from so far back (RFC 8878, section 3.1.1.3.2).

import { damaged, endsEarly, type Output } from "../output.js";
import { BackwardBits } from "./bits.js";
import { type FseBounds, FseState, FseTable } from "./fse.js";
import type { Literals } from "./literals.js";

const LITERAL_BASES = [
  ...Array.from({ length: 16 }, (_, code) => code),
  ...[16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
];
const LITERAL_BITS = [...Array(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BASES = [
  ...Array.from({ length: 32 }, (_, code) => code + 3),
  ...[35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16_387, 32_771, 65_539],
];
const MATCH_BITS = [...Array(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** Of offsets, literals' lengths and matches' lengths: what their tables may have, and those that stand nowhere. */
interface Kind {
  readonly bounds: FseBounds;
  readonly usual: FseTable;
}

const times = (count: number, value: number): number[] => Array(count).fill(value);
const LITERALS: Kind = {
  bounds: { log: 9, symbols: 36 },
  usual: FseTable.of([4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, ...times(5, 1), ...times(4, -1)], 6),
};
const OFFSETS: Kind = {
  bounds: { log: 8, symbols: 32 },
  usual: FseTable.of([...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)], 5),
};
const MATCHES: Kind = {
  bounds: { log: 9, symbols: 53 },
  usual: FseTable.of([1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)], 6),
};

/** An offset of so many bits is further back than anything is. */
const MAX_OFFSET_BITS = 24;

export interface Bounds {
  /** Where the frame's output begins, and how far back it refers. */
  readonly start: number;
  readonly window: number;
  /** Bytes of a block. */
  readonly block: number;
}

export class Sequences {
  /** What counts of each kind; those that a block brings are read into the memory of this one. */
  #tables: (FseTable | null)[] = [null, null, null];
  readonly #own = [new FseTable(), new FseTable(), new FseTable()];
  #first = 1;
  #second = 4;
  #third = 8;

  /** A frame begins. */
  reset(): void {
    this.#tables = [null, null, null];
    this.#first = 1;
    this.#second = 4;
    this.#third = 8;
  }

  /** Writes what a block holds, whose sequences stand from `at` to the end of the input. Throws `Problem`. */
  write(input: Uint8Array, at: number, literals: Literals, output: Output, bounds: Bounds): void {
    const { count, next } = countAt(input, at);
    const until = output.length + bounds.block;
    let taken = 0;
    if (count === 0 && next !== input.length) throw damaged("there is something after a block's end");
    if (count > 0) {
      const from = this.#readTables(input, next);
      const bits = new BackwardBits(input, from, input.length);
      const [ofLiterals, ofOffsets, ofMatches] = this.#tables.map((table) => new FseState(table!, bits)) as States;
      for (let left = count; left > 0; left--) {
        const offsetBits = ofOffsets.symbol;
        if (offsetBits > MAX_OFFSET_BITS) throw tooFar();
        const value = (1 << offsetBits) + bits.read(offsetBits);
        const match = MATCH_BASES[ofMatches.symbol]! + bits.read(MATCH_BITS[ofMatches.symbol]!);
        const fresh = LITERAL_BASES[ofLiterals.symbol]! + bits.read(LITERAL_BITS[ofLiterals.symbol]!);
        if (left > 1) {
          ofLiterals.next(bits);
          ofMatches.next(bits);
          ofOffsets.next(bits);
        }
        if (bits.left < 0) throw endsEarly();
        const offset = this.#offsetOf(value, fresh === 0);
        if (fresh > literals.length - taken) throw damaged("it refers to more literals than it has");
        if (output.length + fresh + match > until) throw damaged("a block is too long");
        output.reserve(fresh + match);
        append(output, literals.bytes, taken, taken + fresh);
        taken += fresh;
        if (offset > bounds.window || offset > output.length - bounds.start) throw tooFar();
        repeat(output, offset, match);
      }
      if (bits.left !== 0) throw damaged("a block does not end where it should");
    }
    const rest = literals.length - taken;
    if (output.length + rest > until) throw damaged("a block is too long");
    output.reserve(rest);
    append(output, literals.bytes, taken, literals.length);
  }

  /** Where the tables end. */
  #readTables(input: Uint8Array, at: number): number {
    const modes = input[at];
    if (modes === undefined) throw endsEarly();
    if ((modes & 3) !== 0) throw damaged("a reserved bit is set");
    let next = at + 1;
    for (const [i, { bounds, usual }] of [LITERALS, OFFSETS, MATCHES].entries()) {
      const own = this.#own[i]!;
      const mode = (modes >> (6 - 2 * i)) & 3;
      if (mode === 0) this.#tables[i] = usual;
      if (mode === 1) {
        const symbol = input[next++];
        if (symbol === undefined) throw endsEarly();
        if (symbol >= bounds.symbols) throw damaged("a table has too many symbols");
        own.setTo(symbol);
        this.#tables[i] = own;
      }
      if (mode === 2) {
        next = own.read(input, next, bounds);
        this.#tables[i] = own;
      }
      if (!this.#tables[i]) throw damaged("a block refers to a table that is missing");
    }
    return next;
  }

  /** Of one of the last three, or a new one. `hasNone`: no literals stand in front of the match. */
  #offsetOf(value: number, hasNone: boolean): number {
    const which = value > 3 || !hasNone ? value : value + 1;
    if (which === 1) return this.#first;
    let offset = value - 3;
    if (value <= 3) offset = which === 2 ? this.#second : which === 3 ? this.#third : this.#first - 1;
    if (offset === 0) throw tooFar();
    if (value > 3 || which !== 2) this.#third = this.#second;
    this.#second = this.#first;
    this.#first = offset;
    return offset;
  }
}

/** So few bytes are copied faster one by one. */
const SHORT = 48;

type States = [FseState, FseState, FseState];

function tooFar(): Error {
  return damaged("it refers to data before its start");
}

function countAt(input: Uint8Array, at: number): { count: number; next: number } {
  const [first, second = 0, third = 0] = input.subarray(at, at + 3);
  if (first === undefined) throw endsEarly();
  if (first < 128) return { count: first, next: at + 1 };
  const length = first < 255 ? 2 : 3;
  if (at + length > input.length) throw endsEarly();
  const count = first < 255 ? ((first - 128) << 8) + second : second + (third << 8) + 0x7f00;
  return { count, next: at + length };
}

/** There is room for it. */
function append(output: Output, bytes: Uint8Array, from: number, to: number): void {
  const { bytes: into, length } = output;
  if (to - from > SHORT) into.set(bytes.subarray(from, to), length);
  else for (let i = from, at = length; i < to; i++, at++) into[at] = bytes[i]!;
  output.length = length + to - from;
}

function repeat(output: Output, offset: number, count: number): void {
  const { bytes, length } = output;
  if (offset === 1) bytes.fill(bytes[length - 1]!, length, length + count);
  else if (offset >= count && count > SHORT) bytes.copyWithin(length, length - offset, length - offset + count);
  else for (let at = length; at < length + count; at++) bytes[at] = bytes[at - offset]!;
  output.length = length + count;
}
