// Verifying a journal without a secret (docs/FORMAT.md, "Reading a journal").

import type { Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import { inline } from "../engine/inline.js";
import type { Core } from "../format/core.js";
import type { Policy } from "../ops/header.js";
import type { Cursor } from "./cursor.js";
import type { JournalSource } from "./store.js";
import { walk } from "./walk.js";

export interface VerifyJournalOptions {
  readonly suite: Suite;
  readonly engine?: Engine | undefined;
  /** The signers whose journals are accepted, and what else is demanded. */
  readonly policy: Policy;
  /** Where to go on; by default at the beginning. */
  readonly cursor?: Cursor | null | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each frame that has passed, in order: the cursor after it, and where it stands. */
  readonly onFrame?: ((frame: Cursor & { readonly position: number }) => void) | undefined;
}

export interface VerifiedJournal {
  /** The cursor at the end; null where the journal has no whole first header yet. */
  readonly cursor: Cursor | null;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  /** Epochs and frames that were checked, that of the cursor included. */
  readonly epochs: number;
  readonly frames: number;
  /** The core of the last epoch, which has the signer and label of all. */
  readonly core: Core | null;
}

/** Verifies a journal from its beginning or a cursor on. Throws `malformed`, `untrusted`, `tampered`, `io`. */
export async function verifyJournal(source: JournalSource, options: VerifyJournalOptions): Promise<VerifiedJournal> {
  const { suite, engine = inline, policy, cursor: from = null, signal, onFrame } = options;
  let [cursor, core] = [from, null as Core | null];
  let [tail, epochs, frames] = [0, 0, 0];
  for await (const step of walk(source, { suite, engine, policy, unlocking: null, cursor, signal })) {
    if (step.is === "end") tail = step.tail;
    else if (step.is === "epoch") {
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
  return { cursor, tail, epochs, frames, core };
}
