// Mutations of journals that know their layout.

import { type Bytes, concat, u32 } from "../../src/bytes.js";
import { byForger, byInsider } from "../journal/forge.js";
import { isHeader, takePieces } from "../journal/parts.js";
import { isBase } from "../layout.js";
import type { Random } from "../random.js";
import { mutateBytes } from "./bytes.js";
import { mutateHeader, RECORDS, type Records } from "./sealed.js";

const LENGTHS = [0, 1, 11, 12, 4095, 4096, 4097, 2 ** 24, 2 ** 31 - 1];

/** Headers and frames move as the records of a file do. */
const PIECES: readonly ((parts: Records, other: Records, random: Random) => void)[] = [
  ...RECORDS,
  ({ records }, _, random) => {
    const at = random.below(records.length);
    const old = records[at];
    if (old && old[0]! < 0x80) records[at] = concat(u32(random.pick([...LENGTHS, old.length])), old.subarray(4));
  },
  ({ records }, _, random) => {
    const at = random.below(records.length);
    const old = records[at];
    if (old && old[0]! < 0x80) records[at] = concat(old.subarray(0, 4), random.bytes(4), old.subarray(8));
  },
  ({ records }, other, random) => {
    const headers = other.records.filter(isHeader);
    const at = records.findIndex((piece) => isHeader(piece) && random.oneIn(2));
    if (at >= 0 && headers.length > 0) records[at] = mutateHeader(records[at]!, random.pick(headers), random);
  },
  ({ records }, _, random) => {
    records.splice(random.below(records.length + 1));
  },
  ({ records }, _, random) => {
    const at = records.findLastIndex(isHeader);
    const old = records[at];
    if (!old) return;
    const kept = random.pick([old.length - 64, random.below(9), random.below(old.length + 1)]);
    records.splice(
      at,
      records.length,
      old.slice(0, kept),
      new Uint8Array(random.pick([63, 64, old.length - kept, 999])),
    );
  },
  // What a loss of power leaves: zeros in place of the end of a piece, or behind the last.
  ({ records }, _, random) => {
    const at = random.oneIn(2) ? records.length - 1 : random.below(records.length);
    const old = records[at];
    const length = random.pick([63, 64, 65, 1 + random.below(old?.length ?? 1)]);
    if (old && old.length >= length) records[at] = old.slice().fill(0, old.length - length);
  },
  ({ records }, _, random) => {
    records.push(new Uint8Array(1 + random.below(100)));
  },
  ({ records }, other) => {
    const base = other.records.find(isBase);
    if (base) records.splice(0, isBase(records[0] ?? base) ? 1 : 0, base);
  },
  // One signature that is zero, and something behind it.
  ({ records }, other, random) => {
    const at = random.below(records.length);
    const old = records[at];
    if (!old || isHeader(old) || old.length < 64) return;
    records[at] = old.slice().fill(0, old.length - 64);
    if (at === records.length - 1) records.push(random.pick(other.records) ?? Uint8Array.of(1));
  },
  // An owner who had removed everything, and lost power.
  ({ records }, other, random) => {
    const base = [...records, ...other.records].find(isBase);
    if (base) records.splice(0, records.length, base, new Uint8Array(random.below(200)));
  },
  ({ records }, _, random) => {
    const at = records.findIndex(isBase);
    if (at >= 0) records[at] = mutateBytes(records[at]!, records[at]!, random);
  },
];

/** Mutates a journal by its pieces, most often; makes it right again, as the forger could, now and then. */
export function mutateJournal(input: Bytes, other: Bytes, random: Random): Bytes {
  const own: Records = { records: takePieces(input) };
  if (own.records.length === 0 || random.oneIn(6)) return mutateBytes(input, other, random);
  if (random.oneIn(8)) return concat(...byInsider(own.records, random));
  const donor: Records = { records: takePieces(other) };
  for (let times = random.below(3); times > 0; times--) {
    random.pick(PIECES)(own, donor, random);
    own.records = own.records.filter(({ length }) => length > 0);
  }
  return concat(...(random.oneIn(3) ? byForger(own.records, random) : own.records));
}
