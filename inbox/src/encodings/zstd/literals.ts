// The literals of a block (RFC 8878, section 3.1.1.3.1).

import { damaged, endsEarly, type Output } from "../output.js";
import { BackwardBits } from "./bits.js";
import { Huffman } from "./huffman.js";

/** Of a block. */
const MAX_LITERALS = 128 * 1024;

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
  readonly #huffman = new Huffman();
  #hasTable = false;
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
    this.#hasTable = false;
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
      from = this.#huffman.read(input.subarray(0, end), at);
      this.#hasTable = true;
    }
    if (!this.#hasTable) throw damaged("a block refers to a table that is missing");
    if (streams === 1) this.#huffman.decode(new BackwardBits(input, from, end), this.#memory, 0, size);
    else this.#decodeFour(input, from, end);
  }

  #decodeFour(input: Uint8Array, from: number, end: number): void {
    const size = this.#length;
    if (from + 6 > end) throw endsEarly();
    const each = (size + 3) >> 2;
    if (3 * each > size) throw damaged("it has too few literals for four streams");
    let start = from + 6;
    for (let i = 0; i < 4; i++) {
      const stop = i === 3 ? end : start + u16(input, from + 2 * i);
      if (stop > end) throw endsEarly();
      const bits = new BackwardBits(input, start, stop);
      this.#huffman.decode(bits, this.#memory, i * each, i === 3 ? size : (i + 1) * each);
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
