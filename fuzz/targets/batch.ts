// The plaintext of a frame.

import { type Bytes, concat, equal, u64 } from "../../src/bytes.js";
import { encodeBatch, parseBatch } from "../../src/journal/batch.js";
import { bytesOf } from "../actors.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateRecords } from "../mutate/records.js";
import { byLength } from "../oracle/framing.js";
import type { Random } from "../random.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const HEAD = 8;
const LATEST = 253402300799999n;

export const batch: Target = {
  name: "batch",
  maxBytes: 4096,
  seeds: async () => [[0], [5], [1, 0, 3], [300, 2]].map((lengths) => encodeBatch(Number(LATEST), lengths.map(record))),
  mutate: (input, other, random) =>
    random.oneIn(3)
      ? mutateBytes(input, other, random)
      : random.oneIn(6)
        ? retimed(input, random)
        : mutateRecords(input, random, HEAD),
  run,
};

const record = (length: number, i: number) => bytesOf(`record ${i}`, length);

function retimed(input: Bytes, random: Random): Bytes {
  return concat(u64(random.pick([0n, LATEST, LATEST + 1n, 2n ** 53n, 2n ** 64n - 1n])), input.subarray(HEAD));
}

async function run(input: Bytes): Promise<string> {
  const parsed = await attempt(["malformed"], () => parseBatch(input));
  const expected = judge(input);
  if ("refusal" in parsed) {
    holds(expected === null, `a good batch is refused: ${parsed.refusal.message}`);
    return kindOfMessage(parsed.refusal.message);
  }
  if (expected === null) throw new Broken("a batch is taken that is none");
  const { sealedAt, records } = parsed.value;
  holds(records.length === expected.length, "a batch has another number of records");
  holds(
    records.every((each, i) => equal(each, expected[i]!)),
    "a batch has other records",
  );
  holds(equal(encodeBatch(sealedAt, records), input), "a batch has two encodings");
  return `good ${Math.min(9, records.length)}`;
}

function judge(input: Bytes): readonly Uint8Array[] | null {
  if (input.length < HEAD || Buffer.from(input).readBigUInt64BE() > LATEST) return null;
  const { records, isWhole } = byLength(input.subarray(HEAD), Number.POSITIVE_INFINITY);
  return isWhole && records.length > 0 ? records : null;
}
