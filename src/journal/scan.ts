// Finding headers and frames in a journal. What is found is not checked here against what stands before it: walk.ts does that, in order,
// while the scan is ahead.

import type { Bytes } from "../bytes.js";
import type { FramesTask } from "../engine/engine.js";
import type { SealError } from "../errors.js";
import { FRAME_HEAD_BYTES, frameSize, MAX_FRAMES } from "./frame.js";
import {
  type Beginning,
  type Epoch,
  HeaderReading,
  type HeaderSettings,
  readCore,
  readRest,
  tampered,
} from "./header.js";
import type { Ratchet } from "./ratchet.js";
import type { Window } from "./window.js";

/** Frames that are worked on together: so many at most, and so many bytes, or one. */
const RUN_FRAMES = 256;
const RUN_BYTES = 1024 * 1024;
const KEY_BYTES = 32;
/** From here on, a first byte is a magic's. */
export const NO_LENGTH = 0x80;

/** The epoch that the scan is in. */
export interface Place {
  epoch: Pick<Epoch, "offset" | "header">;
  frames: number;
  /** null where the journal is only verified. Whoever ends the scan erases it. */
  ratchet: Ratchet | null;
}

export type Found =
  | { readonly is: "core"; readonly offset: number; readonly previous: Bytes }
  | { readonly is: "epoch"; readonly epoch: Omit<Epoch, "ratchet"> }
  | { readonly is: "frames"; readonly position: number; readonly task: FramesTask }
  | { readonly is: "end"; readonly tail: number };

/**
 * What stands from the window's position on, up to the end, where `more` says whether there is more now. Throws `tampered` where neither a
 * header nor a frame can stand; `no-key`.
 */
export async function* scan(
  window: Window,
  beginning: Beginning,
  place: Place,
  settings: HeaderSettings,
  more: () => Promise<boolean>,
): AsyncGenerator<Found> {
  for (;;) {
    const [first] = await window.peek(1);
    const found = first === undefined ? null : first < NO_LENGTH ? await frames(window, beginning, place) : null;
    if (found) yield found;
    else {
      const whole = first !== undefined && first >= NO_LENGTH && (yield* epoch(window, beginning, place, settings));
      if (whole) continue;
      yield { is: "end", tail: window.available };
      if (!(await more())) return;
    }
  }
}

/** An epoch's header; false where the input ends in it. */
async function* epoch(
  window: Window,
  beginning: Beginning,
  place: Place,
  settings: HeaderSettings,
): AsyncGenerator<Found, boolean> {
  const offset = window.position;
  const reading = new HeaderReading(window);
  const core = await readCore(reading, beginning, offset);
  if (!core) return false;
  // Whether it follows what stands before it is the first thing to be known of an epoch.
  yield { is: "core", offset, previous: core.core.previous! };
  const next = await readRest(reading, core, beginning, offset, settings);
  if (!next) return false;
  const { ratchet, ...found } = next;
  place.ratchet?.erase();
  Object.assign(place, { epoch: found, frames: 0, ratchet });
  window.take(found.end - offset);
  yield { is: "epoch", epoch: found };
  return true;
}

/** The next whole frames; null where the input ends in the first. */
async function frames(window: Window, { core }: Beginning, place: Place): Promise<Found | null> {
  const position = window.position;
  const { lengths, bytes } = await measure(window, 2 ** core.chunkExponent, place);
  if (lengths.length === 0) return null;
  const task: FramesTask = {
    index: place.frames,
    coreHash: place.epoch.header.coreHash,
    lengths: Uint32Array.from(lengths),
    keys: place.ratchet && nextKeys(place.ratchet, lengths.length),
    buffer: window.copy(0, bytes),
  };
  window.take(bytes);
  place.frames += lengths.length;
  return { is: "frames", position, task };
}

async function measure(window: Window, chunkSize: number, place: Place): Promise<{ lengths: number[]; bytes: number }> {
  const lengths: number[] = [];
  let bytes = 0;
  while (lengths.length < RUN_FRAMES) {
    const head = bytes + FRAME_HEAD_BYTES;
    if (window.available < head && (await window.need(head)) < head) break;
    const length = window.u32At(bytes);
    if (length >= NO_LENGTH * 2 ** 24) break;
    const fault = faultOf(length, chunkSize, place.frames + lengths.length);
    if (fault && lengths.length > 0) break;
    if (fault) throw frameFault(place, window.position, fault);
    const end = bytes + frameSize(length);
    if (lengths.length > 0 && end > RUN_BYTES) break;
    if (window.available < end && (await window.need(end)) < end) break;
    lengths.push(length);
    bytes = end;
  }
  return { lengths, bytes };
}

function faultOf(length: number, chunkSize: number, index: number): string | null {
  if (length < 1 || length > chunkSize) return `has a length of ${length} bytes, where 1 to ${chunkSize} are possible`;
  return index >= MAX_FRAMES ? "is one too many" : null;
}

/** The error for the frame that is next. */
function frameFault({ epoch, frames }: Place, offset: number, fault: string): SealError {
  return tampered(`frame ${frames} of the epoch at byte ${epoch.offset} (at byte ${offset}) ${fault}`, offset, frames);
}

function nextKeys(ratchet: Ratchet, count: number): Bytes {
  const keys = new Uint8Array(count * KEY_BYTES);
  for (let i = 0; i < count; i++) {
    const key = ratchet.next();
    keys.set(key, i * KEY_BYTES);
    key.fill(0);
  }
  return keys;
}
