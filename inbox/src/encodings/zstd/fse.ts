// Tables of finite state entropy (RFC 8878, section 4.1).

import { damaged, endsEarly } from "../output.js";
import { type BackwardBits, highestBit } from "./bits.js";

/** By state: its symbol, how many bits the next state takes, and what is added to these. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** Of a distribution: how often each symbol is, -1 for less than once, of 2 to the power of `log`. Throws `Problem`. */
export function fseTable(distribution: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const next = new Uint16Array(distribution.length);
  const symbols = spread(distribution, size, next);
  const [bits, bases] = [new Uint8Array(size), new Uint16Array(size)];
  for (let state = 0; state < size; state++) {
    const count = next[symbols[state]!]!++;
    bits[state] = log - highestBit(count);
    bases[state] = (count << bits[state]!) - size;
  }
  return { log, symbols, bits, bases };
}

/** The symbol of each state; `counts` are set to how many states each symbol has. Throws `Problem`. */
function spread(distribution: ArrayLike<number>, size: number, counts: Uint16Array): Uint8Array {
  const symbols = new Uint8Array(size);
  let high = size;
  for (let symbol = 0; symbol < distribution.length; symbol++) {
    counts[symbol] = Math.abs(distribution[symbol]!);
    if (distribution[symbol] === -1) symbols[--high] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < distribution.length; symbol++) {
    for (let i = 0; i < distribution[symbol]!; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  if (at !== 0) throw damaged("a table of it is contradictory");
  return symbols;
}

/** Of one symbol, which takes no bits. */
export function constantTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** What a table may have at most. */
export interface FseBounds {
  readonly log: number;
  readonly symbols: number;
}

/** The table that is described at a position, and where its description ends. Throws `Problem`. */
export function readTable(input: Uint8Array, at: number, most: FseBounds): { table: FseTable; end: number } {
  let bit = 8 * at;
  const peek = (count: number) => {
    const from = bit >> 3;
    const word = (input[from] ?? 0) | ((input[from + 1] ?? 0) << 8) | ((input[from + 2] ?? 0) << 16);
    return (word >> (bit & 7)) & ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  bit += 4;
  if (log > most.log) throw damaged("a table of it is too large");
  const distribution: number[] = [];
  for (let left = 1 << log; left > 0; ) {
    if (distribution.length === most.symbols) throw damaged("a table of it has too many symbols");
    // As many bits as the largest value takes; the smallest ones take one less.
    const width = highestBit(left + 1) + 1;
    const [value, half] = [peek(width), 1 << (width - 1)];
    const spare = 2 * half - 2 - left;
    const isShort = (value & (half - 1)) < spare;
    const probability = (isShort ? value & (half - 1) : value >= half ? value - spare : value) - 1;
    bit += isShort ? width - 1 : width;
    distribution.push(probability);
    left -= Math.abs(probability);
    for (let more = probability === 0 ? 3 : 0; more === 3; ) {
      more = peek(2);
      bit += 2;
      if (distribution.length + more > most.symbols) throw damaged("a table of it has too many symbols");
      for (let i = 0; i < more; i++) distribution.push(0);
    }
    if (bit > 8 * input.length) throw endsEarly();
  }
  return { table: fseTable(distribution, log), end: (bit + 7) >> 3 };
}

/** A state of a table, which a stream of bits moves on. */
export class FseState {
  #table: FseTable;
  #state: number;

  constructor(table: FseTable, bits: BackwardBits) {
    this.#table = table;
    this.#state = bits.read(table.log);
  }

  get symbol(): number {
    return this.#table.symbols[this.#state]!;
  }

  next(bits: BackwardBits): void {
    const state = this.#state;
    this.#state = this.#table.bases[state]! + bits.read(this.#table.bits[state]!);
  }
}
