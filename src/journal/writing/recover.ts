// What a writer finds when it comes to a journal (docs/FORMAT.md, "Writing a journal"): whether it may go on there, and
// from where.

import type { Bytes } from "../../bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { inline } from "../../engine/inline.js";
import { SealError } from "../../errors.js";
import type { Progress } from "../../flow/io.js";
import { type Cursor, parseCursor } from "../../format/cursor.js";
import { encodeSigner } from "../../keys/text.js";
import { type Signed, verifyJournal } from "../reading/verify.js";
import type { JournalStore } from "../store.js";
import type { Owner } from "./owner.js";

/** A frame that stands in a journal. */
export interface FramePlace {
  /** Where it begins. */
  readonly position: number;
  readonly end: number;
  /** The chain value after it. */
  readonly chain: Bytes;
}

/** A frame that is about to be written. */
export interface NextFrame extends FramePlace {
  /** The journal's id, 32 bytes. */
  readonly journal: Bytes;
}

export interface Recovered {
  /** Where an incomplete end was put; null where there was none. */
  readonly tailMovedTo: string | null;
  /** The frames after the writer's cursor (all of them, where there was none), acknowledged or not. */
  readonly frames: readonly FramePlace[];
}

export interface FoundEnd extends Recovered {
  /** Where the journal ends; null where it has no epoch yet. */
  readonly cursor: Cursor | null;
  /** What says whose the journal is; null where it is empty. */
  readonly core: Signed | null;
  /** The writer's cursor as it was found. */
  readonly saved: Bytes | null;
}

/**
 * Verifies a journal from the writer's cursor on, and moves an incomplete end aside. Throws `tampered`, `untrusted`,
 * `malformed`, `io`, `fenced`.
 */
export async function recover(
  store: JournalStore,
  owner: Owner,
  suite: Suite,
  signer: Uint8Array,
  signal: AbortSignal | undefined,
  progress?: Progress,
): Promise<FoundEnd> {
  const saved = await store.cursor();
  const cursor = saved ? parseCursor(saved, "writing", `the writer's cursor of ${store.name}`) : null;
  // What the writer before has written since, it may not have been able to flush.
  await owner.settle(cursor?.end ?? 0);
  const size = await store.size();
  if (size === 0) {
    if (cursor) throw missing(store.name);
    return { tailMovedTo: null, frames: [], cursor: null, core: null, saved };
  }
  const frames: FramePlace[] = [];
  const policy = { from: [signer], allowUnsigned: false };
  progress?.(cursor?.end ?? 0, size);
  const onFrame = ({ position, end, chain }: FramePlace) => {
    frames.push({ position, end, chain });
    progress?.(end, size);
  };
  const found = await verifyJournal(store, {
    suite,
    engine: inline,
    signatures: "last",
    policy,
    cursor,
    signal,
    onFrame,
  }).catch((error) => {
    throw notOwn(error, signer, "A journal has one signer. Begin another journal for another key.");
  });
  const tailMovedTo = found.tail > 0 ? await owner.setAside(found.cursor?.end ?? 0, found.tail) : null;
  return { tailMovedTo, frames, cursor: found.cursor, core: found.core, saved };
}

function missing(name: string): SealError {
  return new SealError("tampered", `${name} is empty or missing, though it has been written before`, {
    hint: "The writer's cursor beside it says so. Restore the journal; or move the cursor away, to begin a new one.",
  });
}

/** Whoever writes a journal is told whose it is, and not how to accept its signer. */
export function notOwn(error: unknown, signer: Uint8Array, hint: string): unknown {
  const own = encodeSigner(signer);
  if (!(error instanceof SealError) || error.code !== "untrusted" || error.signer === own) return error;
  return new SealError("untrusted", `signed by ${error.signer}, but the key to sign with is ${own}`, {
    hint,
    signer: error.signer,
  });
}
