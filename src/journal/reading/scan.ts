// Finding headers and frames in a journal. What is found is not checked here against what stands before it: walk.ts
// does that, in order, while the scan is ahead.

import type { Bytes } from "../../bytes.js";
import { KEY_BYTES, SIGNATURE_BYTES } from "../../crypto/lengths.js";
import { erase, newSecret, type Secret } from "../../crypto/secret.js";
import type { FramesTask, Signatures } from "../../engine/engine.js";
import type { SealError } from "../../errors.js";
import { FRAME_HEAD_BYTES, frameSize, LENGTH_BYTES, lengthFault } from "../../format/frame.js";
import type { Ratchet } from "../ratchet.js";
import { type Beginning, type Epoch, type HeaderSettings, openEpoch, readCore, readRest, tampered } from "./epochs.js";
import { HeaderReading } from "./header.js";
import type { Window } from "./window.js";

/** Frames that are worked on together: so many at most, and so many bytes, or one. */
const RUN_FRAMES = 256;
const RUN_BYTES = 1024 * 1024;
/** From here on, a first byte is a magic's. */
export const NO_LENGTH = 0x80;

/** The epoch that the scan is in. */
export interface ScanState {
  readonly signatures: Signatures;
  epoch: Pick<Epoch, "offset" | "header">;
  frames: number;
  /** null where the epoch is only verified. Whoever ends the scan erases it. */
  ratchet: Ratchet | null;
}

export type Scanned =
  | { readonly is: "core"; readonly offset: number; readonly previous: Bytes }
  | { readonly is: "epoch"; readonly epoch: Omit<Epoch, "ratchet">; readonly isOpen: boolean }
  | { readonly is: "frames"; readonly position: number; readonly task: FramesTask }
  /** So many bytes of an incomplete end, if this is the head of a frame that can stand there. */
  | { readonly is: "end"; readonly tail: number; readonly head: Bytes | null };

/**
 * What stands from the window's position on, up to the end, where `more` says whether there is more now. Throws
 * `tampered` where neither a header nor a frame can stand; `no-key`.
 */
export async function* scan(
  window: Window,
  beginning: Beginning,
  place: ScanState,
  settings: HeaderSettings,
  more: () => Promise<boolean>,
): AsyncGenerator<Scanned> {
  for (;;) {
    const first = await window.first();
    const isHeader = first !== null && first >= NO_LENGTH;
    if (isHeader && (yield* epoch(window, beginning, place, settings))) continue;
    const found = first === null || isHeader ? endOf(window) : await frames(window, beginning, place);
    yield found;
    if (found.is === "end" && !(await more())) return;
  }
}

/** An epoch's header; false where the input ends in it. */
async function* epoch(
  window: Window,
  beginning: Beginning,
  place: ScanState,
  settings: HeaderSettings,
): AsyncGenerator<Scanned, boolean> {
  const offset = window.position;
  const reading = new HeaderReading(window);
  const core = await readCore(reading, beginning, offset);
  if (!core) return false;
  // Whether it follows what stands before it is the first thing to be known of an epoch.
  yield { is: "core", offset, previous: core.core.previous! };
  const header = await readRest(reading, core, beginning, offset, settings);
  if (!header) return false;
  const { ratchet, ...found } = await openEpoch(offset, header, settings);
  place.ratchet?.erase();
  Object.assign(place, { epoch: found, frames: 0, ratchet });
  window.take(found.end - offset);
  yield { is: "epoch", epoch: found, isOpen: ratchet !== null };
  return true;
}

const endOf = (window: Window, head: Bytes | null = null): Scanned => ({ is: "end", tail: window.available, head });

/** The next whole frames; the end where the input ends in the first. */
async function frames(window: Window, { core }: Beginning, place: ScanState): Promise<Scanned> {
  const chunkSize = 2 ** core.chunkExponent;
  const { lengths, bytes } = await measure(window, chunkSize, place);
  if (lengths.length > 0) return take(window, place, lengths, bytes);
  return (await incomplete(window, chunkSize, place)) ?? take(window, place, [window.u32At(0)]);
}

function take(window: Window, place: ScanState, lengths: readonly number[], bytes = frameSize(lengths[0]!)): Scanned {
  const position = window.position;
  const task: FramesTask = {
    index: place.frames,
    coreHash: place.epoch.header.coreHash,
    recordKey: place.epoch.header.core.recordKey!,
    lengths: Uint32Array.from(lengths),
    signatures: place.signatures,
    keys: place.ratchet && nextKeys(place.ratchet, lengths.length),
    buffer: window.copy(0, bytes),
  };
  window.take(bytes);
  place.frames += lengths.length;
  return { is: "frames", position, task };
}

/** The frames that are whole; the first whose signature is zero ends them. */
async function measure(
  window: Window,
  chunkSize: number,
  place: ScanState,
): Promise<{ lengths: number[]; bytes: number }> {
  const lengths: number[] = [];
  let bytes = 0;
  while (lengths.length < RUN_FRAMES) {
    const head = bytes + FRAME_HEAD_BYTES;
    if (window.available < head && (await window.need(head)) < head) break;
    const length = window.u32At(bytes);
    if (lengthFault(length, chunkSize, place.frames + lengths.length)) break;
    const end = bytes + frameSize(length);
    if (lengths.length > 0 && end > RUN_BYTES) break;
    if (window.available < end && (await window.need(end)) < end) break;
    if (window.isZero(end - SIGNATURE_BYTES, SIGNATURE_BYTES)) break;
    lengths.push(length);
    bytes = end;
  }
  return { lengths, bytes };
}

/**
 * What is left where no frame is whole, or the first one's signature is zero, which none is; null where that is not
 * what a crash, or a loss of power, leaves. Throws `tampered` for a length that is out of bounds.
 */
async function incomplete(window: Window, chunkSize: number, place: ScanState): Promise<Scanned | null> {
  const there = await window.need(FRAME_HEAD_BYTES);
  if (await window.isZeroFrom(0)) return endOf(window);
  const length = there < LENGTH_BYTES ? null : window.u32At(0);
  const fault = length === null ? null : lengthFault(length, chunkSize, place.frames);
  if (fault) throw frameFault(place, window.position, fault);
  if (length === null || there < FRAME_HEAD_BYTES) return endOf(window);
  const whole = frameSize(length);
  const isWhole = (await window.need(whole)) === whole;
  if (isWhole && !(await window.isZeroFrom(whole - SIGNATURE_BYTES))) return null;
  return endOf(window, window.copy(0, FRAME_HEAD_BYTES));
}

/** The error for the frame that is next. */
function frameFault({ epoch, frames }: ScanState, offset: number, fault: string): SealError {
  return tampered(`frame ${frames} of the epoch at byte ${epoch.offset} (at byte ${offset}) ${fault}`, offset, frames);
}

function nextKeys(ratchet: Ratchet, count: number): Secret {
  const keys = newSecret(count * KEY_BYTES);
  for (let i = 0; i < count; i++) {
    const key = ratchet.next();
    keys.set(key, i * KEY_BYTES);
    erase(key);
  }
  return keys;
}
