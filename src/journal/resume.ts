// Going on at a cursor: whether the journal is still the one that it was made of (docs/FORMAT.md, "Reading a journal").

import { setImmediate } from "node:timers/promises";
import { equal } from "../bytes.js";
import { SealError } from "../errors.js";
import { KIND_JOURNAL, parseCore } from "../format/core.js";
import { checkDemands } from "../ops/header.js";
import type { Cursor } from "./cursor.js";
import { frameSize } from "./frame.js";
import {
  acceptBeginning,
  type Beginning,
  type Epoch,
  HeaderReading,
  type HeaderSettings,
  readCore,
  readRest,
} from "./header.js";
import type { Ratchet } from "./ratchet.js";
import type { JournalSource } from "./store.js";
import { Window } from "./window.js";

/** Most headers are shorter, and every core is much shorter. */
const HEADER_PIECE = 64 * 1024;
const CORE_PIECE = 512;

/**
 * Checks the first core and the header of the cursor's epoch; nothing between them, nor from there to the cursor, is read. Throws `tampered` where the
 * journal does not continue the cursor; `untrusted`, `no-key`.
 */
export async function resumeAt(
  source: JournalSource,
  size: number,
  cursor: Cursor,
  settings: HeaderSettings,
  signal: AbortSignal | undefined,
): Promise<{ beginning: Beginning; epoch: Epoch }> {
  if (size < cursor.end) throw discontinued(`it has ${size} bytes, and had ${cursor.end}`, size);
  const same = cursor.epoch === 0;
  const windowAt = (offset: number, piece: number) => new Window(source, offset, size, { piece, ahead: false, signal });
  const first = windowAt(0, same ? HEADER_PIECE : CORE_PIECE);
  const beginning = await beginningOf(new HeaderReading(first), cursor, settings);
  const window = same ? first : windowAt(cursor.epoch, HEADER_PIECE);
  const epoch = await epochOf(window, beginning, cursor, settings);
  try {
    if (epoch.ratchet) await skip(epoch.ratchet, cursor.frames, signal);
    return { beginning, epoch };
  } catch (error) {
    epoch.ratchet?.erase();
    throw error;
  }
}

/** So many that a signal is heard in time: tens of milliseconds. */
const SKIPPED_AT_ONCE = 10_000;

async function skip(ratchet: Ratchet, frames: number, signal: AbortSignal | undefined): Promise<void> {
  for (let i = 1; i <= frames; i++) {
    ratchet.skip();
    if (i % SKIPPED_AT_ONCE > 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

async function beginningOf(reading: HeaderReading, cursor: Cursor, settings: HeaderSettings): Promise<Beginning> {
  const first = await reading.parse(parseCore(KIND_JOURNAL)).catch((error) => {
    if (!(error instanceof SealError) || error.code !== "malformed") throw error;
    throw discontinued("something else has taken its place", 0);
  });
  if (!first || !equal(settings.suite.sha256(first.bytes), cursor.journal)) {
    throw discontinued("another journal has taken its place", 0);
  }
  return acceptBeginning(first, settings);
}

async function epochOf(window: Window, beginning: Beginning, cursor: Cursor, settings: HeaderSettings): Promise<Epoch> {
  const offset = cursor.epoch;
  const reading = new HeaderReading(window);
  const core = await readCore(reading, beginning, offset);
  if (!core) throw discontinued("an epoch's header is cut off", offset);
  checkDemands(core.core, settings.policy);
  const epoch = await readRest(reading, core, beginning, offset, settings);
  if (!epoch) throw discontinued("an epoch's header is cut off", offset);
  if (fits(epoch, cursor)) return epoch;
  epoch.ratchet?.erase();
  throw discontinued("the epoch's header is another", offset);
}

function fits({ end, header }: Epoch, cursor: Cursor): boolean {
  if (cursor.frames === 0) return end === cursor.end && equal(header.coreHash, cursor.chain);
  // Each is a step of the ratchet: without room for them, the steps are not taken.
  return cursor.epoch + cursor.frames * frameSize(1) <= cursor.end;
}

/** The error for a journal that does not continue a cursor. */
export function discontinued(how: string, offset: number): SealError {
  return new SealError("tampered", `the journal does not continue the cursor: ${how}`, {
    hint: "It was cut off, rolled back or replaced. Where that is meant, read it without the cursor.",
    offset,
  });
}
