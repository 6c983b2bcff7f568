// Records as they are written out: one a line, or each behind its length.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { RECORD_HEAD_BYTES } from "./batch.js";
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
  let length = 0;
  let records = 0;
  for (const [i, frame] of frames.entries()) {
    const fault = framing === "lines" ? newlineIn(frame) : null;
    if (fault) return { bytes: buffer.subarray(0, length), frames: i, records, fault };
    for (const record of frame.records) length = put(record, buffer, length, framing);
    records += frame.records.length;
  }
  return { bytes: buffer.subarray(0, length), frames: frames.length, records, fault: null };
}

function put(record: Uint8Array, into: Bytes, at: number, framing: Framing): number {
  const from = record.byteOffset - into.byteOffset;
  if (framing === "length") {
    into.copyWithin(at, from - RECORD_HEAD_BYTES, from + record.length);
    return at + RECORD_HEAD_BYTES + record.length;
  }
  into.copyWithin(at, from, from + record.length);
  into[at + record.length] = NEWLINE;
  return at + record.length + 1;
}

function newlineIn({ epoch, frame, records }: OpenedFrame): SealError | null {
  const index = records.findIndex((record) => record.includes(NEWLINE));
  if (index < 0) return null;
  const where = `record ${index} of frame ${frame} of the epoch at byte ${epoch}`;
  return new SealError("usage", `${where} contains a newline, and cannot be written as a line`, {
    hint: "Use --framing length: each record comes behind its length, 4 bytes big-endian.",
    chunk: frame,
  });
}
