// A journal from its beginning or a cursor to its end, in order, each epoch and frame checked before it counts (docs/FORMAT.md, "Reading a
// journal"). The work on frames goes to the engine while the scan is ahead; what comes out is in order, up to the first failure.

import { setTimeout as sleep } from "node:timers/promises";
import { type Bytes, equal } from "../bytes.js";
import type { Engine, FramesResult } from "../engine/engine.js";
import type { SealError } from "../errors.js";
import type { Core } from "../format/core.js";
import { abortable, inOrder } from "../ops/order.js";
import type { Cursor } from "./cursor.js";
import { frameSize } from "./frame.js";
import { type Beginning, type Epoch, type HeaderSettings, readBeginning, tampered } from "./header.js";
import { resumeAt } from "./resume.js";
import { type Found, type Place, scan } from "./scan.js";
import type { JournalSource } from "./store.js";
import { Window } from "./window.js";

const CHAIN_BYTES = 32;
/** How often a source that does not tell of changes is looked at, in milliseconds. */
const POLL = 500;

export interface WalkOptions extends HeaderSettings {
  readonly engine: Engine;
  /** Where to go on; null for the beginning. */
  readonly cursor: Cursor | null;
  /** Whether to wait for more at the end of what is there. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Frames one after the other, each of which has passed every check. */
export interface CheckedFrames {
  readonly is: "frames";
  /** Offset of their epoch's header, index of the first, and its offset in the journal. */
  readonly epoch: number;
  readonly index: number;
  readonly position: number;
  /** The frames as they stand in the journal, each with its plaintext in place of its ciphertext where they are opened. It is the receiver's. */
  readonly buffer: Bytes;
  /** Where each of them ends in `buffer`. */
  readonly ends: Uint32Array;
  /** The cursor after the `i`-th of them, counted from 0. */
  cursorAfter(i: number): Cursor;
}

export type Walked =
  /** An epoch begins, or is gone on with, at the cursor. */
  | { readonly is: "epoch"; readonly core: Core; readonly cursor: Cursor }
  | CheckedFrames
  /** Nothing more is there but so many bytes of an incomplete end. */
  | { readonly is: "end"; readonly tail: number };

/**
 * Walks a journal. An epoch comes first; or an end, where the first header is not whole yet. Throws, as docs/FORMAT.md says, for the first thing in file order
 * that is wrong, after all that is before it has come; `io`; the signal's reason.
 */
export async function* walk(source: JournalSource, options: WalkOptions): AsyncGenerator<Walked> {
  const { cursor, follow = false } = options;
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const size = await abortable(source.size(), signal);
  try {
    const window = new Window(source, cursor?.end ?? 0, size, { signal });
    let start = cursor && (await resumeAt(source, size, cursor, options, signal));
    while (!start) {
      start = await readBeginning(window, options);
      if (start) break;
      yield { is: "end", tail: window.available };
      if (!(await more(source, window, follow, signal))) return;
    }
    yield* walkFrom(window, start, options, () => more(source, window, follow, signal));
  } finally {
    left.abort();
  }
}

/**
 * At the end of what is there: waits, and lets the window go on; false where the walk does not follow. What was read as an incomplete end may be replaced, as
 * the writer moves it aside when it comes back. Throws `tampered` where the journal is shorter than what has been read of it.
 */
async function more(source: JournalSource, window: Window, follow: boolean, signal: AbortSignal): Promise<boolean> {
  if (!follow && !window.isCut) return false;
  if (follow) await abortable(source.changed?.(signal) ?? sleep(POLL, undefined, { signal }), signal);
  const size = await abortable(source.size(), signal);
  if (size < window.position) {
    throw tampered(`the journal was cut off at byte ${size}, before what has been read of it`, size);
  }
  window.restart(size);
  return follow;
}

async function* walkFrom(
  window: Window,
  { beginning, epoch }: { readonly beginning: Beginning; readonly epoch: Epoch },
  options: WalkOptions,
  goOn: () => Promise<boolean>,
): AsyncGenerator<Walked> {
  const { suite, engine, signal, cursor } = options;
  const { id, signer } = beginning;
  const session = engine.session({ suite, payloadKey: null, coreHash: id, signed: true, signer }, null);
  const place: Place = { epoch, frames: cursor?.frames ?? 0, ratchet: epoch.ratchet };
  const work = async function* () {
    for await (const found of scan(window, beginning, place, options, goOn)) {
      yield async () => ({ found, result: found.is === "frames" ? await session.frames(found.task) : null });
    }
  };
  try {
    if (!cursor) window.take(epoch.end);
    let at = cursor ?? { journal: id, ...beginningOf(epoch) };
    yield { is: "epoch", core: epoch.header.core, cursor: at };
    for await (const { found, result } of inOrder(work(), session.width)) {
      signal?.throwIfAborted();
      if (found.is === "core") checkFollows(found.offset, found.previous, at);
      else if (found.is === "end") yield found;
      else if (found.is === "epoch") {
        at = { journal: id, ...beginningOf(found.epoch) };
        yield { is: "epoch", core: found.epoch.header.core, cursor: at };
      } else {
        const checked = checkedFrames(found, result!, at);
        if (checked) yield checked;
        at = checked?.cursorAfter(checked.ends.length - 1) ?? at;
        if (checked?.ends.length !== found.task.lengths.length) throw notTheWriters(at);
      }
    }
  } finally {
    place.ratchet?.erase();
    session.close();
  }
}

function beginningOf({ offset, end, header }: Omit<Epoch, "ratchet">): Omit<Cursor, "journal"> {
  return { epoch: offset, frames: 0, end, chain: header.coreHash };
}

function checkFollows(offset: number, previous: Bytes, { chain }: Cursor): void {
  if (equal(previous, chain)) return;
  throw tampered(`the epoch at byte ${offset} does not follow what stands before it`, offset);
}

/** Those frames, from the first on, that are the writer's and come next after `at`; null where the first is not. */
function checkedFrames(
  { position, task }: Extract<Found, { is: "frames" }>,
  { buffer, chains, authentic }: FramesResult,
  at: Cursor,
): CheckedFrames | null {
  if (authentic === 0 || !equal(chains.subarray(0, CHAIN_BYTES), at.chain)) return null;
  const ends = new Uint32Array(authentic);
  for (let i = 0; i < authentic; i++) ends[i] = (ends[i - 1] ?? 0) + frameSize(task.lengths[i]!);
  const cursorAfter = (i: number): Cursor => ({
    ...at,
    frames: task.index + i + 1,
    end: position + ends[i]!,
    chain: chains.slice((i + 1) * CHAIN_BYTES, (i + 2) * CHAIN_BYTES),
  });
  return { is: "frames", epoch: at.epoch, index: task.index, position, buffer, ends, cursorAfter };
}

/** The error for the frame at the cursor. */
function notTheWriters({ epoch, frames, end }: Cursor): SealError {
  const message = `frame ${frames} of the epoch at byte ${epoch} (at byte ${end}) is not what the writer sealed`;
  return tampered(message, end, frames);
}
