// Parsing without I/O: a parser is a generator that yields how many bytes it wants next and is sent those bytes, or
// fewer where the input ends. Whoever has the bytes drives it, and sends copies: a field is not changed between its
// check and its use, and keeps nothing alive but itself.

import { type Owned, own } from "../bytes.js";
import { SealError } from "../errors.js";

export type Parser<T> = Generator<number, T, Owned>;

/** Exactly `length` bytes. Throws `tampered` where the input ends before them: it began with a good magic. */
export function* exactly(length: number): Parser<Owned> {
  const bytes = yield length;
  if (bytes.length < length) throw new SealError("tampered", "the input ends inside the header");
  return bytes;
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
