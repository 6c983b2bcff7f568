// Mutations of a cursor's text.

import { type Bytes, fromUtf8, utf8 } from "../../src/bytes.js";
import { honestJournals } from "../journal/seeds.js";
import type { Random } from "../random.js";
import { mutateText } from "./text.js";

const NUMBERS = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 53n - 1n, 2n ** 53n];

const NUMBER = /^(epoch|frames|end) (?=[0-9])/;

/** A number that is another, most often: what an honest cursor has, or one of the bounds. */
export function mutateCursor(input: Bytes, other: Bytes, random: Random): Bytes {
  const text = fromUtf8(input);
  if (text === null || random.oneIn(3)) return mutateText(input, other, random);
  const lines = text.split("\n");
  // The same number in another way of writing.
  if (random.oneIn(8))
    return utf8(lines.map((line) => (random.oneIn(2) ? line : line.replace(NUMBER, "$&0"))).join("\n"));
  const at = random.below(lines.length);
  const { end, epoch, frames } = random.pick(random.pick(honestJournals()).cursors);
  const number = random.pick([...NUMBERS, ...[end, epoch, frames].map(BigInt)]);
  lines[at] = lines[at]!.replace(
    /[0-9]+$/,
    `${random.oneIn(8) ? "0" : ""}${number + BigInt(random.oneIn(2) ? 0 : random.below(5))}`,
  );
  const donor = (fromUtf8(other) ?? "").split("\n");
  if (random.oneIn(2)) lines[at] = donor[at] ?? "";
  return utf8(lines.join("\n"));
}
