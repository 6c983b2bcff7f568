// What is written to a key file at a time, in one piece: for a frame that is about to be written, its place in the journal and
// the keys of the requests in it; and what has become of frames that were announced so before.
//
//     unit = u32 length of the payload | payload | the first 8 bytes of its SHA-256
//     payload = u32 settled | u32 v | v × u32 void | u64 time | u64 position | u64 end | chain 32 | u32 n | n × (id 16 | print 16 | u32 records)
//
// Frames are counted from 0 in each file. Of the first `settled` it is known that they stand in the journal, but for those that are
// named as void, here or earlier. Without keys (n = 0) a unit announces no frame. Times are in Unix milliseconds.

import { createHash } from "node:crypto";

const CHECK_BYTES = 8;
const ENTRY_BYTES = 36;
const CHAIN_BYTES = 32;
const MAX_PAYLOAD = 2 ** 30;

/** A request that was answered, or will be when its frame stands. */
export interface Answered {
  /** Of the idempotency key: 16 bytes. */
  readonly id: Uint8Array;
  /** Of the body, under the key: 16 bytes. */
  readonly print: Uint8Array;
  readonly records: number;
}

/** A frame's place in the journal, and the chain value after it. */
export interface FramePlace {
  readonly position: number;
  readonly end: number;
  readonly chain: Uint8Array;
}

export interface Unit {
  readonly settled: number;
  readonly voids: readonly number[];
  /** Unix milliseconds. */
  readonly time: number;
  readonly frame: FramePlace;
  readonly entries: readonly Answered[];
}

/** What a unit says where there is no frame to announce. */
export const NO_FRAME: FramePlace = { position: 0, end: 0, chain: new Uint8Array(CHAIN_BYTES) };

export function encodeUnit({ settled, voids, time, frame, entries }: Unit): Buffer {
  const length = 8 + 4 * voids.length + 24 + CHAIN_BYTES + 4 + ENTRY_BYTES * entries.length;
  const out = Buffer.alloc(4 + length + CHECK_BYTES);
  let at = out.writeUInt32BE(length, 0);
  const u32 = (value: number) => {
    at = out.writeUInt32BE(value, at);
  };
  const u64 = (value: number) => {
    at = out.writeBigUInt64BE(BigInt(value), at);
  };
  const bytes = (value: Uint8Array) => {
    out.set(value, at);
    at += value.length;
  };
  u32(settled);
  u32(voids.length);
  voids.forEach(u32);
  [time, frame.position, frame.end].forEach(u64);
  bytes(frame.chain);
  u32(entries.length);
  for (const { id, print, records } of entries) {
    bytes(id);
    bytes(print);
    u32(records);
  }
  bytes(checkOf(out.subarray(4, at)));
  return out;
}

/**
 * The units of a file, up to an end that is not whole: what was being written when the service died. No frame that such a unit announces
 * was written. null where what does not fit is not the last thing written: the file is damaged.
 */
export function parseUnits(file: Buffer): Unit[] | null {
  const units: Unit[] = [];
  for (let at = 0; at < file.length; ) {
    if (file.length - at < 4) break;
    const length = file.readUInt32BE(at);
    const end = at + 4 + length + CHECK_BYTES;
    if (length > MAX_PAYLOAD || end > file.length) break;
    const payload = file.subarray(at + 4, at + 4 + length);
    const isWhole = checkOf(payload).equals(file.subarray(at + 4 + length, end));
    const unit = isWhole ? parsePayload(payload) : null;
    // A length of zeros: the file had grown, and what belongs there had not been written.
    if (!unit) return end === file.length || length === 0 ? units : null;
    units.push(unit);
    at = end;
  }
  return units;
}

function parsePayload(payload: Buffer): Unit | null {
  if (payload.length < 8) return null;
  const voidCount = payload.readUInt32BE(4);
  const frameAt = 8 + 4 * voidCount;
  const entriesAt = frameAt + 24 + CHAIN_BYTES + 4;
  if (payload.length < entriesAt) return null;
  const count = payload.readUInt32BE(entriesAt - 4);
  if (payload.length !== entriesAt + ENTRY_BYTES * count) return null;
  const u64 = (at: number) => Number(payload.readBigUInt64BE(at));
  return {
    settled: payload.readUInt32BE(0),
    voids: Array.from({ length: voidCount }, (_, i) => payload.readUInt32BE(8 + 4 * i)),
    time: u64(frameAt),
    frame: {
      position: u64(frameAt + 8),
      end: u64(frameAt + 16),
      chain: payload.subarray(frameAt + 24, frameAt + 24 + CHAIN_BYTES),
    },
    entries: Array.from({ length: count }, (_, i) => parseEntry(payload, entriesAt + ENTRY_BYTES * i)),
  };
}

function parseEntry(payload: Buffer, at: number): Answered {
  return {
    id: payload.subarray(at, at + 16),
    print: payload.subarray(at + 16, at + 32),
    records: payload.readUInt32BE(at + 32),
  };
}

function checkOf(payload: Uint8Array): Buffer {
  return createHash("sha256").update(payload).digest().subarray(0, CHECK_BYTES);
}
