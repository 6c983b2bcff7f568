// Mutations of text files: lines, words, white space, look-alikes, and keys whose checksum is made right again.

import { createHash } from "node:crypto";
import { bech32m } from "@scure/base";
import { type Bytes, concat, fromUtf8, utf8 } from "../../src/bytes.js";
import type { Random } from "../random.js";
import { mutateBytes } from "./bytes.js";

const SPACES = [" ", "\t", "\r", "\n", "\r\n", "\u00a0", "\u2028", "\u3000", "\ufeff", "\v", "\f", "\0", "\u0085"];
/** What some case mapping or normalisation takes for another character. */
const LOOK_ALIKES = [
  "\u212a",
  "\u017f",
  "\u0131",
  "\u0130",
  "ß",
  "é",
  "e\u0301",
  "Ａ",
  "\u{1d7d8}",
  "\ud7ff",
  "\ufffd",
];

/**
 * Replaces one of the keys in the text by one whose payload, type, length, prefix or padding is another, with the
 * checksum that it is due.
 */
export function rekeyed(text: string, random: Random): string {
  const keys = [...text.matchAll(/(?:seal|sealsig|seal-secret-key-)1[a-z0-9]+/gi)];
  if (keys.length === 0) return text;
  const match = random.pick(keys);
  const [key] = match;
  const decoded = bech32m.decodeUnsafe(key.toLowerCase(), false);
  if (!decoded) return text;
  const made = encodeAgain(decoded, random);
  const isUpper = key === key.toUpperCase();
  const cased = isUpper !== random.oneIn(8) ? made.toUpperCase() : made;
  return text.slice(0, match.index) + cased + text.slice(match.index + key.length);
}

function encodeAgain({ prefix, words }: { prefix: string; words: number[] }, random: Random): string {
  const named = random.oneIn(8) ? random.pick(["seal", "sealsig", "seal-secret-key-", "age"]) : prefix;
  const payload = bech32m.fromWordsUnsafe(words);
  const changed =
    payload && random.oneIn(2) ? bech32m.toWords(otherPayload(payload, random)) : otherWords(words, random);
  return bech32m.encode(named as "seal", changed, false);
}

/** Another type, key or length, well encoded. */
function otherPayload(payload: Uint8Array, random: Random): Uint8Array {
  const out = [...payload];
  const at = random.below(out.length);
  const kinds = [
    () => out.splice(0, 1, random.below(4)),
    () => out.splice(at, 1, random.below(256)),
    () => out.splice(at, random.below(3), ...random.bytes(random.below(3))),
    () => out.push(...random.bytes(1 + random.below(33))),
    () => out.fill(random.pick([0, 1, 255]), 1),
    () => out.fill(255, at, at + 3),
    () => undefined,
  ];
  random.pick(kinds)();
  const changed = Uint8Array.from(out);
  return changed.length === CHECKED && changed[0] === 2 && !random.oneIn(4) ? checked(changed) : changed;
}

/** Bytes of a post-quantum recipient: its type, the key, and eight that find what is mistyped. */
const CHECKED = 1 + 1216 + 8;

function checked(payload: Uint8Array): Uint8Array {
  const key = payload.subarray(0, -8);
  return concat(key, createHash("sha256").update(key).digest().subarray(0, 8));
}

/** Words that no bytes may have, or with padding that is none. */
function otherWords(words: readonly number[], random: Random): number[] {
  const out = [...words];
  const at = random.below(out.length);
  const kinds = [
    () => out.splice(at, 1, random.below(32)),
    () => out.splice(at, 1),
    () => out.splice(at, 0, random.below(32)),
    () => out.splice(-1, 1, random.below(32)),
    () => out.push(0),
    () => undefined,
  ];
  random.pick(kinds)();
  return out;
}

type TextMutation = (text: string, other: string, random: Random) => string;

const put = (text: string, at: number, part: string, over = 0) => text.slice(0, at) + part + text.slice(at + over);

function onLines(change: (lines: string[], others: string[], random: Random) => void): TextMutation {
  return (text, other, random) => {
    const lines = text.split("\n");
    change(lines, other.split("\n"), random);
    return lines.join("\n");
  };
}

function onWords(change: (words: string[], others: string[], random: Random) => void): TextMutation {
  return onLines((lines, others, random) => {
    const at = random.below(lines.length);
    const words = lines[at]!.split(" ");
    change(words, random.pick(others).split(" "), random);
    lines[at] = words.join(random.oneIn(6) ? random.pick(["  ", "\t", " \t"]) : " ");
  });
}

const MUTATIONS: readonly TextMutation[] = [
  (text, _, random) => rekeyed(text, random),
  (text, _, random) => put(text, random.below(text.length + 1), random.pick(SPACES), random.below(2)),
  (text, _, random) => random.pick(SPACES) + text,
  (text, _, random) => put(text, random.below(text.length + 1), random.pick(LOOK_ALIKES), random.below(2)),
  (text, _, random) =>
    put(
      text,
      random.below(text.length + 1),
      random.pick([" ", "\t", "#", "@", "-", "a"]).repeat(random.oneIn(6) ? 2 ** 15 : 1 << random.below(8)),
    ),
  (text, _, random) =>
    put(text, random.below(text.length), String.fromCharCode(32 + random.below(95)), random.below(2)),
  (text, _, random) => {
    const at = random.below(text.length);
    const letter = text.charAt(at);
    return put(text, at, letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(), 1);
  },
  onLines((lines, _, random) => lines.splice(random.below(lines.length), 1)),
  onLines((lines, _, random) => lines.splice(random.below(lines.length), 0, random.pick(lines))),
  onLines((lines, others, random) => lines.splice(random.below(lines.length + 1), 0, random.pick(others))),
  onLines((lines, _, random) =>
    lines.splice(random.below(lines.length), 0, ...lines.splice(random.below(lines.length), 1)),
  ),
  onWords((words, _, random) => words.splice(random.below(words.length), 1)),
  onWords((words, others, random) =>
    words.splice(random.below(words.length + 1), random.below(2), random.pick(others)),
  ),
  onWords((words, _, random) => words.splice(random.below(words.length), 0, random.pick(words))),
];

/** Mutates text as text; now and then as the bytes that it is, and what is no text always so. */
export function mutateText(input: Bytes, other: Bytes, random: Random): Bytes {
  const text = fromUtf8(input);
  if (text === null || random.oneIn(16)) return mutateBytes(input, other, random);
  const out = random.pick(MUTATIONS)(text, fromUtf8(other) ?? "", random);
  return concat(utf8(out));
}
