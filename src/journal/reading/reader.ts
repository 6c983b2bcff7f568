// The records of a journal, in order, each released when its frame has passed every check (docs/FORMAT.md, "Reading a
// journal").

import type { Bytes } from "../../bytes.js";
import type { Engine, Signatures } from "../../engine/engine.js";
import { prefixed, SealError } from "../../errors.js";
import type { Base } from "../../format/base.js";
import { parseBatch, type Records } from "../../format/batch.js";
import type { Core } from "../../format/core.js";
import type { Cursor } from "../../format/cursor.js";
import { FRAME_HEAD_BYTES } from "../../format/frame.js";
import { overhead } from "../../format/sizes.js";
import { policyOf, type Unlocking } from "../../header/unlock.js";
import type { JournalSource } from "../store.js";
import { type CheckedFrames, walk } from "./walk.js";

export interface ReadJournalOptions extends Unlocking {
  readonly engine: Engine;
  /** See `WalkOptions`; by default the last. */
  readonly signatures?: Signatures | undefined;
  /** Where to go on; null for the beginning. */
  readonly cursor: Cursor | null;
  /** Only frames that were sealed then or later, and before then, in Unix milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Whether cursors go past what `since` leaves out, which is then never read. */
  readonly skipOlder?: boolean | undefined;
  /** See `HeaderSettings`. */
  readonly skipUnreadable?: boolean | undefined;
  /** See `WalkOptions`. */
  readonly skipRemoved?: boolean | undefined;
  /** Whether to wait for more at the end of what is there. */
  readonly follow?: boolean | undefined;
  /** See `WalkOptions`. */
  readonly recheck?: ((signer: Bytes) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A frame that was opened. */
export interface OpenedFrame {
  /** Unix milliseconds. */
  readonly sealedAtMs: number;
  readonly records: Records;
  /** All of it, as a view on the step's memory. */
  readonly batch: Bytes;
  /** Offset of its epoch's header, and its index there. */
  readonly epoch: number;
  readonly frame: number;
  /** Behind it; but before the first frame that was left out, which is left to a later pick-up. */
  readonly cursor: Cursor;
}

export type ReadStep =
  /** What stood before its offset was removed by the writer. */
  | { readonly is: "base"; readonly base: Base; readonly cursor: Cursor }
  | {
      readonly is: "epoch";
      readonly core: Core;
      readonly cursor: Cursor;
      readonly chain: Bytes;
      readonly isOpen: boolean;
    }
  /** Frames that are wanted, and the memory in which their records are, one behind the other: the receiver's. */
  | {
      readonly is: "frames";
      readonly frames: readonly OpenedFrame[];
      readonly buffer: Bytes;
      /** How many frames were checked for them, those included that are not wanted. */
      readonly checked: number;
      /** Behind all that was checked, as a frame's. */
      readonly cursor: Cursor;
      /** The chain value behind all that was checked. */
      readonly chain: Bytes;
    }
  /** So many frames of an epoch that no key opens, verified and left out. */
  | { readonly is: "skipped"; readonly frames: number; readonly cursor: Cursor; readonly chain: Bytes }
  | { readonly is: "end"; readonly tail: number };

/**
 * Reads a journal. Throws `malformed`, `untrusted`, `tampered` or `no-key` for the first thing in file order that is
 * wrong, after all that is before it has come.
 */
export async function* readJournal(source: JournalSource, options: ReadJournalOptions): AsyncGenerator<ReadStep> {
  const { suite, engine, cursor, skipUnreadable, skipRemoved, follow, recheck, signal, signatures = "last" } = options;
  const settings = {
    signatures,
    suite,
    engine,
    policy: policyOf(options),
    unlocking: options,
    cursor,
    skipUnreadable,
    skipRemoved,
    follow,
    recheck,
    signal,
  };
  /** Where the first frame stands that was left to a later pick-up. */
  let left: Cursor | null = null;
  let at: Cursor | null = null;
  let isOpen = true;
  for await (const step of walk(source, settings)) {
    if (step.is === "end" || step.is === "base") yield step;
    else if (step.is === "epoch") {
      ({ cursor: at, isOpen } = step);
      yield { ...step, cursor: left ?? at, chain: at.chain };
    } else if (!isOpen) {
      const { length } = step.ends;
      at = step.cursorAfter(length - 1);
      yield { is: "skipped", frames: length, cursor: left ?? at, chain: at.chain };
    } else {
      const opened = openFrames(step, { at: at!, left }, options);
      ({ at, left } = opened);
      const { frames, checked, fault } = opened;
      yield { is: "frames", frames, buffer: step.buffer, checked, cursor: left ?? at, chain: at.chain };
      if (fault) throw fault;
    }
  }
}

interface Reached {
  readonly at: Cursor;
  readonly left: Cursor | null;
}

interface OpenedFrames extends Reached {
  readonly frames: readonly OpenedFrame[];
  /** How many are as they should be. */
  readonly checked: number;
  /** What is wrong with the one after them. */
  readonly fault: SealError | null;
}

function openFrames(step: CheckedFrames, place: Reached, options: ReadJournalOptions): OpenedFrames {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, skipOlder = false } = options;
  const { epoch, index, ends } = step;
  const frames: OpenedFrame[] = [];
  let { at, left } = place;
  for (let i = 0; i < ends.length; i++) {
    const opened = parsed(step, i);
    if (opened instanceof SealError) return { frames, checked: i, at, left, fault: opened };
    const { sealedAtMs } = opened;
    const isOlder = sealedAtMs < since;
    const isLater = sealedAtMs >= until;
    if (isLater || (isOlder && !skipOlder)) left ??= at;
    at = step.cursorAfter(i);
    if (isOlder || isLater) continue;
    frames.push({ ...opened, epoch, frame: index + i, cursor: left ?? at });
  }
  return { frames, checked: ends.length, at, left, fault: null };
}

/** Looks through all of a frame's batch before anything of it is released. */
function parsed(
  { buffer, ends, epoch, index, position }: CheckedFrames,
  i: number,
): Pick<OpenedFrame, "sealedAtMs" | "records" | "batch"> | SealError {
  const start = ends[i - 1] ?? 0;
  const batch = buffer.subarray(start + FRAME_HEAD_BYTES, ends[i]! - overhead(true));
  try {
    const { sealedAtMs, records } = parseBatch(batch);
    return { sealedAtMs, records, batch };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const where = `frame ${index + i} of the epoch at byte ${epoch} (at byte ${position + start})`;
    return prefixed(where, error, { frame: index + i, offset: position + start });
  }
}
