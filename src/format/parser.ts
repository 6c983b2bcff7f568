// Parsing without I/O: a parser is a generator that yields how many bytes it wants next and is sent those bytes, or
// fewer where the input ends. Whoever has the bytes drives it, and sends copies: a field is not changed between its
// check and its use, and keeps nothing alive but what was parsed with it.

import { type Bytes, type Owned, own, readU16 } from "../bytes.js";
import { SealError } from "../errors.js";

/** How many bytes a parser needs, and how many it takes where they are at hand: those are certain to follow. */
export interface Wanted {
  readonly least: number;
  readonly most: number;
}

export type Parser<T> = Generator<Wanted, T, Owned>;

/** So many bytes, fewer only at the end of the input. */
export function* atMost(length: number): Parser<Owned> {
  return yield { least: length, most: length };
}

/** Exactly `length` bytes. Throws `tampered` where the input ends before them: it began with a good magic. */
export function* exactly(length: number): Parser<Owned> {
  const bytes = yield* atMost(length);
  if (bytes.length < length) throw endsEarly();
  return bytes;
}

function endsEarly(): SealError {
  return new SealError("tampered", "the input ends inside the header");
}

/** Bytes that a parser takes at a time, but for a field that is longer. */
const AHEAD = 4096;

/** What a parser has been sent so far, where it takes several fields at once. Memory grows as bytes arrive. */
export class Sent {
  readonly #most: number;
  #bytes: Bytes = new Uint8Array(AHEAD);
  #length = 0;

  /** It is asked for no more than `most` bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether its first `end` bytes are there. */
  has(end: number): boolean {
    return end <= this.#length;
  }

  /** Asks for them, and takes some of the `more` that are certain to follow. Throws as `exactly`. */
  *ask(end: number, more: number): Parser<void> {
    const least = end - this.#length;
    this.#append(yield { least, most: Math.max(least, Math.min(least + more, AHEAD)) });
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

/**
 * Runs a parser over a source of bytes. `read` gives `least` bytes, fewer only at the end of the input, or up to `most`
 * where it need not wait for them: a field counts as soon as it is there.
 */
export async function parseFrom<T>(
  parser: Parser<T>,
  read: (least: number, most: number) => Promise<Uint8Array>,
): Promise<T> {
  let step = parser.next();
  while (!step.done) step = parser.next(own(await read(step.value.least, step.value.most)));
  return step.value;
}

/** Runs a parser over bytes in memory; the value, and how many bytes it took. */
export function parseBytes<T>(parser: Parser<T>, bytes: Uint8Array): { value: T; length: number } {
  let at = 0;
  let step = parser.next();
  while (!step.done) {
    const piece = own(bytes.subarray(at, at + step.value.most));
    at += piece.length;
    step = parser.next(piece);
  }
  return { value: step.value, length: at };
}
