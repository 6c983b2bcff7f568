// DEFLATE (RFC 1951). It refuses what zlib refuses.

import { damaged, endsEarly, type Output, SLICE } from "./output.js";
import { PrefixCode, TABLE_BITS } from "./prefix-code.js";

/** What takes as long as so many bytes of output. */
const BLOCK_WORK = 64;
const CODES_WORK = 4096;

const MASK = (1 << TABLE_BITS) - 1;
const END_OF_BLOCK = 256;
const [LENGTHS, DISTANCES] = [288, 32];
const LENGTH_BASE = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227],
  258,
);
const LENGTH_BITS = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const DISTANCE_BASE = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097],
  ...[6145, 8193, 12_289, 16_385, 24_577],
);
const DISTANCE_BITS = Uint8Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
/** In which order the lengths of the code for lengths stand. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

interface Codes {
  readonly lengths: PrefixCode;
  readonly distances: PrefixCode;
}

/** What a block's own codes take of memory; each block uses it anew. */
interface OwnCodes extends Codes {
  /** The code in which the lengths of codes stand. */
  readonly meta: PrefixCode;
  readonly ofMeta: Uint8Array;
  readonly all: Uint8Array;
}

function newCodes(): Codes {
  return { lengths: new PrefixCode(LENGTHS), distances: new PrefixCode(DISTANCES) };
}

const FIXED = newCodes();
const FIXED_LENGTHS = Uint8Array.from({ length: LENGTHS }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
FIXED.lengths.set(FIXED_LENGTHS, 0, LENGTHS);
FIXED.distances.set(new Uint8Array(DISTANCES).fill(5), 0, DISTANCES);

export class Inflate {
  readonly #input: Uint8Array;
  readonly #output: Output;
  /** Where its output begins: nothing before that is referred to. */
  #start = 0;
  #at = 0;
  #bits = 0;
  #count = 0;
  #own: OwnCodes | null = null;

  constructor(input: Uint8Array, output: Output) {
    this.#input = input;
    this.#output = output;
  }

  /** Where it ends in the input, once it has. */
  get end(): number {
    return this.#at;
  }

  /** From a position of the input on. Yields now and then, so that others have a turn. Throws `Problem`. */
  *run(at: number): Generator<void> {
    const output = this.#output;
    this.#at = at;
    this.#start = output.length;
    for (let isLast = false; !isLast; ) {
      isLast = this.#read(1) === 1;
      const type = this.#read(2);
      if (type === 3) throw damaged("a block has an unknown type");
      const before = output.length;
      if (type === 0) this.#stored();
      else {
        const codes = type === 1 ? FIXED : this.#ownCodes();
        while (!this.#symbols(codes)) yield;
      }
      if (output.isDue(output.length - before + (type === 2 ? CODES_WORK : BLOCK_WORK))) yield;
    }
    this.#align();
  }

  /** At most 16. Throws `Problem` where the input ends before. */
  #read(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#input.length) throw endsEarly();
      this.#bits |= this.#input[this.#at++]! << this.#count;
      this.#count += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#count -= count;
    return value;
  }

  /** Goes on at the next byte that was not begun. */
  #align(): void {
    this.#at -= this.#count >> 3;
    this.#bits = 0;
    this.#count = 0;
  }

  #stored(): void {
    this.#align();
    const [length, inverse] = [this.#read(16), this.#read(16)];
    if ((length ^ inverse) !== 0xffff) throw damaged("the length of a block is damaged");
    const end = this.#at + length;
    if (end > this.#input.length) throw endsEarly();
    const output = this.#output;
    output.reserve(length);
    output.bytes.set(this.#input.subarray(this.#at, end), output.length);
    output.length += length;
    this.#at = end;
  }

  /** The codes that stand at the beginning of a block. Throws `Problem`. */
  #ownCodes(): Codes {
    const [lengths, distances, meta] = [this.#read(5) + 257, this.#read(5) + 1, this.#read(4) + 4];
    if (lengths > 286 || distances > 30) throw damaged("a block has too many codes");
    this.#own ??= {
      ...newCodes(),
      meta: new PrefixCode(ORDER.length),
      ofMeta: new Uint8Array(ORDER.length),
      all: new Uint8Array(LENGTHS + DISTANCES),
    };
    const { ofMeta, all } = this.#own;
    ofMeta.fill(0);
    for (let i = 0; i < meta; i++) ofMeta[ORDER[i]!] = this.#read(3);
    this.#own.meta.set(ofMeta, 0, ORDER.length);
    this.#codeLengths(this.#own, lengths + distances);
    if (all[END_OF_BLOCK] === 0) throw damaged("a block has no code for its end");
    this.#own.lengths.set(all, 0, lengths);
    this.#own.distances.set(all, lengths, lengths + distances);
    return this.#own;
  }

  #codeLengths({ meta, all }: OwnCodes, count: number): void {
    for (let i = 0; i < count; ) {
      const symbol = this.#symbol(meta);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw damaged("it repeats a code length before the first one");
      const value = symbol === 16 ? all[i - 1]! : 0;
      const times = symbol === 16 ? 3 + this.#read(2) : symbol === 17 ? 3 + this.#read(3) : 11 + this.#read(7);
      if (i + times > count) throw damaged("a block has too many code lengths");
      all.fill(value, i, i + times);
      i += times;
    }
  }

  /** One symbol, where few are read. */
  #symbol(code: PrefixCode): number {
    for (;;) {
      const entry = code.table[this.#bits & ((1 << Math.min(this.#count, TABLE_BITS)) - 1)]!;
      if (entry !== 0 && (entry & 15) <= this.#count) {
        this.#read(entry & 15);
        return entry >> 4;
      }
      if (this.#count >= TABLE_BITS) throw damaged("it uses a code that stands for nothing");
      if (this.#at >= this.#input.length) throw endsEarly();
      this.#bits |= this.#input[this.#at++]! << this.#count;
      this.#count += 8;
    }
  }

  /** Symbols of a block, until it ends or others are due: whether it has ended. Throws `Problem`. */
  #symbols({ lengths, distances }: Codes): boolean {
    const [input, output, start] = [this.#input, this.#output, this.#start];
    const [lengthTable, distanceTable, end] = [lengths.table, distances.table, input.length];
    let { bytes, length } = output;
    let [at, bits, count] = [this.#at, this.#bits, this.#count];
    const until = length + SLICE;
    let isEnd = false;
    while (length < until) {
      // Behind the input come zeros: that it has ended shows below.
      for (; count <= 24; count += 8, at++) bits |= (at < end ? input[at]! : 0) << count;
      let entry = lengthTable[bits & MASK]! || lengths.longer(bits);
      bits >>>= entry & 15;
      count -= entry & 15;
      const symbol = entry >> 4;
      if (symbol < END_OF_BLOCK) {
        if (at - (count >> 3) > end) throw endsEarly();
        if (length === bytes.length) {
          output.length = length;
          output.reserve(1);
          bytes = output.bytes;
        }
        bytes[length++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) {
        isEnd = true;
        break;
      }
      if (symbol > 285) throw damaged("it uses an invalid length");
      const lengthBits = LENGTH_BITS[symbol - 257]!;
      const size = LENGTH_BASE[symbol - 257]! + (bits & ((1 << lengthBits) - 1));
      bits >>>= lengthBits;
      count -= lengthBits;
      for (; count <= 24; count += 8, at++) bits |= (at < end ? input[at]! : 0) << count;
      entry = distanceTable[bits & MASK]! || distances.longer(bits);
      bits >>>= entry & 15;
      count -= entry & 15;
      if (entry >> 4 > 29) throw damaged("it uses an invalid distance");
      for (; count <= 24; count += 8, at++) bits |= (at < end ? input[at]! : 0) << count;
      const distanceBits = DISTANCE_BITS[entry >> 4]!;
      const distance = DISTANCE_BASE[entry >> 4]! + (bits & ((1 << distanceBits) - 1));
      bits >>>= distanceBits;
      count -= distanceBits;
      if (at - (count >> 3) > end) throw endsEarly();
      if (distance > length - start) throw damaged("it refers to data before its start");
      if (length + size > bytes.length) {
        output.length = length;
        output.reserve(size);
        bytes = output.bytes;
      }
      for (const last = length + size; length < last; length++) bytes[length] = bytes[length - distance]!;
    }
    output.length = length;
    this.#at = at;
    this.#bits = bits;
    this.#count = count;
    if (at - (count >> 3) > end) throw endsEarly();
    return isEnd;
  }
}
