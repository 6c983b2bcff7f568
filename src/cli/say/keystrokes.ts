// What is typed at a prompt that shows nothing: a line, edited as terminals do it. Nothing becomes part of it that
// could not be seen if it were shown. It is a secret, so it is kept as bytes.

import { equal, isUtf8 } from "../../bytes.js";
import { copySecret, erase, joinSecret, newSecret, partOf, type Secret } from "../../crypto/secret.js";

/**
 * What comes of keystrokes: a line, to be erased; the end of input or an interruption; a key that is ignored; or that
 * the program is to be stopped.
 */
export type Stroke =
  | { readonly is: "line"; readonly line: Secret }
  | { readonly is: "end" | "interrupt" | "stop" | "ignored" };

const [CTRL_C, CTRL_D, CTRL_H, LF, CR, CTRL_U, CTRL_W, CTRL_Z] = [3, 4, 8, 10, 13, 21, 23, 26];
const [ESCAPE, DELETE, SPACE] = [0x1b, 0x7f, 0x20];
const IGNORED: Stroke = { is: "ignored" };

/** Nobody types more. */
const MAX_LINE = 4096;

/** Where an escape sequence stands: ESC was typed; ESC [ and what parameters have; ESC O. */
type Sequence = "begun" | "parameters" | "letter" | null;

export class Keystrokes {
  readonly #line = newSecret(MAX_LINE);
  #length = 0;
  /** A character of several bytes, of which this many are there. */
  readonly #character = newSecret(4);
  #have = 0;
  #sequence: Sequence = null;
  #parameters = "";
  #wasReturn = false;
  #waiting: Secret = newSecret(0);

  /** Adds what was typed, which stays the caller's, to be erased. */
  push(typed: Uint8Array): void {
    const before = this.#waiting;
    this.#waiting = joinSecret(before, typed);
    erase(before);
  }

  /** What comes next of what was typed; null where more has to be typed. */
  next(): Stroke | null {
    for (let at = 0; at < this.#waiting.length; at++) {
      const byte = this.#waiting[at]!;
      if (this.#have > 0 && !isContinuation(byte)) {
        this.#have = 0;
        this.#drop(at);
        return IGNORED;
      }
      const stroke = this.#take(byte);
      if (!stroke) continue;
      this.#drop(at + 1);
      return stroke;
    }
    this.#drop(this.#waiting.length);
    return null;
  }

  /** So much of what was typed has been dealt with. */
  #drop(count: number): void {
    const before = this.#waiting;
    this.#waiting = copySecret(partOf(before, count));
    erase(before);
  }

  #take(byte: number): Stroke | null {
    const isPair = this.#wasReturn && byte === LF;
    this.#wasReturn = byte === CR;
    if (isPair) return null;
    if (this.#sequence) return this.#inSequence(byte);
    return byte < 0x80 ? this.#key(byte) : this.#beyondAscii(byte);
  }

  #key(byte: number): Stroke | null {
    if (byte === CR || byte === LF) return { is: "line", line: this.#taken() };
    if (byte === CTRL_C) return { is: "interrupt" };
    if (byte === CTRL_Z) return { is: "stop" };
    if (byte === CTRL_D) return this.#length === 0 ? { is: "end" } : { is: "line", line: this.#taken() };
    if (byte === CTRL_U) this.#cut(0);
    else if (byte === CTRL_W) this.#dropWord();
    else if (byte === CTRL_H || byte === DELETE) this.#dropCharacter();
    else if (byte === ESCAPE) this.#sequence = "begun";
    else if (byte < SPACE) return IGNORED;
    else return this.#add(byte);
    return null;
  }

  /** A byte of a longer character, which is added when it is whole, and if it can be seen. */
  #beyondAscii(byte: number): Stroke | null {
    this.#character[this.#have++] = byte;
    if (this.#have < lengthFrom(this.#character[0]!)) return null;
    const character = partOf(this.#character, 0, this.#have);
    this.#have = 0;
    const isControl = character[0] === 0xc2 && character[1]! < 0xa0;
    if (!isUtf8(character) || isControl || equal(character, REPLACEMENT)) return IGNORED;
    return this.#add(...character);
  }

  #add(...character: number[]): Stroke | null {
    if (this.#length + character.length > this.#line.length) return IGNORED;
    this.#line.set(character, this.#length);
    this.#length += character.length;
    return null;
  }

  /** Arrow keys and the like: ESC [ parameters letter, ESC O letter, or ESC and a key. */
  #inSequence(byte: number): Stroke | null {
    const key = String.fromCharCode(byte);
    if (this.#sequence === "begun" && (key === "[" || key === "O")) {
      this.#sequence = key === "[" ? "parameters" : "letter";
      this.#parameters = "";
      return null;
    }
    if (byte === CTRL_C) {
      this.#sequence = null;
      return { is: "interrupt" };
    }
    if (this.#sequence === "parameters" && /[ -?]/.test(key)) {
      this.#parameters += key;
      return null;
    }
    this.#sequence = null;
    // Around what is pasted.
    const isPaste = key === "~" && /^20[01]$/.test(this.#parameters);
    return isPaste ? null : IGNORED;
  }

  #taken(): Secret {
    const line = copySecret(partOf(this.#line, 0, this.#length));
    this.#cut(0);
    return line;
  }

  #cut(length: number): void {
    erase(partOf(this.#line, length, this.#length));
    this.#length = length;
  }

  #dropCharacter(): void {
    let length = this.#length;
    while (length > 0 && isContinuation(this.#line[--length]!));
    this.#cut(length);
  }

  #dropWord(): void {
    let length = this.#length;
    while (length > 0 && this.#line[length - 1] === SPACE) length--;
    while (length > 0 && this.#line[length - 1] !== SPACE) length--;
    this.#cut(length);
  }
}

/** U+FFFD: what a terminal shows of what it could not read. */
const REPLACEMENT = Uint8Array.of(0xef, 0xbf, 0xbd);

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The length that a character's first byte announces; 1 where it is none. */
function lengthFrom(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
