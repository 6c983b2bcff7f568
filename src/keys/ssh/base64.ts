// Base64 of secrets: on bytes, of which no string is made, and in steps that do not depend on what is secret.

import { erase, newSecret, type Secret } from "../../crypto/secret.js";

const EQUALS = 0x3d;
/** Each range of letters: its first, how many there are, and what the first is worth. */
const RANGES = [
  [0x41, 26, 0],
  [0x61, 26, 26],
  [0x30, 10, 52],
  [0x2b, 1, 62],
  [0x2f, 1, 63],
] as const;

/** What letters stand for, padded, with zero trailing bits; null where they are not that. */
export function decodeSecretBase64(letters: Uint8Array): Secret | null {
  const padding = letters.at(-1) !== EQUALS ? 0 : letters.at(-2) !== EQUALS ? 1 : 2;
  const count = letters.length - padding;
  if (letters.length % 4 !== 0) return null;
  const out = newSecret(Math.floor((count * 3) / 4));
  let [pending, bits, at, bad] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const value = worthOf(letters[i]!);
    bad |= value >> 6;
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = pending >> bits;
    }
  }
  if (bad === 0 && (pending & ((1 << bits) - 1)) === 0) return out;
  erase(out);
  return null;
}

/** The value of a letter, 64 where it is none: all ranges are looked at. */
function worthOf(letter: number): number {
  let value = 64;
  for (const [first, count, worth] of RANGES) {
    const within = ~((letter - first) | (first + count - 1 - letter)) >> 31;
    value = (value & ~within) | ((letter - first + worth) & within);
  }
  return value;
}
