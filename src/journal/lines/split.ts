// How records stand in a stream: as lines, or with a length in front of each.

import { type Bytes, readU32 } from "../../bytes.js";
import { erase } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";

export type Framing = "lines" | "length";

const NEWLINE = 0x0a;
const LENGTH_BYTES = 4;

/**
 * Cuts a stream into records, whatever pieces it comes in. One that is too long is left out, and nothing of it is kept.
 */
export abstract class Splitter {
  /** What is wrong with the stream (`malformed`), once it has ended. */
  fault: SealError | null = null;
  /** Bytes of a record, at most. */
  protected readonly longest: number;
  protected readonly begun = new Begun();
  /** Records so far, those included that are left out. */
  protected count = 0;
  readonly #leftOut: (record: number) => void;

  /** `leftOut` is told the number of each record that is too long, counted from 0. */
  constructor(longest: number, leftOut: (record: number) => void) {
    this.longest = longest;
    this.#leftOut = leftOut;
  }

  /** The records that end in this piece, as views on it, but for the first where it began in an earlier piece. */
  abstract push(piece: Uint8Array): Uint8Array[];

  /**
   * The stream ends here: the last record, where it lacks its newline, else null. Sets `fault` where a record lacks its
   * end.
   */
  abstract end(): Uint8Array | null;

  /** Overwrites the record that the last `push` gave and that is no view on its piece. */
  erase(): void {
    this.begun.erase();
  }

  /** Forgets what came of the record that has begun: it is too long. */
  protected leaveOut(): void {
    this.begun.drop();
    this.#leftOut(this.count);
  }
}

export function splitter(framing: Framing, longest: number, leftOut: (record: number) => void): Splitter {
  return framing === "lines" ? new LineSplitter(longest, leftOut) : new LengthSplitter(longest, leftOut);
}

class LineSplitter extends Splitter {
  /** Whether the line that has begun is left out. */
  #isTooLong = false;

  push(piece: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    let start = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, start)) {
      const last = piece.subarray(start, at);
      if (this.#fits(last)) records.push(this.begun.finish(last));
      this.#isTooLong = false;
      this.count += 1;
      start = at + 1;
    }
    const rest = piece.subarray(start);
    if (this.#fits(rest)) this.begun.add(rest);
    return records;
  }

  end(): Uint8Array | null {
    return this.begun.length > 0 ? this.begun.finish(new Uint8Array()) : null;
  }

  #fits({ length }: Uint8Array): boolean {
    if (!this.#isTooLong && this.begun.length + length > this.longest) {
      this.#isTooLong = true;
      this.leaveOut();
    }
    return !this.#isTooLong;
  }
}

class LengthSplitter extends Splitter {
  /** Bytes that are still to come of a record that is left out. */
  #passing = 0;

  push(piece: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    let rest = this.#start(piece);
    for (let own = this.#due(rest); own !== null && own <= rest.length; own = this.#due(rest)) {
      records.push(this.begun.finish(rest.subarray(0, own)).subarray(LENGTH_BYTES));
      this.count += 1;
      rest = this.#start(rest.subarray(own));
    }
    this.begun.add(rest);
    return records;
  }

  end(): null {
    if (this.begun.length > 0 || this.#passing > 0) {
      this.fault = new SealError("malformed", `the input ends inside record ${this.count} (counted from 0)`);
    }
    return null;
  }

  /** How many bytes the record that has begun takes from here on; null where its length is not whole yet. */
  #due(rest: Uint8Array): number | null {
    if (this.begun.length + rest.length < LENGTH_BYTES) return null;
    return LENGTH_BYTES + readU32(this.begun.length > 0 ? this.begun.bytes : rest) - this.begun.length;
  }

  /**
   * Passes over records that are too long, and makes a length whole that began in another piece; the rest of this one.
   */
  #start(piece: Uint8Array): Uint8Array {
    for (let rest = piece; ; ) {
      const passed = Math.min(this.#passing, rest.length);
      this.#passing -= passed;
      rest = rest.subarray(passed);
      if (passed > 0 && this.#passing === 0) this.count += 1;
      const missing = this.begun.length === 0 ? 0 : Math.max(0, LENGTH_BYTES - this.begun.length);
      this.begun.add(rest.subarray(0, missing));
      rest = rest.subarray(missing);
      const due = this.#due(rest);
      if (due === null || this.begun.length + due - LENGTH_BYTES <= this.longest) return rest;
      this.leaveOut();
      this.#passing = due;
    }
  }
}

/** Memory of 64 bytes and less lies where V8 moves it, and leaves copies that cannot be overwritten. */
const LEAST_BYTES = 1024;

/** A record whose end is yet to come. Its memory grows by doubling, as bytes arrive. */
class Begun {
  #memory: Bytes = new Uint8Array();
  #given: Bytes = new Uint8Array();
  length = 0;

  get bytes(): Bytes {
    return this.#memory.subarray(0, this.length);
  }

  add(piece: Uint8Array): void {
    const end = this.length + piece.length;
    if (end > this.#memory.length) {
      const larger = new Uint8Array(Math.max(LEAST_BYTES, end, 2 * this.#memory.length));
      larger.set(this.bytes);
      erase(this.#memory);
      this.#memory = larger;
    }
    this.#memory.set(piece, this.length);
    this.length = end;
  }

  /** The record with its last piece: that itself, where it is all. */
  finish(last: Uint8Array): Uint8Array {
    if (this.length === 0) return last;
    this.add(last);
    this.#given = this.bytes;
    this.#memory = new Uint8Array();
    this.length = 0;
    return this.#given;
  }

  /** Overwrites what came, and gives its memory back. */
  drop(): void {
    erase(this.#memory);
    this.#memory = new Uint8Array();
    this.length = 0;
  }

  erase(): void {
    erase(this.#given);
  }
}
