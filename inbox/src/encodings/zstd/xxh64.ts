// XXH64 with seed 0, whose lower half is the checksum of Zstandard. Stripes are counted in halves of 32 bits, as big
// integers take many times as long; the end is short.

const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
];
const MASK = 0xffffffffffffffffn;
const STRIPE = 32;
const [P1_HIGH, P1_LOW, P2_HIGH, P2_LOW] = [0x9e3779b1, 0x85ebca87, 0xc2b2ae3d, 0x27d4eb4f].map((half) => half | 0) as [
  number,
  number,
  number,
  number,
];

export class Xxh64 {
  /** Low and high halves of four sums. */
  readonly #sums = new Int32Array(8);
  readonly #start: number;
  #at: number;

  /** Of bytes from `start` on. */
  constructor(start: number) {
    this.#start = start;
    this.#at = start;
    for (const [i, sum] of [P1 + P2, P2, 0n, -P1].entries()) {
      this.#sums[2 * i] = Number(BigInt.asIntN(32, sum));
      this.#sums[2 * i + 1] = Number(BigInt.asIntN(32, sum >> 32n));
    }
  }

  /** All whole stripes before `end`. */
  update(bytes: Uint8Array, end: number): void {
    let at = this.#at;
    for (; at + STRIPE <= end; at += STRIPE) {
      for (let i = 0; i < 4; i++) round(this.#sums, 2 * i, halfAt(bytes, at + 8 * i), halfAt(bytes, at + 8 * i + 4));
    }
    this.#at = at;
  }

  /** The lower half of the sum, of all bytes before `end`. */
  digest(bytes: Uint8Array, end: number): number {
    this.update(bytes, end);
    let sum = end - this.#start >= STRIPE ? this.#merged() : P5;
    sum = (sum + BigInt(end - this.#start)) & MASK;
    let at = this.#at;
    for (; at + 8 <= end; at += 8) {
      const lane = BigInt(halfAt(bytes, at) >>> 0) | (BigInt(halfAt(bytes, at + 4) >>> 0) << 32n);
      sum = (rotated(sum ^ ((rotated((lane * P2) & MASK, 31n) * P1) & MASK), 27n) * P1 + P4) & MASK;
    }
    if (at + 4 <= end) {
      sum = (rotated(sum ^ ((BigInt(halfAt(bytes, at) >>> 0) * P1) & MASK), 23n) * P2 + P3) & MASK;
      at += 4;
    }
    for (; at < end; at++) sum = (rotated(sum ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK;
    sum = ((sum ^ (sum >> 33n)) * P2) & MASK;
    sum = ((sum ^ (sum >> 29n)) * P3) & MASK;
    return Number((sum ^ (sum >> 32n)) & 0xffffffffn);
  }

  #merged(): bigint {
    const sums = [0, 1, 2, 3].map(
      (i) => BigInt(this.#sums[2 * i]! >>> 0) | (BigInt(this.#sums[2 * i + 1]! >>> 0) << 32n),
    );
    const turns = [1n, 7n, 12n, 18n];
    const first = sums.reduce((total, sum, i) => total + rotated(sum, turns[i]!), 0n) & MASK;
    return sums.reduce((total, sum) => {
      const mixed = (rotated((sum * P2) & MASK, 31n) * P1) & MASK;
      return ((total ^ mixed) * P1 + P4) & MASK;
    }, first);
  }
}

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

function halfAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** sum = rotated(sum + lane × P2, 31) × P1 */
function round(sums: Int32Array, i: number, low: number, high: number): void {
  const productLow = Math.imul(low, P2_LOW);
  const productHigh = (upper(low, P2_LOW) + Math.imul(low, P2_HIGH) + Math.imul(high, P2_LOW)) | 0;
  const sumLow = (sums[i]! + productLow) | 0;
  const carry = sumLow >>> 0 < productLow >>> 0 ? 1 : 0;
  const sumHigh = (sums[i + 1]! + productHigh + carry) | 0;
  const turnedLow = (sumLow << 31) | (sumHigh >>> 1);
  const turnedHigh = (sumHigh << 31) | (sumLow >>> 1);
  sums[i] = Math.imul(turnedLow, P1_LOW);
  sums[i + 1] = (upper(turnedLow, P1_LOW) + Math.imul(turnedLow, P1_HIGH) + Math.imul(turnedHigh, P1_LOW)) | 0;
}

/** The upper half of a product of two unsigned halves. */
function upper(one: number, other: number): number {
  const [a, b, c, d] = [one >>> 16, one & 0xffff, other >>> 16, other & 0xffff];
  const [low, left, right] = [Math.imul(b, d), Math.imul(a, d), Math.imul(b, c)];
  const middle = (low >>> 16) + (left & 0xffff) + (right & 0xffff);
  return (Math.imul(a, c) + (left >>> 16) + (right >>> 16) + (middle >>> 16)) | 0;
}
