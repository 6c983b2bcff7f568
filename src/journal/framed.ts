// Records as they are written out: one a line, or each behind its length.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { BATCH_HEAD_BYTES, scanBatch } from "./batch.js";
import type { Framing } from "./framing.js";
import type { OpenedFrame } from "./reader.js";

const NEWLINE = 0x0a;

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
 * Moves the records of frames together, each with what the framing adds, which is never more than what stood before it: to the beginning of `buffer`, which
 * holds them in this order.
 */
export function framed(frames: readonly OpenedFrame[], buffer: Bytes, framing: Framing): Framed {
  const put = framing === "lines" ? putLines : putLengths;
  let length = 0;
  let records = 0;
  for (const [i, frame] of frames.entries()) {
    const end = put(frame, buffer, length);
    if (end instanceof SealError) return { bytes: buffer.subarray(0, length), frames: i, records, fault: end };
    length = end;
    records += frame.count;
  }
  return { bytes: buffer.subarray(0, length), frames: frames.length, records, fault: null };
}

/** A batch has its records in this form. */
function putLengths({ batch }: OpenedFrame, into: Bytes, at: number): number {
  const records = batch.subarray(BATCH_HEAD_BYTES);
  into.set(records, at);
  return at + records.length;
}

function putLines(frame: OpenedFrame, into: Bytes, at: number): number | SealError {
  const { batch } = frame;
  const fault = newlineIn(frame);
  if (fault) return fault;
  const base = batch.byteOffset - into.byteOffset;
  let to = at;
  scanBatch(batch, (start, end) => {
    into.copyWithin(to, base + start, base + end);
    to += end - start;
    into[to++] = NEWLINE;
  });
  return to;
}

function newlineIn({ epoch, frame, batch }: OpenedFrame): SealError | null {
  // A Buffer's search is many times as fast as that of other arrays.
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.length);
  let next = bytes.indexOf(NEWLINE);
  let index = 0;
  let found = -1;
  if (next < 0) return null;
  scanBatch(batch, (start, end) => {
    // Lengths may have such a byte, too.
    if (next >= 0 && next < start) next = bytes.indexOf(NEWLINE, start);
    if (found < 0 && next >= start && next < end) found = index;
    index += 1;
  });
  if (found < 0) return null;
  const where = `record ${found} of frame ${frame} of the epoch at byte ${epoch}`;
  return new SealError("usage", `${where} contains a newline, and cannot be written as a line`, {
    hint: "Use --framing length: each record comes behind its length, 4 bytes big-endian.",
    chunk: frame,
  });
}
