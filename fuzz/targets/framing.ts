// Records in a stream, by lengths and by lines: whatever pieces it comes in, and as they are written out again.

import { type Bytes, concat, u32, utf8 } from "../../src/bytes.js";
import { encodeBatch } from "../../src/journal/batch.js";
import { framed } from "../../src/journal/framed.js";
import { type Framing, splitter } from "../../src/journal/framing.js";
import type { OpenedFrame } from "../../src/journal/reader.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateRecords } from "../mutate/records.js";
import { byLength, byLine, type Split } from "../oracle/framing.js";
import { hashOf, randomOf } from "../random.js";
import { split } from "../splits.js";
import { holds, type Target } from "../target.js";

const LONGEST = 300;
const NEWLINE = 0x0a;
/** What stands in a frame before the batch, and behind it. */
const [BEFORE, BEHIND] = [4, 112];

export const framing: Target = {
  name: "framing",
  maxBytes: 4096,
  seeds: async () => [
    utf8("a\nbc\n\nd"),
    concat(u32(1), utf8("a"), u32(0), u32(10), utf8("0123456789")),
    concat(u32(LONGEST), new Uint8Array(LONGEST), u32(1), utf8("\n")),
    concat(new Uint8Array(LONGEST).fill(0x61), utf8("\n")),
  ],
  mutate: (input, other, random) =>
    random.oneIn(3) ? mutateBytes(input, other, random) : mutateRecords(input, random, 0),
  run: async (input) => {
    const told: string[] = [];
    for (const [framing, judge] of [["lines", byLine] as const, ["length", byLength] as const]) {
      const due = judge(input, LONGEST);
      same(framing, due, await splitting(framing, [input]));
      same(framing, due, await splitting(framing, split(input)));
      for (const out of ["lines", "length"] as const) checkFramed(out, due.records, hashOf(input));
      told.push(`${Math.min(9, due.records.length)} ${due.isWhole}`);
    }
    return told.join(" ");
  },
};

async function splitting(framing: Framing, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Split> {
  const cut = splitter(framing, LONGEST);
  const records: Uint8Array[] = [];
  for await (const piece of pieces) {
    records.push(...cut.push(piece).map((record) => record.slice()));
    if (cut.fault) return { records, isWhole: false };
    cut.erase();
  }
  const last = cut.end();
  if (last) records.push(last);
  return { records, isWhole: cut.fault === null };
}

function same(framing: Framing, due: Split, found: Split): void {
  const told = ({ records, isWhole }: Split) =>
    `${records.map((record) => Buffer.from(record).toString("hex")).join()} ${isWhole}`;
  holds(told(due) === told(found), `${framing}: other records than there are`);
}

/** Records that were sealed are written out as they came, some to a frame. */
function checkFramed(framing: Framing, records: readonly Uint8Array[], dice: number): void {
  const random = randomOf(dice);
  const groups: Uint8Array[][] = [];
  for (const record of records) {
    if (groups.length === 0 || random.oneIn(3)) groups.push([]);
    groups.at(-1)!.push(record);
  }
  const { frames, buffer } = opened(
    groups.map((group) => encodeBatch(random.below(2 ** 16), group)),
    groups,
  );
  const bad = framing === "lines" ? groups.findIndex((group) => group.some((record) => record.includes(NEWLINE))) : -1;
  const due = bad < 0 ? groups : groups.slice(0, bad);
  const form = (record: Uint8Array) => (framing === "lines" ? [record, [NEWLINE]] : [u32(record.length), record]);
  const expected = Buffer.from(
    due
      .flat()
      .flatMap(form)
      .flatMap((part) => [...part]),
  );
  const written = framed(frames, buffer, framing);
  holds(expected.equals(written.bytes), `${framing}: records are written in another way`);
  holds(
    written.frames === due.length && written.records === due.flat().length,
    `${framing}: records are counted wrong`,
  );
  holds((written.fault !== null) === bad >= 0, `${framing}: a record is written that is no line, or the reverse`);
}

/** Frames as a reader hands them over: one behind the other in memory. */
function opened(batches: readonly Bytes[], groups: readonly (readonly Uint8Array[])[]) {
  const buffer = concat(...batches.flatMap((batch) => [new Uint8Array(BEFORE), batch, new Uint8Array(BEHIND)]));
  let at = 0;
  const frames = batches.map((batch, frame): OpenedFrame => {
    const start = at + BEFORE;
    at = start + batch.length + BEHIND;
    const count = groups[frame]!.length;
    const cursor = { journal: buffer, epoch: 0, frames: frame + 1, end: at, chain: buffer };
    return { sealedAt: 0, count, batch: buffer.subarray(start, start + batch.length), epoch: 0, frame, cursor };
  });
  return { frames, buffer };
}
