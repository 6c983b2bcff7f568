// The literals of a block, and the prefix codes in which they stand (RFC 8878, sections 3.1.1.3.1 and 4.2).

import { damaged, endsEarly, type Output } from "../output.js";
import { BackwardBits, highestBit } from "./bits.js";
import { FseState, readTable } from "./fse.js";

/** Of a block. */
const MAX_LITERALS = 128 * 1024;
const MAX_WEIGHTS = 255;
const MAX_CODE_BITS = 11;
const WEIGHT_BOUNDS = { log: 6, symbols: MAX_WEIGHTS + 1 };

/** By the next `bits` bits: a symbol × 16 + the length of its code. */
interface Huffman {
  readonly bits: number;
  readonly table: Uint16Array;
}

/** What a section says at its beginning. */
interface Head {
  readonly kind: number;
  /** Bytes of literals, and in which form they stand in the input. */
  readonly size: number;
  readonly stored: number;
  readonly streams: 1 | 4;
  /** Where that begins. */
  readonly at: number;
}

const [RAW, REPEATED, WITH_TABLE] = [0, 1, 2];

export class Literals {
  /** Memory of its own. */
  #memory: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(0));
  #length = 0;
  #huffman: Huffman | null = null;
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  get bytes(): Uint8Array {
    return this.#memory;
  }

  get length(): number {
    return this.#length;
  }

  /** A frame begins: no earlier table counts. */
  forgetTable(): void {
    this.#huffman = null;
  }

  wipe(): void {
    this.#memory.fill(0);
  }

  /** Reads a section, of at most so many literals; where it ends. Throws `Problem`. */
  read(input: Uint8Array, start: number, most: number): number {
    const head = headAt(input, start);
    const end = head.at + head.stored;
    if (head.size > most) throw damaged("a block is too long");
    if (end > input.length) throw endsEarly();
    const memory = this.#make(head.size);
    if (head.kind === RAW) memory.set(input.subarray(head.at, end));
    else if (head.kind === REPEATED) memory.fill(input[head.at]!, 0, head.size);
    else this.#decode(input, head, end);
    return end;
  }

  #make(size: number): Uint8Array {
    if (size > this.#memory.length) {
      this.wipe();
      this.#memory = this.#output.scratch(Math.min(MAX_LITERALS, Math.max(size, 2 * this.#memory.length)));
    }
    this.#length = size;
    return this.#memory;
  }

  #decode(input: Uint8Array, { kind, size, streams, at }: Head, end: number): void {
    let from = at;
    if (kind === WITH_TABLE) {
      const { huffman, next } = readHuffman(input.subarray(0, end), at);
      this.#huffman = huffman;
      from = next;
    }
    const huffman = this.#huffman;
    if (!huffman) throw damaged("a block refers to a table that is not there");
    if (streams === 1) decodeStream(huffman, new BackwardBits(input, from, end), this.#memory, 0, size);
    else this.#decodeFour(huffman, input, from, end);
  }

  #decodeFour(huffman: Huffman, input: Uint8Array, from: number, end: number): void {
    const size = this.#length;
    if (from + 6 > end) throw endsEarly();
    const each = (size + 3) >> 2;
    if (3 * each > size) throw damaged("its literals are too few for four streams");
    let start = from + 6;
    for (let i = 0; i < 4; i++) {
      const stop = i === 3 ? end : start + u16(input, from + 2 * i);
      if (stop > end) throw endsEarly();
      const bits = new BackwardBits(input, start, stop);
      decodeStream(huffman, bits, this.#memory, i * each, i === 3 ? size : (i + 1) * each);
      start = stop;
    }
  }
}

function u16(input: Uint8Array, at: number): number {
  return input[at]! | (input[at + 1]! << 8);
}

function headAt(input: Uint8Array, at: number): Head {
  const first = input[at] ?? 0;
  const [kind, format] = [first & 3, (first >> 2) & 3];
  const length = kind <= REPEATED ? [1, 2, 1, 3][format]! : [3, 3, 4, 5][format]!;
  if (at + length > input.length) throw endsEarly();
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + input[at + i]!;
  if (kind <= REPEATED) {
    const size = Math.floor(value / (length === 1 ? 8 : 16));
    return { kind, size, stored: kind === RAW ? size : 1, streams: 1, at: at + length };
  }
  const width = [10, 10, 14, 18][format]!;
  const sizes = Math.floor(value / 16);
  const [size, stored] = [sizes % 2 ** width, Math.floor(sizes / 2 ** width)];
  return { kind, size, stored, streams: format === 0 ? 1 : 4, at: at + length };
}

/** Throws `Problem` where the stream does not end with the last literal. */
function decodeStream({ bits: width, table }: Huffman, bits: BackwardBits, into: Uint8Array, from: number, to: number) {
  bits.decode(table, width, into, from, to);
  if (bits.left !== 0) throw damaged("its literals do not end where they should");
}

function readHuffman(input: Uint8Array, at: number): { huffman: Huffman; next: number } {
  const head = input[at];
  if (head === undefined) throw endsEarly();
  const isPacked = head < 128;
  const count = isPacked ? 0 : head - 127;
  const next = at + 1 + (isPacked ? head : (count + 1) >> 1);
  if (next > input.length) throw endsEarly();
  const weights = isPacked ? packedWeights(input.subarray(0, next), at + 1) : [];
  for (let i = 0; i < count; i++) weights.push((input[at + 1 + (i >> 1)]! >> (i & 1 ? 0 : 4)) & 15);
  return { huffman: huffmanOf(weights), next };
}

/** Two states take turns; where one asks for bits that are not there, the other has the last weight. */
function packedWeights(input: Uint8Array, at: number): number[] {
  const { table, end } = readTable(input, at, WEIGHT_BOUNDS);
  const bits = new BackwardBits(input, end, input.length);
  const states = [new FseState(table, bits), new FseState(table, bits)];
  if (bits.left < 0) throw endsEarly();
  const weights: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    if (weights.length >= MAX_WEIGHTS - 1) throw damaged("a table of it has too many symbols");
    weights.push(states[turn]!.symbol);
    states[turn]!.next(bits);
    if (bits.left >= 0) continue;
    weights.push(states[turn ^ 1]!.symbol);
    return weights;
  }
}

/** The weight of the last symbol follows from the others: all codes together are complete. */
function huffmanOf(weights: number[]): Huffman {
  if (weights.some((weight) => weight > MAX_CODE_BITS)) throw damaged("a code of it is too long");
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 1 << (weight - 1) : 0), 0);
  if (sum === 0) throw damaged("its codes are contradictory");
  const bits = highestBit(sum) + 1;
  const rest = (1 << bits) - sum;
  if (bits > MAX_CODE_BITS || (rest & (rest - 1)) !== 0) throw damaged("its codes are contradictory");
  const all = [...weights, highestBit(rest) + 1];
  // Else the same code could be written with smaller weights.
  if (!all.includes(1)) throw damaged("its codes are contradictory");
  const table = new Uint16Array(1 << bits);
  let at = 0;
  for (let weight = 1; weight <= bits; weight++) {
    for (let symbol = 0; symbol < all.length; symbol++) {
      if (all[symbol] !== weight) continue;
      table.fill((symbol << 4) | (bits + 1 - weight), at, at + (1 << (weight - 1)));
      at += 1 << (weight - 1);
    }
  }
  return { bits, table };
}
