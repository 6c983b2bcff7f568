// A journal from its beginning or a cursor to its end, in order, each epoch and frame checked before it counts
// (docs/FORMAT.md, "Reading a journal"). The work on frames goes to the engine while the scan is ahead; what comes out
// is in order, up to the first failure.

import { type Bytes, equal, readU32 } from "../../bytes.js";
import type { Engine, FramesResult, Signatures } from "../../engine/engine.js";
import { SealError } from "../../errors.js";
import { abortable, inOrder } from "../../flow/order.js";
import { pause } from "../../flow/turns.js";
import type { Base } from "../../format/base.js";
import type { Core } from "../../format/core.js";
import type { Cursor } from "../../format/cursor.js";
import { frameHead, frameSize } from "../../format/frame.js";
import { CHAIN_BYTES } from "../../format/sizes.js";
import type { JournalSource } from "../store.js";
import { discontinued, inPlaceOfBase, isAbout, isAtBase, isOfLoneBase, resumeAt } from "./continue.js";
import { type Beginning, type Epoch, type HeaderSettings, readBeginning, readKept, tampered } from "./epochs.js";
import { type KnownBase, LogicalJournal, removed } from "./logical.js";
import { type Scanned, type ScanState, scan } from "./scan.js";
import { Window } from "./window.js";

/** How often a source that does not tell of changes is looked at, in milliseconds. */
const POLL = 500;

export interface WalkOptions extends HeaderSettings {
  readonly engine: Engine;
  /** Where to go on; null for the beginning. */
  readonly cursor: Cursor | null;
  /** Each, or the last of frames that are worked on together, a window. */
  readonly signatures: Signatures;
  /** Whether to begin where the journal begins now, if what follows the cursor was removed. */
  readonly skipRemoved?: boolean | undefined;
  /** Whether to wait for more at the end of what is there. */
  readonly follow?: boolean | undefined;
  /** Awaited before anything of the signer's is handed on; where it throws, nothing of it is. */
  readonly recheck?: ((signer: Bytes) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Frames one after the other, each of which has passed every check. */
export interface CheckedFrames {
  readonly is: "frames";
  /** Offset of their epoch's header, index of the first, and its offset in the journal. */
  readonly epoch: number;
  readonly index: number;
  readonly position: number;
  /**
   * The frames as they stand in the journal, each with its plaintext in place of its ciphertext where they are opened.
   * It is the receiver's.
   */
  readonly buffer: Bytes;
  /** Where each of them ends in `buffer`. */
  readonly ends: Uint32Array;
  /** The cursor after the `i`-th of them, counted from 0. */
  cursorAfter(i: number): Cursor;
}

export type Walked =
  /** What stood before its offset was removed by the writer. */
  | { readonly is: "base"; readonly base: Base; readonly cursor: Cursor }
  /**
   * An epoch begins, or is resumed at the cursor; its frames are opened, or only verified. Where the cursor is in none,
   * it is the first one, which tells whose journal it is.
   */
  | { readonly is: "epoch"; readonly core: Core; readonly cursor: Cursor; readonly isOpen: boolean }
  | CheckedFrames
  /** Nothing more is there but so many bytes of an incomplete end. */
  | { readonly is: "end"; readonly tail: number };

/**
 * Walks a journal. A base comes first, where there is one; then an epoch, or an end, where its header is not whole yet.
 * Throws, as docs/FORMAT.md says, for the first thing in file order that is wrong, after all that is before it has
 * come; `io`; the signal's reason.
 */
export async function* walk(journal: JournalSource, options: WalkOptions): AsyncGenerator<Walked> {
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  try {
    const source = await LogicalJournal.of(journal, options, signal).catch((error) => {
      if (!options.cursor || !isAbout(error, "malformed", "unsupported")) throw error;
      throw discontinued("it begins with something else", 0);
    });
    for (let from: Cursor | null = options.cursor, isAgain = false; ; isAgain = true) {
      const left = yield* walkSource(
        source,
        goingOn(source.base, { ...options, cursor: from }),
        isAgain,
        options,
        signal,
      );
      if (!left) return;
      from = left.cursor;
    }
  } finally {
    left.abort();
  }
}

/**
 * Where it is to be walked on from, where it was shortened meanwhile: from the new base on, if what came next was
 * removed and that is to be skipped. `isAgain`: the epoch in which the cursor is has come already.
 */
async function* walkSource(
  source: LogicalJournal,
  cursor: Cursor | null,
  isAgain: boolean,
  options: WalkOptions,
  signal: AbortSignal,
): AsyncGenerator<Walked, { readonly cursor: Cursor | null } | null> {
  const { base } = source;
  let at = cursor;
  try {
    for await (const step of stepsOf(source, cursor, options, signal)) {
      if (step.is === "frames") at = step.cursorAfter(step.ends.length - 1);
      else if (step.is !== "end") at = step.cursor;
      else if (!options.follow && (await isCutShort(source, base, (at?.end ?? 0) + step.tail))) return { cursor: at };
      const isKnown = isAgain && step.is === "epoch" && cursor?.end === step.cursor.end;
      if (!isKnown) yield step;
    }
    return null;
  } catch (error) {
    const isRemoved = error instanceof SealError && error.reason === "removed";
    if (isRemoved && options.skipRemoved) return { cursor: null };
    // What was read at an offset before the journal was shortened stands elsewhere now.
    if (!isAbout(error, "tampered", "malformed", "unsupported") || !(await isShortened(source, base))) throw error;
    return { cursor: at };
  }
}

/** Whether a journal ends, as far as is seen, where it does because it was shortened meanwhile. */
async function isCutShort(source: LogicalJournal, before: KnownBase | null, end: number): Promise<boolean> {
  return end !== source.end && (await isShortened(source, before));
}

/** Whether the journal begins further on than it did. */
async function isShortened(source: LogicalJournal, before: KnownBase | null): Promise<boolean> {
  await source.size().catch(() => undefined);
  return source.start > (before?.offset ?? 0);
}

async function* stepsOf(
  source: LogicalJournal,
  cursor: Cursor | null,
  options: WalkOptions,
  signal: AbortSignal,
): AsyncGenerator<Walked> {
  const { follow = false } = options;
  const { base, end: size } = source;
  if (base) yield { is: "base", base: plain(base), cursor: cursor ?? cursorAt(base) };
  const window = new Window(source, cursor?.end ?? source.start, size, { signal });
  const goOn = () => more(source, window, follow, signal);
  const back = cursor && isOfLoneBase(cursor) ? await inPlaceOfBase(source, size, cursor, options, signal) : null;
  if (back?.core) yield { is: "epoch", core: back.core, cursor: cursor!, isOpen: true };
  const kept = back?.kept ?? base;
  const resumed = back ? null : cursor;
  let start = resumed && (await resumeAt(source, size, resumed, options, signal));
  while (!start) {
    start = await (kept ? readKept(window, kept, options) : readBeginning(window, options));
    if (start) break;
    yield { is: "end", tail: window.available };
    if (!(await goOn())) return;
  }
  source.expect(start.beginning.id);
  yield* walkFrom(window, start, { ...options, cursor: resumed }, goOn);
}

/** The cursor, unless the journal is read from its beginning, or its base, on. */
function goingOn(base: KnownBase | null, { cursor, skipRemoved = false }: WalkOptions): Cursor | null {
  if (!base || !cursor) return cursor;
  const isBefore = skipRemoved && cursor.end < base.offset && equal(cursor.journal, base.journal);
  return isBefore || isAtBase(base, cursor) ? null : cursor;
}

function plain({ key: _, ...base }: KnownBase): Base {
  return base;
}

function cursorAt({ journal, offset, previous }: Base): Cursor {
  return { journal, epoch: 0, header: new Uint8Array(CHAIN_BYTES), frames: 0, end: offset, chain: previous };
}

/**
 * At the end of what is there: waits, and lets the window go on; false where the walk does not follow. What was read as
 * an incomplete end may be replaced, as the writer moves it aside when it comes back. Throws `tampered` where the
 * journal is shorter than what has been read of it.
 */
async function more(source: LogicalJournal, window: Window, follow: boolean, signal: AbortSignal): Promise<boolean> {
  if (!follow && !window.isCut) return false;
  if (follow) await abortable(source.changed?.(signal) ?? pause(POLL, signal), signal);
  const size = await source.size();
  if (source.base && window.position < source.base.offset) throw removed(source.base, window.position);
  if (size < window.position) {
    throw tampered(`the journal was cut off at byte ${size}, before the point that was already read`, size);
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
  const { suite, engine, signal, cursor, recheck, signatures } = options;
  const { id, core } = beginning;
  const session = engine.session({ suite, payloadKey: null, coreHash: id, signed: true, recordKey: null }, null);
  const place: ScanState = { signatures, epoch, frames: cursor?.frames ?? 0, ratchet: epoch.ratchet };
  const work = async function* () {
    for await (const found of scan(window, beginning, place, options, goOn)) {
      yield async () => ({ found, result: found.is === "frames" ? await session.frames(found.task) : null });
    }
  };
  try {
    if (!cursor) window.take(epoch.end - epoch.offset);
    let at = cursor ?? { journal: id, ...beginningOf(epoch) };
    yield { is: "epoch", core: epoch.header.core, cursor: at, isOpen: epoch.ratchet !== null };
    for await (const { found, result } of inOrder(work(), session)) {
      signal?.throwIfAborted();
      if (found.is !== "end") await recheck?.(core.signer!);
      if (found.is === "core") checkFollows(found.offset, found.previous, at);
      else if (found.is === "end") {
        const { tail, head } = found;
        if (head && !equal(head, frameHead(suite, at.chain, readU32(head)))) throw notTheWriters(at);
        yield { is: "end", tail };
      } else if (found.is === "epoch") {
        at = { journal: id, ...beginningOf(found.epoch) };
        yield { is: "epoch", core: found.epoch.header.core, cursor: at, isOpen: found.isOpen };
      } else {
        const checked = checkedFrames(found, result!, at);
        if (checked) yield checked;
        at = checked?.cursorAfter(checked.ends.length - 1) ?? at;
        if (checked?.ends.length !== found.task.lengths.length) throw notTheWriters(at);
      }
    }
  } finally {
    place.ratchet?.erase();
    await session.close();
  }
}

function beginningOf({ offset, end, chain }: Omit<Epoch, "ratchet">): Omit<Cursor, "journal"> {
  return { epoch: offset, header: chain, frames: 0, end, chain };
}

function checkFollows(offset: number, previous: Bytes, { chain }: Cursor): void {
  if (equal(previous, chain)) return;
  throw tampered(`the epoch at byte ${offset} does not follow what stands before it`, offset);
}

/** Those frames, from the first on, that are the writer's and come next after `at`; null where the first is not. */
function checkedFrames(
  { position, task }: Extract<Scanned, { is: "frames" }>,
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
