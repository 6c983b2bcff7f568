// Mutations of journals that know their layout.

import { type Bytes, concat, u32 } from "../../src/bytes.js";
import { byForger, byInsider } from "../journal/forge.js";
import { isHeader, takePieces } from "../journal/parts.js";
import type { Random } from "../random.js";
import { mutateBytes } from "./bytes.js";
import { mutateHeader, RECORDS, type Records } from "./sealed.js";

const LENGTHS = [0, 1, 4095, 4096, 4097, 2 ** 24, 2 ** 31 - 1];

/** Headers and frames move as the records of a file do. */
const PIECES: readonly ((parts: Records, other: Records, random: Random) => void)[] = [
  ...RECORDS,
  ({ records }, _, random) => {
    const at = random.below(records.length);
    const old = records[at];
    if (old && !isHeader(old)) records[at] = concat(u32(random.pick([...LENGTHS, old.length])), old.subarray(4));
  },
  ({ records }, other, random) => {
    const headers = other.records.filter(isHeader);
    const at = records.findIndex((piece) => isHeader(piece) && random.oneIn(2));
    if (at >= 0 && headers.length > 0) records[at] = mutateHeader(records[at]!, random.pick(headers), random);
  },
  ({ records }, _, random) => {
    records.splice(random.below(records.length + 1));
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
