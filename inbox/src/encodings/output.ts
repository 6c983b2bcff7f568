// What comes out of a compressed body: in memory of its own, which grows by doubling, whatever the body says of its
// length. It is all that a decoder keeps of the plaintext: no window beside it stays behind.

import { Problem } from "../problem.js";

/** What it takes of memory at first. */
const LEAST = 4096;
/** Bytes of output, or work that takes as long, after which others have a turn. */
export const SLICE = 64 * 1024;

export class Output {
  bytes = new Uint8Array(new ArrayBuffer(0));
  length = 0;
  readonly limit: number;
  readonly #room: (bytes: number) => void;
  #work = 0;

  /** `room`: told of bytes before they are taken; it may throw. */
  constructor(limit: number, room: (bytes: number) => void) {
    this.limit = limit;
    this.#room = room;
  }

  /** Makes room for so many bytes more. Throws `Problem` where they are beyond the limit, and what `room` throws. */
  reserve(count: number): void {
    const due = this.length + count;
    if (due <= this.bytes.length) return;
    if (due > this.limit) throw tooLong(this.limit);
    const size = Math.min(this.limit, Math.max(LEAST, due, 2 * this.bytes.length));
    this.#room(size - this.bytes.length);
    const larger = new Uint8Array(new ArrayBuffer(size));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes.fill(0);
    this.bytes = larger;
  }

  /** Whether others are due by now, after so much more work. */
  isDue(work: number): boolean {
    this.#work += work;
    if (this.#work < SLICE) return false;
    this.#work = 0;
    return true;
  }

  /** Memory for what a decoder needs on its way, which it overwrites itself. Throws what `room` throws. */
  scratch(size: number): Uint8Array<ArrayBuffer> {
    this.#room(size);
    return new Uint8Array(new ArrayBuffer(size));
  }

  wipe(): void {
    this.bytes.fill(0);
    this.length = 0;
  }
}

export function tooLong(limit: number): Problem {
  return new Problem("too-large", `A body may have at most ${limit} bytes, and no more once it is decoded.`);
}

export function damaged(why: string): Problem {
  return new Problem("bad-encoding", `The body cannot be decoded as its Content-Encoding says: ${why}.`);
}

export function endsEarly(): Problem {
  return damaged("it ends early");
}
