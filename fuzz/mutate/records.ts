// Mutations of records that stand behind their lengths.

import { type Bytes, concat, readU32, u32 } from "../../src/bytes.js";
import type { Random } from "../random.js";

const LENGTHS = [0, 1, 9, 10, 12, 255, 256, 299, 300, 301, 2 ** 16, 2 ** 31, 2 ** 32 - 1];

/** `start`: what stands before the first length stays. */
export function mutateRecords(input: Bytes, random: Random, start: number): Bytes {
  const records: Bytes[] = [];
  for (let at = start; at < input.length; at += records.at(-1)!.length) {
    const rest = input.subarray(at);
    records.push(rest.slice(0, rest.length < 4 ? 4 : 4 + readU32(rest)));
  }
  const at = random.below(records.length);
  const old = records[at] ?? u32(0);
  const kinds = [
    () => records.splice(at, 1),
    () => records.splice(at, 0, old),
    () => records.splice(at, 0, ...records.splice(random.below(records.length), 1)),
    () => records.splice(at, 1, concat(u32(random.pick([...LENGTHS, old.length])), old.subarray(4))),
    () => records.splice(at, 0, sized(random.pick(LENGTHS.filter((length) => length <= 301)), random)),
    () => records.splice(at, 1, old.slice(0, random.below(old.length))),
  ];
  random.pick(kinds)();
  return concat(input.subarray(0, start), ...records);
}

/** A record of some length; newlines are as frequent in it as any byte of few. */
function sized(length: number, random: Random): Bytes {
  const body = Uint8Array.from({ length }, () => random.pick([0, 0x0a, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61]));
  return concat(u32(length), body);
}
