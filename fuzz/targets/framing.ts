// Records in a stream, by lengths and by lines: whatever pieces it comes in, and as they are written out again.

import { type Bytes, concat, u32, utf8 } from "../../src/bytes.js";
import { type Entry, encodeBatch, Records } from "../../src/format/batch.js";
import { encodeHeads } from "../../src/format/heads.js";
import { framed } from "../../src/journal/lines/join.js";
import { type ObjectFormat, objectLines } from "../../src/journal/lines/objects.js";
import { type Framing, splitter } from "../../src/journal/lines/split.js";
import type { OpenedFrame } from "../../src/journal/reading/reader.js";
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
    concat(new Uint8Array(LONGEST + 1).fill(0x61), utf8("\nb\n")),
    concat(u32(LONGEST + 1), new Uint8Array(LONGEST + 1), u32(1), utf8("b")),
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
      for (const out of ["json", "cloudevents"] as const) checkObjects(out, due.records);
      told.push(`${Math.min(9, due.records.length)} ${due.isWhole}`);
    }
    return told.join(" ");
  },
};

async function splitting(framing: Framing, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Split> {
  const leftOut: number[] = [];
  const cut = splitter(framing, LONGEST, (record) => leftOut.push(record));
  const records: Uint8Array[] = [];
  for await (const piece of pieces) {
    records.push(...cut.push(piece).map((record) => record.slice()));
    cut.erase();
  }
  const last = cut.end();
  if (last) records.push(last);
  return { records, leftOut, isWhole: cut.fault === null };
}

function same(framing: Framing, due: Split, found: Split): void {
  const told = ({ records, leftOut, isWhole }: Split) =>
    `${records.map((record) => Buffer.from(record).toString("hex")).join()} ${leftOut} ${isWhole}`;
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
    groups.map((group) => encodeBatch(random.below(2 ** 16), group.map(headed))),
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

const ORIGIN = { journal: new Uint8Array(32), label: "a label" };

/** For any record there is an object on a line of its own, which gives it back. */
function checkObjects(format: ObjectFormat, records: readonly Uint8Array[]): void {
  if (records.length === 0) return;
  const { frames } = opened([encodeBatch(0, records.map(headed))], [records]);
  const text = Buffer.concat([...objectLines(frames[0]!, format, ORIGIN)]).toString();
  const lines = text.split("\n");
  holds(lines.pop() === "" && lines.length === records.length, `${format}: a record is not one line`);
  for (const [i, line] of lines.entries()) {
    const { data, data_base64: base64 } = JSON.parse(line) as { data?: string; data_base64?: string };
    const back = data === undefined ? Buffer.from(base64!, "base64") : Buffer.from(data, "utf8");
    holds((data === undefined) !== (base64 === undefined), `${format}: a record comes twice, or not`);
    holds(back.equals(Buffer.from(records[i]!)), `${format}: a record is another one`);
  }
}

/** Some records have heads, which are not written out. */
const headed = (record: Uint8Array): Entry =>
  record.length % 3 === 0 ? { record, heads: encodeHeads({ a: "\n\n", type: "x" })! } : record;

/** Frames as a reader hands them over: one behind the other in memory. */
function opened(batches: readonly Bytes[], groups: readonly (readonly Uint8Array[])[]) {
  const buffer = concat(...batches.flatMap((batch) => [new Uint8Array(BEFORE), batch, new Uint8Array(BEHIND)]));
  let at = 0;
  const frames = batches.map((batch, frame): OpenedFrame => {
    const start = at + BEFORE;
    at = start + batch.length + BEHIND;
    const whole = buffer.subarray(start, start + batch.length);
    const records = new Records(whole, groups[frame]!.length);
    const cursor = { journal: buffer, epoch: 0, header: buffer, frames: frame + 1, end: at, chain: buffer };
    return { sealedAtMs: 0, records, batch: whole, epoch: 0, frame, cursor };
  });
  return { frames, buffer };
}
