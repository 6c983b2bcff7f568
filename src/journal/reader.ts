// The records of a journal, in order, each released when its frame has passed every check (docs/FORMAT.md, "Reading a journal").

import type { Bytes } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { SealError } from "../errors.js";
import type { Core } from "../format/core.js";
import { overhead } from "../format/sizes.js";
import { policyOf, type Unlocking } from "../ops/filekey.js";
import { scanBatch } from "./batch.js";
import type { Cursor } from "./cursor.js";
import { FRAME_HEAD_BYTES } from "./frame.js";
import type { JournalSource } from "./store.js";
import { type CheckedFrames, walk } from "./walk.js";

export interface ReadJournalOptions extends Unlocking {
  readonly engine: Engine;
  /** Where to go on; null for the beginning. */
  readonly cursor: Cursor | null;
  /** Only frames that were sealed then or later, and before then, in Unix milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Whether to wait for more at the end of what is there. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A frame that was opened. */
export interface OpenedFrame {
  /** Unix milliseconds. */
  readonly sealedAt: number;
  /** How many records it has. */
  readonly count: number;
  /** All of it, as a view on the step's memory. */
  readonly batch: Bytes;
  /** Offset of its epoch's header, and its index there. */
  readonly epoch: number;
  readonly frame: number;
  /** Behind it; what is sealed after `until` is left to a later pick-up, so it stays before the first such frame. */
  readonly cursor: Cursor;
}

export type ReadStep =
  | { readonly is: "epoch"; readonly core: Core; readonly cursor: Cursor; readonly chain: Bytes }
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
  | { readonly is: "end"; readonly tail: number };

/**
 * Reads a journal. Throws `malformed`, `untrusted`, `tampered` or `no-key` for the first thing in file order that is wrong, after all that is before it
 * has come.
 */
export async function* readJournal(source: JournalSource, options: ReadJournalOptions): AsyncGenerator<ReadStep> {
  const { suite, engine, cursor, follow, signal } = options;
  const settings = { suite, engine, policy: policyOf(options), unlocking: options, cursor, follow, signal };
  /** Where the first frame stands that was sealed too late. */
  let late: Cursor | null = null;
  let at: Cursor | null = null;
  for await (const step of walk(source, settings)) {
    if (step.is === "end") yield step;
    else if (step.is === "epoch") {
      at = step.cursor;
      yield { ...step, cursor: late ?? at, chain: at.chain };
    } else {
      const opened = openFrames(step, { at: at!, late }, options);
      ({ at, late } = opened);
      const { frames, checked, fault } = opened;
      yield { is: "frames", frames, buffer: step.buffer, checked, cursor: late ?? at, chain: at.chain };
      if (fault) throw fault;
    }
  }
}

interface Place {
  readonly at: Cursor;
  readonly late: Cursor | null;
}

interface OpenedFrames extends Place {
  readonly frames: readonly OpenedFrame[];
  /** How many are as they should be. */
  readonly checked: number;
  /** What is wrong with the one after them. */
  readonly fault: SealError | null;
}

function openFrames(step: CheckedFrames, place: Place, { since, until }: ReadJournalOptions): OpenedFrames {
  const { epoch, index, ends } = step;
  const frames: OpenedFrame[] = [];
  let { at, late } = place;
  for (let i = 0; i < ends.length; i++) {
    const opened = parsed(step, i);
    if (opened instanceof SealError) return { frames, checked: i, at, late, fault: opened };
    const { sealedAt } = opened;
    const isLate = until !== undefined && sealedAt >= until;
    if (isLate) late ??= at;
    at = step.cursorAfter(i);
    if (isLate || (since !== undefined && sealedAt < since)) continue;
    frames.push({ ...opened, epoch, frame: index + i, cursor: late ?? at });
  }
  return { frames, checked: ends.length, at, late, fault: null };
}

/** Looks through all of a frame's batch before anything of it is released. */
function parsed(
  { buffer, ends, epoch, index, position }: CheckedFrames,
  i: number,
): Pick<OpenedFrame, "sealedAt" | "count" | "batch"> | SealError {
  const start = ends[i - 1] ?? 0;
  const batch = buffer.subarray(start + FRAME_HEAD_BYTES, ends[i]! - overhead(true));
  let count = 0;
  try {
    const sealedAt = scanBatch(batch, () => {
      count += 1;
    });
    return { sealedAt, count, batch };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const where = `frame ${index + i} of the epoch at byte ${epoch} (at byte ${position + start})`;
    return new SealError(error.code, `${where}: ${error.message}`, { chunk: index + i, offset: position + start });
  }
}
