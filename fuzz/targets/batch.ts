// The plaintext of a frame.

import { type Bytes, concat, equal, u64, utf8 } from "../../src/bytes.js";
import { type Entry, encodeBatch, parseBatch } from "../../src/format/batch.js";
import { encodeHeads, type Heads } from "../../src/format/heads.js";
import { bytesOf } from "../actors.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateHeads } from "../mutate/heads.js";
import { mutateRecords } from "../mutate/records.js";
import { judgeBatch } from "../oracle/batch.js";
import type { Random } from "../random.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const HEAD = 8;
const LATEST = 253402300799999n;

export const batch: Target = {
  name: "batch",
  maxBytes: 20 * 1024,
  seeds: async () => [
    ...[[0], [5], [1, 0, 3], [300, 2]].map((lengths) => encodeBatch(Number(LATEST), lengths.map(record))),
    encodeBatch(0, [headed(utf8("x"), { a: "", type: "text/plain" }), record(3, 0)]),
    encodeBatch(0, [headed(record(0, 0), Object.fromEntries(["a", "b", "c"].map((key) => [key, "x".repeat(4096)])))]),
  ],
  mutate: (input, other, random) =>
    random.oneIn(3)
      ? mutateHeads(input, random, HEAD)
      : random.oneIn(3)
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
  const expected = judgeBatch(input);
  if ("refusal" in parsed) {
    holds(expected === null, `a good batch is refused: ${parsed.refusal.message}`);
    return kindOfMessage(parsed.refusal.message);
  }
  if (expected === null) throw new Broken("a batch is taken that is none");
  const { sealedAtMs } = parsed.value;
  const records = [...parsed.value.records];
  const headed = [...parsed.value.records.withHeads()];
  const counts = [parsed.value.records.length, records.length, headed.length];
  holds(
    counts.every((count) => count === expected.length),
    "a batch has another number of records",
  );
  holds(
    records.every((each, i) => equal(each, expected[i]!.record) && equal(headed[i]!.record, each)),
    "a batch has other records",
  );
  const told = (heads: Heads | null) => JSON.stringify(heads ?? {});
  holds(
    headed.every(({ heads }, i) => told(heads) === told(expected[i]!.heads)),
    "a batch has other heads",
  );
  holds(equal(encodeBatch(sealedAtMs, headed.map(entry)), input), "a batch has two encodings");
  return `good ${Math.min(9, records.length)} ${headed.filter(({ heads }) => Object.keys(heads).length > 0).length > 0}`;
}

const headed = (record: Uint8Array, heads: Heads): Entry => ({ record, heads: encodeHeads(heads)! });

function entry({ record, heads }: { readonly record: Uint8Array; readonly heads: Heads }): Entry {
  return Object.keys(heads).length > 0 ? headed(record, heads) : record;
}
