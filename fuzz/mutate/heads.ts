// Mutations of the heads that stand in front of records.

import { type Bytes, concat, readU16, readU32, u16, u32, utf8 } from "../../src/bytes.js";
import type { Random } from "../random.js";

const KEYS = [
  "a",
  "a-",
  "aa",
  "b",
  "type",
  "ce-id",
  "A",
  "1",
  "-",
  "",
  "\u00e4",
  "a\n",
  "x".repeat(64),
  "x".repeat(65),
];
const VALUES = ["", "x", "a\n\0", "\ufeff", "\u{1f512}"].map(utf8);
const WRONG = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xc3]].map((bytes) => Uint8Array.from(bytes));
const LONG = [4095, 4096, 4097].map((length) => new Uint8Array(length).fill(0x61));

/** Puts heads, or others, in front of one of the records behind `start`, or takes them away. */
export function mutateHeads(input: Bytes, random: Random, start: number): Bytes {
  const places: number[] = [];
  for (let at = start; at + 4 <= input.length; at = recordAt(input, at).end) places.push(at);
  if (places.length === 0) return input;
  const at = random.pick(places);
  const { record, end } = recordAt(input, at);
  const heads = random.oneIn(6) ? new Uint8Array() : someHeads(random);
  const length = random.oneIn(20) ? random.pick([0, heads.length + 1, 16384, 16385, 65535]) : heads.length;
  const bare = heads.length === 0 && !random.oneIn(4);
  const front = bare ? u32(record.length) : concat(u32(2 ** 31 + record.length), u16(length), heads);
  return concat(input.subarray(0, at), front, record, input.subarray(end));
}

function recordAt(input: Bytes, at: number): { readonly record: Bytes; readonly end: number } {
  const length = readU32(input, at);
  const isHeaded = length >= 2 ** 31 && at + 6 <= input.length;
  const start = at + 4 + (isHeaded ? 2 + readU16(input, at + 4) : 0);
  const end = Math.min(input.length, start + (length % 2 ** 31));
  return { record: input.slice(Math.min(start, end), end), end: Math.max(at + 4, end) };
}

/** Mostly in order, and mostly what heads are. */
function someHeads(random: Random): Bytes {
  const keys = Array.from({ length: 1 + random.below(4) }, () =>
    random.pick(random.oneIn(4) ? KEYS : KEYS.slice(0, 6)),
  );
  const chosen = random.oneIn(6) ? keys : [...new Set(keys)].sort();
  const value = () => random.pick(random.oneIn(8) ? LONG : random.oneIn(8) ? WRONG : VALUES);
  return concat(...chosen.flatMap((key) => pair(utf8(key), value(), random)));
}

function pair(key: Uint8Array, value: Uint8Array, random: Random): Uint8Array[] {
  const length = random.oneIn(40) ? value.length + 1 : value.length;
  return [Uint8Array.of(key.length), key, u16(length), value];
}
