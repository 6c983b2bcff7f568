// Bech32m (BIP 350) behind a prefix that is known. Of secrets, in upper case: on bytes, of which no string is made, and
// in steps that do not depend on what is secret. Of public keys, in lower case: by tables, which is quicker.

import { type Bytes, utf8 } from "../bytes.js";
import { copySecret, disclose, erase, newSecret, type Secret } from "../crypto/secret.js";

const SEPARATOR = 0x31;
const LETTERS = utf8("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L");
const LOWER = LETTERS.map(lower);
/** What `wordOf` says of a byte that is no letter. */
const NONE = 32;
const VALUES = new Uint8Array(256).fill(NONE);
LOWER.forEach((letter, value) => {
  VALUES[letter] = value;
});
const CHECK_LETTERS = 6;
const BECH32M = 0x2bc830a3;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;

/** The text of a payload behind a prefix in lower case. */
export function encodeLower(prefix: Uint8Array, payload: Uint8Array): string {
  return String.fromCharCode(...disclose(encode(prefix, copySecret(payload), (value) => LOWER[value]!)));
}

/** The text of a payload behind a prefix in upper case. */
export function encodeUpper(prefix: Uint8Array, payload: Secret): Secret {
  return encode(prefix, payload, letterOf);
}

function encode(prefix: Uint8Array, payload: Secret, letterOf: (value: number) => number): Secret {
  const words = newSecret(Math.ceil((payload.length * 8) / 5) + CHECK_LETTERS);
  const count = regroup(payload, payload.length, 8, words, 5);
  const check = polymod(prefix, words) ^ BECH32M;
  for (let i = 0; i < CHECK_LETTERS; i++) words[count + i] = (check >>> (5 * (CHECK_LETTERS - 1 - i))) & 31;
  const text = newSecret(prefix.length + 1 + words.length);
  text.set(prefix);
  text[prefix.length] = SEPARATOR;
  for (let i = 0; i < words.length; i++) text[prefix.length + 1 + i] = letterOf(words[i]!);
  erase(words);
  return text;
}

/**
 * The payload, of any length, of a text that begins with the prefix and the separator; or what is wrong: its checksum,
 * or its padding, which is not zero or of a whole group.
 */
export function decodeUpper(prefix: Uint8Array, text: Uint8Array): Secret | "checksum" | "padding" {
  return decode(prefix, text, wordOf, newSecret);
}

/** The same of a text in lower case. */
export function decodeLower(prefix: Uint8Array, text: string): Bytes | "checksum" | "padding" {
  return decode(prefix, utf8(text), lowerValue, newBytes);
}

const lowerValue = (letter: number) => VALUES[letter]!;
/** A short array on V8's heap takes a fraction of the time of one outside, where secrets are. */
const newBytes = (length: number): Bytes => new Uint8Array(length);

/** `make`: for what may be secret, or for what is not. */
function decode<T extends Bytes>(
  prefix: Uint8Array,
  text: Uint8Array,
  wordOf: (letter: number) => number,
  make: (length: number) => T,
): T | "checksum" | "padding" {
  const words = make(text.length - prefix.length - 1);
  const payload =
    putWords(words, text, prefix.length + 1, wordOf) && polymod(prefix, words) === BECH32M
      ? payloadOf(words, words.length - CHECK_LETTERS, make)
      : "checksum";
  erase(words);
  return payload;
}

/** The letters from there on, as values of 5 bits; whether all are letters, and as many as a checksum has. */
function putWords(words: Bytes, text: Uint8Array, start: number, wordOf: (letter: number) => number): boolean {
  let bad = Number(words.length < CHECK_LETTERS);
  for (let i = 0; i < words.length; i++) {
    const value = wordOf(text[start + i]!);
    bad |= value >> 5;
    words[i] = value;
  }
  return bad === 0;
}

/** Of the first `count` words. */
function payloadOf<T extends Bytes>(words: Bytes, count: number, make: (length: number) => T): T | "padding" {
  const paddingBits = (count * 5) % 8;
  const padding = (words[count - 1] ?? 0) & ((1 << paddingBits) - 1);
  if (paddingBits >= 5 || padding !== 0) return "padding";
  const payload = make(Math.floor((count * 5) / 8));
  regroup(words, count, 5, payload, 8);
  return payload;
}

/** The first values in groups of another size; what is left at the end is filled up with zeros, or lost. */
function regroup(from: Uint8Array, length: number, fromBits: number, to: Uint8Array, toBits: number): number {
  let [pending, bits, count] = [0, 0, 0];
  const put = (value: number) => {
    if (count < to.length) to[count++] = value & ((1 << toBits) - 1);
  };
  for (let i = 0; i < length; i++) {
    pending = ((pending << fromBits) | from[i]!) & 0xffff;
    bits += fromBits;
    for (; bits >= toBits; bits -= toBits) put(pending >> (bits - toBits));
  }
  if (bits > 0 && toBits === 5) put(pending << (toBits - bits));
  return count;
}

/** The checksum over prefix and values, BIP 173 and 350: the prefix counts in lower case. */
function polymod(prefix: Uint8Array, words: Uint8Array): number {
  let check = 1;
  const take = (value: number) => {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (let i = 0; i < GENERATOR.length; i++) check ^= GENERATOR[i]! & -((top >>> i) & 1);
  };
  for (const letter of prefix) take(lower(letter) >> 5);
  take(0);
  for (const letter of prefix) take(lower(letter) & 31);
  for (const value of words) take(value);
  return check;
}

function lower(letter: number): number {
  return letter >= 0x41 && letter <= 0x5a ? letter | 0x20 : letter;
}

/** Which letter stands for a value: all are looked at. */
function letterOf(value: number): number {
  let letter = 0;
  for (let i = 0; i < LETTERS.length; i++) letter |= LETTERS[i]! & ifSame(i, value);
  return letter;
}

/** The value of a letter, or `NONE`: all are looked at. */
function wordOf(letter: number): number {
  let value = 0;
  let known = 0;
  for (let i = 0; i < LETTERS.length; i++) {
    const mask = ifSame(LETTERS[i]!, letter);
    value |= i & mask;
    known |= mask;
  }
  return value | (NONE & ~known);
}

/** All bits where two bytes are the same, else none. */
function ifSame(a: number, b: number): number {
  return ((a ^ b) - 1) >> 31;
}
