// Records as they are written out: one a line, or each behind its length.

import type { Bytes } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { places } from "../../format/batch.js";
import type { OpenedFrame } from "../reading/reader.js";
import type { Framing } from "./split.js";

const NEWLINE = 0x0a;
const LENGTH_BYTES = 4;

export interface Framed {
  /** What is to be written, in the memory that held the records. */
  readonly bytes: Bytes;
  /** How many frames, and records, are in it. */
  readonly frames: number;
  readonly records: number;
  /** Why the frame after them cannot be written this way: no record of it is. */
  readonly fault: SealError | null;
}

/**
 * Moves the records of frames together, each with what the framing adds, which is never more than what stood before it:
 * to the beginning of `buffer`, which holds them in this order.
 */
export function framed(frames: readonly OpenedFrame[], buffer: Bytes, framing: Framing): Framed {
  const put = framing === "lines" ? putLines : putLengths;
  let length = 0;
  let records = 0;
  for (const [i, frame] of frames.entries()) {
    const end = put(frame, buffer, length);
    if (end instanceof SealError) return { bytes: buffer.subarray(0, length), frames: i, records, fault: end };
    length = end;
    records += frame.records.length;
  }
  return { bytes: buffer.subarray(0, length), frames: frames.length, records, fault: null };
}

function putLengths({ batch }: OpenedFrame, into: Bytes, at: number): number {
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  return putEach(batch, into, at, (start, end, to) => {
    view.setUint32(to, end - start);
    into.copyWithin(to + LENGTH_BYTES, start, end);
    return to + LENGTH_BYTES + end - start;
  });
}

function putLines(frame: OpenedFrame, into: Bytes, at: number): number | SealError {
  const fault = newlineIn(frame);
  if (fault) return fault;
  return putEach(frame.batch, into, at, (start, end, to) => {
    into.copyWithin(to, start, end);
    into[to + end - start] = NEWLINE;
    return to + end - start + 1;
  });
}

/** Puts each record of a batch that lies in `into` to its place, from `at` on; where they end. */
function putEach(
  batch: Bytes,
  into: Bytes,
  at: number,
  put: (start: number, end: number, to: number) => number,
): number {
  const base = batch.byteOffset - into.byteOffset;
  let to = at;
  for (const { start, end } of places(batch)) to = put(base + start, base + end, to);
  return to;
}

function newlineIn({ epoch, frame, batch }: OpenedFrame): SealError | null {
  // A Buffer's search is many times as fast as that of other arrays.
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.length);
  let next = bytes.indexOf(NEWLINE);
  let index = 0;
  let found = -1;
  if (next < 0) return null;
  for (const { start, end } of places(batch)) {
    // Lengths and heads may have such a byte, too.
    if (next >= 0 && next < start) next = bytes.indexOf(NEWLINE, start);
    if (found < 0 && next >= start && next < end) found = index;
    index += 1;
  }
  if (found < 0) return null;
  const where = `record ${found} of frame ${frame} of the epoch at byte ${epoch}`;
  return new SealError("usage", `${where} contains a newline, and cannot be written as a line`, {
    reason: "newline",
    hint: "Read records as JSON, or frame them by their lengths.",
    frame,
  });
}
