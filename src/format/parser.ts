// Parsing without I/O: a parser is a generator that yields how many bytes it wants next and is sent those bytes, or
// fewer where the input ends. Whoever has the bytes drives it, and sends copies: a field is not changed between its
// check and its use, and keeps nothing alive but itself.

import { type Bytes, type Owned, own, readU16 } from "../bytes.js";
import { SealError } from "../errors.js";

const NOTHING = own(new Uint8Array(0));

export type Parser<T> = Generator<number, T, Owned>;

/** Exactly `length` bytes. Throws `tampered` where the input ends before them: it began with a good magic. */
export function* exactly(length: number): Parser<Owned> {
  const bytes = yield length;
  if (bytes.length < length) throw endsEarly();
  return bytes;
}

function endsEarly(): SealError {
  return new SealError("tampered", "the input ends inside the header");
}

/** Bytes that a parser asks for at a time, beyond the field that it needs. */
const AHEAD = 4096;

/** What a parser has been sent so far, where it asks for several fields at once. Memory grows as bytes arrive. */
export class Sent {
  readonly #most: number;
  #bytes: Bytes = new Uint8Array(AHEAD);
  #length = 0;
  #isAll = false;

  /** It is asked for no more than `most` bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether its first `end` bytes are there. */
  has(end: number): boolean {
    return end <= this.#length;
  }

  /** Asks for them, and with them for some of the `more` that are certain to follow. Throws as `exactly`. */
  *ask(end: number, more: number): Parser<void> {
    const missing = end - this.#length;
    const asked = Math.max(missing, Math.min(missing + more, AHEAD));
    const piece = this.#isAll ? NOTHING : yield asked;
    this.#isAll ||= piece.length < asked;
    this.#append(piece);
    if (!this.has(end)) throw endsEarly();
  }

  u16(at: number): number {
    return readU16(this.#bytes, at);
  }

  /** A copy of its first `length` bytes. */
  first(length: number): Owned {
    return own(this.#bytes.subarray(0, length));
  }

  #append(piece: Owned): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, Math.min(2 * this.#length, this.#most)));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }
}

/** Runs a parser over a source of bytes. `read` gives `length` bytes, fewer only at the end of the input. */
export async function parseFrom<T>(parser: Parser<T>, read: (length: number) => Promise<Uint8Array>): Promise<T> {
  let step = parser.next();
  while (!step.done) step = parser.next(own(await read(step.value)));
  return step.value;
}

/** Runs a parser over bytes in memory; the value, and how many bytes it took. */
export function parseBytes<T>(parser: Parser<T>, bytes: Uint8Array): { value: T; length: number } {
  let at = 0;
  let step = parser.next();
  while (!step.done) {
    const piece = own(bytes.subarray(at, at + step.value));
    at += piece.length;
    step = parser.next(piece);
  }
  return { value: step.value, length: at };
}
