// JSON (RFC 8259), checked where it stands as bytes: no text is made of what records hold, as a text cannot be
// overwritten.

import { Problem } from "../problem.js";

/** Arrays and objects in one another. */
const MAX_DEPTH = 128;
/** Of an object whose members are asked for. */
const MAX_MEMBERS = 1000;
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const ARRAY = { open: 0x5b, close: 0x5d };
const OBJECT = { open: 0x7b, close: 0x7d };
const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));
const ESCAPED = Buffer.from('"\\/bfnrt');
const [MINUS, PLUS, POINT, ZERO] = [0x2d, 0x2b, 0x2e, 0x30];

/** Where something stands. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member {
  /** With its quotes. */
  readonly name: Span;
  readonly value: Span;
}

export class Json {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The members of the object that stands at `start`, and where it ends. Throws `Problem`. */
  object(start: number, depth = 0): { members: Member[]; end: number } {
    const members: Member[] = [];
    const end = this.#list(start, OBJECT, depth, (at) => {
      const name = { start: at, end: this.#string(at) };
      const colon = this.blank(name.end);
      if (this.#bytes[colon] !== COLON) throw noJson();
      const value = this.blank(colon + 1);
      const after = this.value(value, depth + 1);
      if (depth === 0) members.push({ name, value: { start: value, end: after } });
      if (members.length > MAX_MEMBERS) throw noJson();
      return after;
    });
    return { members, end };
  }

  /** The elements of the array at `start`, one more than `most` at most, and where it ends. Throws `Problem`. */
  array(start: number, most: number, depth = 0): { elements: Span[]; end: number } {
    const elements: Span[] = [];
    const end = this.#list(start, ARRAY, depth, (at) => {
      const after = this.value(at, depth + 1);
      if (depth === 0 && elements.length <= most) elements.push({ start: at, end: after });
      return after;
    });
    return { elements, end };
  }

  /** Where the value ends that stands at `start`. Throws `Problem`. */
  value(start: number, depth: number): number {
    if (depth > MAX_DEPTH) throw noJson();
    const first = this.#bytes[start];
    if (first === OBJECT.open) return this.object(start, depth).end;
    if (first === ARRAY.open) return this.array(start, 0, depth).end;
    if (first === QUOTE) return this.#string(start);
    const word = WORDS.find((each) => this.#bytes.subarray(start, start + each.length).equals(each));
    return word ? start + word.length : this.#number(start);
  }

  /** The first byte from `at` on that is not blank. */
  blank(at: number): number {
    let next = at;
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.#bytes[next]!)) next++;
    return next;
  }

  #list(start: number, { open, close }: typeof ARRAY, depth: number, each: (at: number) => number): number {
    if (this.#bytes[start] !== open || depth > MAX_DEPTH) throw noJson();
    let at = this.blank(start + 1);
    if (this.#bytes[at] === close) return at + 1;
    for (;;) {
      at = this.blank(each(at));
      if (this.#bytes[at] === close) return at + 1;
      if (this.#bytes[at] !== COMMA) throw noJson();
      at = this.blank(at + 1);
    }
  }

  #string(start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== QUOTE) throw noJson();
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at + 1;
      if (byte < 0x20) throw noJson();
      if (byte === BACKSLASH) at = this.#escape(at + 1);
    }
    throw noJson();
  }

  /** The last byte of what follows a backslash. */
  #escape(at: number): number {
    if (ESCAPED.includes(this.#bytes[at] ?? 0)) return at;
    const hex = this.#bytes.subarray(at + 1, at + 5);
    if (this.#bytes[at] !== 0x75 || hex.length < 4 || !hex.every(isHex)) throw noJson();
    return at + 4;
  }

  #number(start: number): number {
    const bytes = this.#bytes;
    const whole = bytes[start] === MINUS ? start + 1 : start;
    let at = bytes[whole] === ZERO ? whole + 1 : this.#digits(whole);
    if (bytes[at] === POINT) at = this.#digits(at + 1);
    if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
    return this.#digits(bytes[at + 1] === MINUS || bytes[at + 1] === PLUS ? at + 2 : at + 1);
  }

  /** At least one. */
  #digits(start: number): number {
    let at = start;
    while (isDigit(this.#bytes[at])) at++;
    if (at === start) throw noJson();
    return at;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

export function noJson(): Problem {
  return new Problem("bad-request", "The body is not JSON, or nested too deeply.");
}
