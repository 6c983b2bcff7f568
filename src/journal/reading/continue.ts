// Resuming at a cursor: whether the journal is still the one that it was made of (docs/FORMAT.md, "Reading a journal").

import { equal, isZero } from "../../bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { type ErrorCode, SealError } from "../../errors.js";
import { turn } from "../../flow/turns.js";
import type { Core } from "../../format/core.js";
import type { Cursor } from "../../format/cursor.js";
import { MIN_FRAME_BYTES } from "../../format/frame.js";
import { epochChain, type Header, headerLength } from "../../format/header.js";
import { demandLabel } from "../../header/policy.js";
import type { CoreAndBytes } from "../../header/read.js";
import type { Ratchet } from "../ratchet.js";
import {
  acceptBeginning,
  type Beginning,
  claimed,
  demandOf,
  type Epoch,
  type HeaderSettings,
  openEpoch,
  readCore,
  readKeptCore,
  readRest,
} from "./epochs.js";
import { HeaderReading } from "./header.js";
import { type Kept, type KnownBase, type LogicalJournal, removed } from "./logical.js";
import { Window } from "./window.js";

/** Most headers are shorter, and every core is much shorter. */
const HEADER_PIECE = 64 * 1024;
const CORE_PIECE = 512;

/**
 * Checks the first core and the header of the cursor's epoch; nothing between them, nor from there to the cursor, is
 * read. Throws `tampered` where the journal does not continue the cursor; `untrusted`, `no-key`.
 */
export async function resumeAt(
  source: LogicalJournal,
  size: number,
  cursor: Cursor,
  settings: HeaderSettings,
  signal: AbortSignal | undefined,
): Promise<{ beginning: Beginning; epoch: Epoch }> {
  const { start, base } = source;
  const same = cursor.epoch === start;
  const windowAt = (offset: number, piece: number) => new Window(source, offset, size, { piece, ahead: false, signal });
  const first = windowAt(start, same ? HEADER_PIECE : CORE_PIECE);
  // What a cursor has seen was whole.
  const reader = new HeaderReading(first, false);
  const begun = await (base ? keptCore(reader, base) : firstCore(reader, cursor, settings.suite));
  checkSize(size, cursor);
  const reading = new HeaderReading(same ? first : windowAt(cursor.epoch, HEADER_PIECE), false);
  const { beginning, epoch } = await epochOf(reading, begun, cursor, settings);
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
    await turn();
    signal?.throwIfAborted();
  }
}

/**
 * Whether a cursor is where the journal begins now, at its base. Throws `tampered`; `usage` where it is before that.
 */
export function isAtBase(base: KnownBase | null, cursor: Cursor): boolean {
  if (!base) return false;
  const { journal, epoch, end, chain } = cursor;
  if (!equal(base.journal, journal)) throw discontinued("another journal has taken its place", 0);
  if (end < base.offset) throw removed(base, end);
  if (end === base.offset && !equal(chain, base.previous)) throw discontinued("another was shortened there", end);
  if (epoch < base.offset && end > base.offset && !isOfLoneBase(cursor))
    throw discontinued("it begins in the middle of its epoch", epoch);
  return end === base.offset;
}

/** Whether a cursor was made at a base that stood alone: it is in no epoch. */
export function isOfLoneBase({ epoch, header, frames }: Cursor): boolean {
  return epoch === 0 && frames === 0 && isZero(header);
}

/**
 * What stands for the base at which a cursor was made, where the journal is there again that it took the place of, or a
 * part of that; and the first core, where there is no base. Throws as `resumeAt`.
 */
export async function inPlaceOfBase(
  source: LogicalJournal,
  size: number,
  cursor: Cursor,
  settings: HeaderSettings,
  signal: AbortSignal | undefined,
): Promise<{ kept: Kept; core: Core | null }> {
  const { base } = source;
  const place = { journal: cursor.journal, offset: cursor.end, previous: cursor.chain };
  if (base) {
    checkSize(size, cursor);
    return { kept: { ...base, ...place }, core: null };
  }
  const window = new Window(source, 0, size, { piece: CORE_PIECE, ahead: false, signal });
  const begun = await firstCore(new HeaderReading(window, false), cursor, settings.suite);
  checkSize(size, cursor);
  const { core, signer: key } = await claimed(0, () => acceptBeginning(begun, settings));
  demandLabel(core, settings.policy);
  const { label, chunkExponent } = core;
  return { kept: { ...place, signer: key.publicKey, key, label, chunkExponent }, core };
}

function checkSize(size: number, { end }: Cursor): void {
  if (size < end) throw discontinued(`it has ${size} bytes, and had ${end}`, size);
}

/** The core behind a base. */
async function keptCore(reading: HeaderReading, base: KnownBase): Promise<CoreAndBytes> {
  const kept = await readKeptCore(reading, base).catch((error) => {
    if (!isAbout(error, "unsupported")) throw error;
    throw discontinued("the epoch's header is another", base.offset);
  });
  if (kept) return kept;
  throw discontinued("an epoch's header is cut off", base.offset);
}

/** The first core, which gives the journal its id. */
async function firstCore(reading: HeaderReading, { journal }: Cursor, suite: Suite): Promise<CoreAndBytes> {
  const first = await reading.core().catch((error) => {
    if (!isAbout(error, "malformed", "unsupported")) throw error;
    throw discontinued("something else has taken its place", 0);
  });
  if (!first) throw discontinued("its first header is cut off", 0);
  if (equal(suite.sha256(first.bytes), journal)) return first;
  throw discontinued("another journal has taken its place", 0);
}

/** The header of the cursor's epoch, in the order of *Opening*, 1 to 6. */
async function epochOf(
  reading: HeaderReading,
  begun: CoreAndBytes,
  cursor: Cursor,
  settings: HeaderSettings,
): Promise<{ beginning: Beginning; epoch: Epoch }> {
  const offset = cursor.epoch;
  const core = await readCore(reading, begun, offset).catch((error) => {
    if (!isAbout(error, "unsupported")) throw error;
    throw discontinued("the epoch's header is another", offset);
  });
  if (!core) throw discontinued("an epoch's header is cut off", offset);
  const { id, ...accepted } = await claimed(offset, () => acceptBeginning(begun, settings));
  const beginning = { ...accepted, id: cursor.journal };
  const header = await readRest(reading, core, beginning, offset, settings);
  if (!header) throw discontinued("an epoch's header is cut off", offset);
  demandOf(offset, core.core, settings);
  // No secret is used on a header that is not the cursor's.
  if (!fits(header, cursor, settings)) throw discontinued("the epoch's header is a different one", offset);
  return { beginning, epoch: await openEpoch(offset, header, settings) };
}

/**
 * Whoever took the signing key later may have signed another header in its place, for other recipients: the chain value
 * stands for them too.
 */
function fits(header: Header, cursor: Cursor, { suite }: HeaderSettings): boolean {
  if (!equal(epochChain(suite, header.coreBytes, header.stanzaBytes), cursor.header)) return false;
  if (cursor.frames === 0) {
    return cursor.epoch + headerLength(header) === cursor.end && equal(cursor.header, cursor.chain);
  }
  // Each is a step of the ratchet: without room for them, the steps are not taken.
  return cursor.epoch + cursor.frames * MIN_FRAME_BYTES <= cursor.end;
}

export function isAbout(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof SealError && codes.includes(error.code);
}

/** The error for a journal that does not continue a cursor. */
export function discontinued(how: string, offset: number): SealError {
  return new SealError("tampered", `the journal does not continue the cursor: ${how}`, {
    hint: "It was cut off, rolled back or replaced. If that was intended, read it without the cursor.",
    offset,
  });
}
