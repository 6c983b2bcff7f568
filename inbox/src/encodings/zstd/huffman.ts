// The prefix codes in which literals stand (RFC 8878, section 4.2).

import { damaged, endsEarly } from "../output.js";
import { BackwardBits, highestBit } from "./bits.js";
import { FseState, FseTable } from "./fse.js";

const MAX_WEIGHTS = 255;
const MAX_BITS = 11;
const WEIGHT_BOUNDS = { log: 6, symbols: MAX_WEIGHTS + 1 };

/** Its memory is used for one code after the other, as a body can bring very many. */
export class Huffman {
  #bits = 0;
  /** By the next `#bits` bits: a symbol × 16 + the length of its code. */
  readonly #table = new Uint16Array(1 << MAX_BITS);
  readonly #weights = new Uint8Array(MAX_WEIGHTS + 1);
  #count = 0;
  readonly #ofWeights = new FseTable();

  /** Becomes the code that is described at a position; where its description ends. Throws `Problem`. */
  read(input: Uint8Array, at: number): number {
    const head = input[at];
    if (head === undefined) throw endsEarly();
    const isPacked = head < 128;
    const count = head - 127;
    const next = at + 1 + (isPacked ? head : (count + 1) >> 1);
    if (next > input.length) throw endsEarly();
    this.#count = 0;
    if (isPacked) this.#unpack(input.subarray(0, next), at + 1);
    else for (let i = 0; i < count; i++) this.#add((input[at + 1 + (i >> 1)]! >> (i & 1 ? 0 : 4)) & 15);
    this.#build();
    return next;
  }

  /** Reads symbols into the places from `from` to `to`, with which the stream must end. Throws `Problem`. */
  decode(bits: BackwardBits, into: Uint8Array, from: number, to: number): void {
    bits.decode(this.#table, this.#bits, into, from, to);
    if (bits.left !== 0) throw damaged("a stream of literals does not end where it should");
  }

  #add(weight: number): void {
    if (this.#count === MAX_WEIGHTS) throw damaged("a table has too many symbols");
    this.#weights[this.#count++] = weight;
  }

  /** Two states take turns; where one asks for bits that are not there, the other has the last weight. */
  #unpack(input: Uint8Array, at: number): void {
    const end = this.#ofWeights.read(input, at, WEIGHT_BOUNDS);
    const bits = new BackwardBits(input, end, input.length);
    const states = [new FseState(this.#ofWeights, bits), new FseState(this.#ofWeights, bits)];
    if (bits.left < 0) throw endsEarly();
    for (let turn = 0; bits.left >= 0; turn ^= 1) {
      this.#add(states[turn]!.symbol);
      states[turn]!.next(bits);
      if (bits.left < 0) this.#add(states[turn ^ 1]!.symbol);
    }
  }

  /** The weight of the last symbol follows from the others: all codes together are complete. */
  #build(): void {
    const weights = this.#weights;
    let sum = 0;
    for (let symbol = 0; symbol < this.#count; symbol++) {
      if (weights[symbol]! > MAX_BITS) throw damaged("a code is too long");
      sum += (1 << weights[symbol]!) >> 1;
    }
    const bits = sum === 0 ? 0 : highestBit(sum) + 1;
    const rest = (1 << bits) - sum;
    if (sum === 0 || bits > MAX_BITS || (rest & (rest - 1)) !== 0) throw damaged("its codes are inconsistent");
    weights[this.#count++] = highestBit(rest) + 1;
    // Else the same code could be written with smaller weights.
    if (!weights.subarray(0, this.#count).includes(1)) throw damaged("its codes are inconsistent");
    this.#bits = bits;
    this.#fill();
  }

  #fill(): void {
    const [weights, table, bits] = [this.#weights, this.#table, this.#bits];
    let at = 0;
    for (let weight = 1; weight <= bits; weight++) {
      for (let symbol = 0; symbol < this.#count; symbol++) {
        if (weights[symbol] !== weight) continue;
        table.fill((symbol << 4) | (bits + 1 - weight), at, at + (1 << (weight - 1)));
        at += 1 << (weight - 1);
      }
    }
  }
}
