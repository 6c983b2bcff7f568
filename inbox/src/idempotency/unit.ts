// What is written to a key file: a head, then a unit at a time, in one piece each: for a frame that is about to be
// written, its place in the journal and the keys of the requests in it; and what has become of frames that were
// announced so before.
//
//     file = head | unit …
//     head = boot 16 | u64 steady | u64 age | the first 8 bytes of the SHA-256 of these
//     unit = u32 length of the payload | payload | the first 8 bytes of its SHA-256
// payload = u32 settled | u32 v | v × u32 void | u64 age | journal id 32 | u64 position | u64 end | chain 32 | u32 n |
// n × (id 16 | print 16)
//
// Frames are counted from 0 in each file. Of the first `settled` the process that wrote them knew that they stood in
// the journal, but for those that are named as void, here or earlier. Without keys (n = 0) a unit announces no frame.
// Ages are milliseconds on the inbox's clock of ages.

import { hash } from "node:crypto";
import { CHAIN_BYTES } from "@sealed-files/seal/internal";
import { type AgeStamp, BOOT_BYTES } from "./age.js";

const CHECK_BYTES = 8;
const ID_BYTES = 16;
const ENTRY_BYTES = 2 * ID_BYTES;
const PLACE_BYTES = CHAIN_BYTES + 16 + CHAIN_BYTES;
const MAX_PAYLOAD = 2 ** 30;
export const HEAD_BYTES = BOOT_BYTES + 16 + CHECK_BYTES;

/** A request that was answered, or will be when its frame stands. */
export interface Answered {
  /** Of the idempotency key: 16 bytes. */
  readonly id: Uint8Array;
  /** Of the body, under the key: 16 bytes. */
  readonly print: Uint8Array;
}

/** A frame's place in a journal, and the chain value after it. */
export interface FramePlace {
  /** The journal's id: of what was removed from a journal, nothing else is left. */
  readonly journal: Uint8Array;
  readonly position: number;
  readonly end: number;
  readonly chain: Uint8Array;
}

/** Of its own, whatever becomes of what it was read from. */
export function copyOfPlace({ journal, position, end, chain }: FramePlace): FramePlace {
  return { journal: Uint8Array.from(journal), position, end, chain: Uint8Array.from(chain) };
}

export interface Unit {
  readonly settled: number;
  readonly voids: readonly number[];
  readonly age: number;
  readonly frame: FramePlace;
  readonly entries: readonly Answered[];
}

/** What a unit says where there is no frame to announce. */
export const NO_FRAME: FramePlace = {
  journal: new Uint8Array(CHAIN_BYTES),
  position: 0,
  end: 0,
  chain: new Uint8Array(CHAIN_BYTES),
};

/** Bytes with a check behind them. */
function checked(parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  return Buffer.concat([payload, checkOf(payload)]);
}

/** What `checked` made of them; null where they are not whole. */
function unchecked(bytes: Buffer): Buffer | null {
  const payload = bytes.subarray(0, Math.max(0, bytes.length - CHECK_BYTES));
  return checkOf(payload).equals(bytes.subarray(payload.length)) ? payload : null;
}

function u64s(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) out.writeBigUInt64BE(BigInt(value), 8 * i);
  return out;
}

function u32s(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value, 4 * i);
  return out;
}

export function encodeHead({ boot, steady, age }: AgeStamp): Buffer {
  return checked([boot, u64s(steady, age)]);
}

/** null where it is not whole. */
export function parseHead(file: Buffer): AgeStamp | null {
  const payload = unchecked(file.subarray(0, HEAD_BYTES));
  if (payload?.length !== HEAD_BYTES - CHECK_BYTES) return null;
  return {
    boot: payload.subarray(0, BOOT_BYTES),
    steady: u64At(payload, BOOT_BYTES),
    age: u64At(payload, BOOT_BYTES + 8),
  };
}

/** A place by itself, as it is kept outside the key files. */
export function encodePlace(frame: FramePlace): Buffer {
  return checked(placeParts(frame));
}

function placeParts({ journal, position, end, chain }: FramePlace): Uint8Array[] {
  return [journal, u64s(position, end), chain];
}

/** null for what is not whole. */
export function parsePlace(bytes: Buffer): FramePlace | null {
  const payload = unchecked(bytes);
  return payload?.length === PLACE_BYTES ? placeAt(payload, 0) : null;
}

export function encodeUnit({ settled, voids, age, frame, entries }: Unit): Buffer {
  const ids = entries.flatMap(({ id, print }) => [id, print]);
  const head = [u32s(settled, voids.length, ...voids), u64s(age), ...placeParts(frame), u32s(entries.length)];
  const unit = checked([...head, ...ids]);
  return Buffer.concat([u32s(unit.length - CHECK_BYTES), unit]);
}

/** A unit, and where it ends in its file. */
export interface UnitAt {
  readonly unit: Unit;
  readonly end: number;
}

/**
 * The unit at a position; "end" where there is none, or one that is not whole: what was being written when the service
 * died, and no frame that such a unit announces was written. "damaged" where what does not fit is not the last thing
 * written.
 */
export function unitAt(file: Buffer, at: number): UnitAt | "end" | "damaged" {
  if (file.length - at < 4) return "end";
  const length = file.readUInt32BE(at);
  const end = at + 4 + length + CHECK_BYTES;
  if (length > MAX_PAYLOAD || end > file.length) return "end";
  const payload = unchecked(file.subarray(at + 4, end));
  const unit = payload && parsePayload(payload);
  if (unit) return { unit, end };
  // A length of zeros: the file had grown, and what belongs there had not been written.
  return end === file.length || length === 0 ? "end" : "damaged";
}

/** As `unitAt`, of one that was read before: it is not checked again. */
export function sameUnitAt(file: Buffer, at: number): Unit {
  const unit = parsePayload(file.subarray(at + 4, at + 4 + file.readUInt32BE(at)));
  if (!unit) throw new Error("a unit that was there is not");
  return unit;
}

function parsePayload(payload: Buffer): Unit | null {
  if (payload.length < 8) return null;
  const voidCount = payload.readUInt32BE(4);
  const ageAt = 8 + 4 * voidCount;
  const entriesAt = ageAt + 8 + PLACE_BYTES + 4;
  if (payload.length < entriesAt) return null;
  const count = payload.readUInt32BE(entriesAt - 4);
  if (payload.length !== entriesAt + ENTRY_BYTES * count) return null;
  return {
    settled: payload.readUInt32BE(0),
    voids: Array.from({ length: voidCount }, (_, i) => payload.readUInt32BE(8 + 4 * i)),
    age: u64At(payload, ageAt),
    frame: placeAt(payload, ageAt + 8),
    entries: Array.from({ length: count }, (_, i) => entryAt(payload, entriesAt + ENTRY_BYTES * i)),
  };
}

function placeAt(payload: Buffer, at: number): FramePlace {
  const [numbers, chain] = [at + CHAIN_BYTES, at + CHAIN_BYTES + 16];
  return {
    journal: payload.subarray(at, numbers),
    position: u64At(payload, numbers),
    end: u64At(payload, numbers + 8),
    chain: payload.subarray(chain, chain + CHAIN_BYTES),
  };
}

function entryAt(payload: Buffer, at: number): Answered {
  return { id: payload.subarray(at, at + ID_BYTES), print: payload.subarray(at + ID_BYTES, at + ENTRY_BYTES) };
}

function u64At(payload: Buffer, at: number): number {
  return Number(payload.readBigUInt64BE(at));
}

function checkOf(payload: Uint8Array): Buffer {
  return hash("sha256", payload, "buffer").subarray(0, CHECK_BYTES);
}
