// Verifying a journal without a secret (docs/FORMAT.md, "Reading a journal").

import type { Suite } from "../../crypto/suite.js";
import type { Engine, Signatures } from "../../engine/engine.js";
import type { Base } from "../../format/base.js";
import type { Core } from "../../format/core.js";
import type { Cursor } from "../../format/cursor.js";
import type { Policy } from "../../header/policy.js";
import type { JournalSource } from "../store.js";
import { walk } from "./walk.js";

export interface VerifyJournalOptions {
  readonly suite: Suite;
  readonly engine: Engine;
  /** The signers whose journals are accepted, and what else is demanded. */
  readonly policy: Policy;
  /** Where to go on; by default at the beginning. */
  readonly cursor?: Cursor | null | undefined;
  /** See `WalkOptions`; by default each, as whoever verifies gives the same verdict. */
  readonly signatures?: Signatures | undefined;
  /** See `WalkOptions`. */
  readonly skipRemoved?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each frame that has passed, in order: the cursor after it, and where it stands. */
  readonly onFrame?: ((frame: Cursor & { readonly position: number }) => void) | undefined;
}

/** What says whose a journal is. */
export type Signed = Pick<Core, "signer" | "label"> & Partial<Pick<Core, "chunkExponent">>;

export interface VerifiedJournal {
  /** The cursor at the end; null where the journal has no whole first header yet. */
  readonly cursor: Cursor | null;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  /** Epochs and frames that were checked, that of the cursor included. */
  readonly epochs: number;
  readonly frames: number;
  /** What the journal begins with, where it was shortened. */
  readonly base: Base | null;
  /** The core of the last epoch, or the base, which has the signer and label of all. */
  readonly core: Signed | null;
}

/** Verifies a journal from its beginning or a cursor on. Throws `malformed`, `untrusted`, `tampered`, `io`. */
export async function verifyJournal(source: JournalSource, options: VerifyJournalOptions): Promise<VerifiedJournal> {
  const { policy, cursor: from = null, onFrame, signatures = "each" } = options;
  let [cursor, core, base] = [from, null as Signed | null, null as Base | null];
  let [tail, epochs, frames] = [0, 0, 0];
  const { suite, engine, skipRemoved, signal } = options;
  const settings = { suite, engine, signatures, policy, unlocking: null, cursor, skipRemoved, signal };
  for await (const step of walk(source, settings)) {
    if (step.is === "end") tail = step.tail;
    else if (step.is === "base") {
      ({ base, cursor } = step);
      core = base;
    } else if (step.is === "epoch") {
      ({ core, cursor } = step);
      epochs += 1;
    } else {
      const { ends, cursorAfter, position } = step;
      for (let i = 0; i < ends.length && onFrame; i++)
        onFrame({ ...cursorAfter(i), position: position + (ends[i - 1] ?? 0) });
      cursor = cursorAfter(ends.length - 1);
      frames += ends.length;
    }
  }
  return { cursor, tail, epochs, frames, core, base };
}
