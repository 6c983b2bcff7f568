// What a writer finds when it comes to a journal (docs/FORMAT.md, "Writing a journal"): whether it may go on there, and from where.

import type { Bytes } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { Core } from "../format/core.js";
import { encodeSigner } from "../keys/text.js";
import { type Cursor, parseCursor } from "./cursor.js";
import type { JournalStore } from "./store.js";
import { verifyJournal } from "./verify.js";

/** A frame that stands in a journal. */
export interface FramePlace {
  /** Where it begins. */
  readonly position: number;
  readonly end: number;
  /** The chain value after it. */
  readonly chain: Bytes;
}

export interface Recovered {
  /** Where an incomplete end was put; null where there was none. */
  readonly aside: string | null;
  /** The frames after the writer's cursor (all of them, where there was none), acknowledged or not. */
  readonly frames: readonly FramePlace[];
}

export interface Found extends Recovered {
  /** Where the journal ends; null where it has no epoch yet. */
  readonly cursor: Cursor | null;
  /** The core of the first epoch; null where there is none. */
  readonly core: Core | null;
  /** The writer's cursor as it was found. */
  readonly saved: Bytes | null;
}

/** Verifies a journal from the writer's cursor on, and moves an incomplete end aside. Throws `tampered`, `untrusted`, `malformed`, `io`. */
export async function recover(
  store: JournalStore,
  suite: Suite,
  signer: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const saved = await store.cursor();
  const cursor = saved ? parseCursor(saved, `the writer's cursor of ${store.name}`) : null;
  if ((await store.size()) === 0) {
    if (cursor) throw missing(store.name);
    return { aside: null, frames: [], cursor: null, core: null, saved };
  }
  const frames: FramePlace[] = [];
  const policy = { signers: [signer], allowUnsigned: false };
  const onFrame = ({ position, end, chain }: FramePlace) => void frames.push({ position, end, chain });
  const found = await verifyJournal(store, { suite, policy, cursor, signal, onFrame }).catch((error) => {
    throw notOwn(error, signer);
  });
  const aside = found.tail > 0 ? await store.setAside(found.cursor?.end ?? 0) : null;
  return { aside, frames, cursor: found.cursor, core: found.core, saved };
}

function missing(name: string): SealError {
  return new SealError("tampered", `${name} is empty or missing, though it has been written before`, {
    hint: "The writer's cursor beside it says so. Restore the journal; or move the cursor away, to begin a new one.",
  });
}

function notOwn(error: unknown, signer: Uint8Array): unknown {
  const own = encodeSigner(signer);
  if (!(error instanceof SealError) || error.code !== "untrusted" || error.signer === own) return error;
  return new SealError("untrusted", `signed by ${error.signer}, but the key to sign with is ${own}`, {
    hint: "A journal has one signer. Begin another journal for another key.",
    signer: error.signer,
  });
}
