// Tables of finite state entropy (RFC 8878, section 4.1).

import { damaged, endsEarly } from "../output.js";
import { type BackwardBits, ForwardBits, highestBit } from "./bits.js";

/** States of the largest table, and symbols of the one with most. */
const [MOST_STATES, MOST_SYMBOLS] = [512, 256];

/** Its memory is used for one table after the other, as a body can bring very many. */
export class FseTable {
  log = 0;
  /** By state: its symbol, how many bits the next state takes, and what is added to these. */
  readonly symbols = new Uint8Array(MOST_STATES);
  readonly bits = new Uint8Array(MOST_STATES);
  readonly bases = new Uint16Array(MOST_STATES);
  /** How often each symbol is, -1 for less than once; and of how many. */
  readonly #distribution = new Int16Array(MOST_SYMBOLS);
  #count = 0;
  readonly #next = new Uint16Array(MOST_SYMBOLS);

  /** How often each symbol is, of 2 to the power of `log`. Throws `Problem` where that is contradictory. */
  static of(distribution: readonly number[], log: number): FseTable {
    const table = new FseTable();
    table.#distribution.set(distribution);
    table.#count = distribution.length;
    table.#build(log);
    return table;
  }

  /** Of one symbol, which takes no bits. */
  setTo(symbol: number): void {
    this.log = 0;
    this.symbols[0] = symbol;
    this.bits[0] = 0;
    this.bases[0] = 0;
  }

  /** Becomes the table that is described at a position; where its description ends. Throws `Problem`. */
  read(input: Uint8Array, at: number, most: FseBounds): number {
    const bits = new ForwardBits(input, at);
    const log = bits.read(4) + 5;
    if (log > most.log) throw damaged("a table is too large");
    const distribution = this.#distribution;
    let count = 0;
    for (let left = 1 << log; left > 0; ) {
      if (count === most.symbols) throw damaged("a table has too many symbols");
      const probability = bits.readUpTo(left + 1) - 1;
      distribution[count++] = probability;
      left -= Math.abs(probability);
      for (let more = probability === 0 ? 3 : 0; more === 3; ) {
        more = bits.read(2);
        if (count + more > most.symbols) throw damaged("a table has too many symbols");
        distribution.fill(0, count, count + more);
        count += more;
      }
      if (bits.isOver) throw endsEarly();
    }
    this.#count = count;
    this.#build(log);
    return bits.end;
  }

  #build(log: number): void {
    const [size, symbols, next] = [1 << log, this.symbols, this.#next];
    this.log = log;
    this.#spread(size);
    for (let state = 0; state < size; state++) {
      const symbol = symbols[state]!;
      const count = next[symbol]!;
      next[symbol] = count + 1;
      const bits = log - highestBit(count);
      this.bits[state] = bits;
      this.bases[state] = (count << bits) - size;
    }
  }

  /** Gives each state its symbol, and counts the states of each. Throws `Problem`. */
  #spread(size: number): void {
    const [symbols, next, distribution, count] = [this.symbols, this.#next, this.#distribution, this.#count];
    let high = size;
    for (let symbol = 0; symbol < count; symbol++) {
      next[symbol] = Math.abs(distribution[symbol]!);
      if (distribution[symbol] === -1) symbols[--high] = symbol;
    }
    const [step, mask] = [(size >> 1) + (size >> 3) + 3, size - 1];
    let at = 0;
    for (let symbol = 0; symbol < count; symbol++) {
      for (let left = distribution[symbol]!; left > 0; left--) {
        symbols[at] = symbol;
        do at = (at + step) & mask;
        while (at >= high);
      }
    }
    if (at !== 0) throw damaged("a table is inconsistent");
  }
}

/** What a table may have at most. */
export interface FseBounds {
  readonly log: number;
  readonly symbols: number;
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
