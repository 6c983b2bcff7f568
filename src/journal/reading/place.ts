// Whether a journal has the place that a cursor names: its epoch's header and what stands behind it are read, nothing
// else.

import { type Bytes, equal, isZero, readU32 } from "../../bytes.js";
import { type Core, KIND_JOURNAL, parseCore } from "../../format/core.js";
import type { Cursor } from "../../format/cursor.js";
import { FRAME_HEAD_BYTES, frameHead } from "../../format/frame.js";
import { MAGIC } from "../../format/magic.js";
import { parseBytes } from "../../format/parser.js";
import type { JournalSource } from "../store.js";
import { discontinued, isAtBase, isOfLoneBase, resumeAt } from "./continue.js";
import type { HeaderSettings } from "./epochs.js";
import { LogicalJournal } from "./logical.js";

export interface PlaceOptions extends Pick<HeaderSettings, "suite" | "policy"> {
  readonly cursor: Cursor;
  readonly signal?: AbortSignal | undefined;
}

/** The epoch in which a cursor is. */
export interface CursorPlace {
  readonly core: Core;
  /** Where the journal begins now. */
  readonly start: number;
}

/** No core is longer. */
const CORE_PIECE = 512;

/**
 * null where the cursor is at the journal's base, in no epoch. Throws `tampered` where the journal does not continue
 * the cursor; `usage` where that place was removed; `untrusted`, `malformed`, `io`.
 */
export async function placeOf(source: JournalSource, options: PlaceOptions): Promise<CursorPlace | null> {
  const { cursor, signal } = options;
  const settings = { ...options, unlocking: null };
  const journal = await LogicalJournal.of(source, settings, signal);
  if (isOfLoneBase(cursor) || isAtBase(journal.base, cursor)) return null;
  const { epoch } = await resumeAt(journal, journal.end, cursor, settings, signal);
  await checkBehind(journal, options);
  return { core: epoch.header.core, start: journal.start };
}

/** The frame or the epoch behind the cursor, if there is one, names the chain value before it. Throws `tampered`. */
async function checkBehind(journal: LogicalJournal, { suite, cursor: { end, chain } }: PlaceOptions): Promise<void> {
  const there = await journal.readAt(end, CORE_PIECE);
  const head = there.subarray(0, FRAME_HEAD_BYTES);
  // Nothing, or what a crash has left of something.
  if (head.length < FRAME_HEAD_BYTES || isZero(head)) return;
  const isEpoch = equal(there.subarray(0, MAGIC.length), MAGIC);
  const fits = isEpoch ? equal(previousIn(there), chain) : equal(head, frameHead(suite, chain, readU32(head)));
  if (!fits) throw discontinued("something else stands behind it", end);
}

/** Throws `malformed`. */
function previousIn(start: Uint8Array): Bytes {
  return parseBytes(parseCore(KIND_JOURNAL), Uint8Array.from(start)).value.core.previous!;
}
