// How records stand in a stream: as lines, or with a length in front of each.

import { type Bytes, readU32 } from "../bytes.js";
import { SealError } from "../errors.js";

export type Framing = "lines" | "length";

const NEWLINE = 0x0a;
const LENGTH_BYTES = 4;

/** Cuts a stream into records, whatever pieces it comes in. */
export abstract class Splitter {
  /** What is wrong with the stream (`malformed`), once that is known: nothing behind it is a record. */
  fault: SealError | null = null;
  readonly #longest: number;
  protected readonly begun = new Begun();
  protected count = 0;

  /** `longest`: bytes of a record, at most. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The records that end in this piece, as views on it, but for the first where it began in an earlier piece. */
  abstract push(piece: Uint8Array): Uint8Array[];

  /** The stream ends here: the last record, where it lacks its newline, else null. Sets `fault` where a record lacks its end. */
  abstract end(): Uint8Array | null;

  /** Overwrites the record that the last `push` gave and that is no view on its piece. */
  erase(): void {
    this.begun.erase();
  }

  /** Whether a record may have that length; sets `fault` where not. */
  protected fits(length: number): boolean {
    if (length <= this.#longest) return true;
    const message = `record ${this.count} (counted from 0) is longer than ${this.#longest} bytes`;
    this.fault = new SealError("malformed", message, { hint: "A frame of the journal holds no longer record." });
    return false;
  }
}

export function splitter(framing: Framing, longest: number): Splitter {
  return framing === "lines" ? new LineSplitter(longest) : new LengthSplitter(longest);
}

class LineSplitter extends Splitter {
  push(piece: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    let start = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, start)) {
      if (!this.fits(this.begun.length + at - start)) return records;
      records.push(this.begun.finish(piece.subarray(start, at)));
      this.count += 1;
      start = at + 1;
    }
    const rest = piece.subarray(start);
    if (this.fits(this.begun.length + rest.length)) this.begun.add(rest);
    return records;
  }

  end(): Uint8Array | null {
    return this.begun.length > 0 ? this.begun.finish(new Uint8Array()) : null;
  }
}

class LengthSplitter extends Splitter {
  push(piece: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    for (let rest = piece; ; ) {
      rest = this.#completeLength(rest);
      const there = this.begun.length + rest.length;
      if (there >= LENGTH_BYTES) {
        const length = readU32(this.begun.length > 0 ? this.begun.bytes : rest);
        if (!this.fits(length)) return records;
        const own = LENGTH_BYTES + length - this.begun.length;
        if (rest.length >= own) {
          records.push(this.begun.finish(rest.subarray(0, own)).subarray(LENGTH_BYTES));
          rest = rest.subarray(own);
          this.count += 1;
          continue;
        }
      }
      this.begun.add(rest);
      return records;
    }
  }

  end(): null {
    if (this.begun.length > 0) {
      this.fault = new SealError("malformed", `the input ends inside of record ${this.count} (counted from 0)`);
    }
    return null;
  }

  /** A length that began in another piece is made whole; the rest of this one. */
  #completeLength(piece: Uint8Array): Uint8Array {
    const missing = this.begun.length === 0 ? 0 : Math.max(0, LENGTH_BYTES - this.begun.length);
    this.begun.add(piece.subarray(0, missing));
    return piece.subarray(missing);
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
      this.#memory.fill(0);
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

  erase(): void {
    this.#given.fill(0);
  }
}
