// Verifying a journal in a browser, without a secret.

import { abortSignal, callback, OPTIONS, optional, settings, text } from "../api/arguments.js";
import { withInput } from "../api/given-bytes.js";
import { parseSigners, signers } from "../api/keys.js";
import { platform } from "../api/platform.js";
import type { Progress } from "../flow/io.js";
import { bare } from "../given.js";
import { blobJournal } from "../io/blob.js";
import { notBegun } from "../journal/reading/deliver.js";
import { verifyJournal } from "../journal/reading/verify.js";
import { encodeSigner } from "../keys/text.js";

export interface VerifyJournalInBrowserOptions {
  /** Writers to accept: `sealsig1…`. */
  readonly from: readonly string[];
  /** The label that the journal must have. */
  readonly label?: string;
  /** Called after frames, with the bytes done and how many there are. */
  readonly progress?: Progress;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface JournalVerdict {
  readonly signer: string;
  readonly label: string;
  readonly epochs: number;
  readonly frames: number;
  /** Bytes of an incomplete end, which may still be being written. */
  readonly tail: number;
}

const VERIFY = {
  from: signers,
  label: optional(text),
  progress: optional(callback<Progress>),
  signal: optional(abortSignal),
};

/**
 * Verifies a journal in a Blob from its beginning: every signature, and that nothing was dropped, moved or replaced.
 * @throws `SealError`: `usage`, `io`, `malformed`, `unsupported`, `tampered`, `untrusted`; the signal's reason.
 */
export async function verifyJournalInBrowser(
  journal: Blob,
  options: VerifyJournalInBrowserOptions,
): Promise<JournalVerdict> {
  const { from, label, progress, signal } = settings(options, OPTIONS, VERIFY);
  const source = blobJournal(journal);
  const policy = { from: await parseSigners(from, "from"), allowUnsigned: false, label };
  const [suite, engine] = [await platform().suite(), await platform().engine()];
  const onFrame = progress && (({ position }: { position: number }) => progress(position, journal.size));
  try {
    const found = await verifyJournal(source, bare({ suite, engine, policy, signal, onFrame }));
    if (!found.core) throw notBegun(found.tail);
    const { core, epochs, frames, tail } = found;
    return { signer: encodeSigner(core.signer!), label: core.label, epochs, frames, tail };
  } catch (error) {
    throw withInput(source.name, error);
  }
}
