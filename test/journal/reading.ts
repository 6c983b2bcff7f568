// What the tests of reading share: everything that comes out of a journal, and how it ended.

import { native } from "../../src/crypto/native.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { SealError } from "../../src/errors.js";
import type { Cursor } from "../../src/format/cursor.js";
import { type ReadJournalOptions, readJournal } from "../../src/journal/reading/reader.js";
import type { JournalSource } from "../../src/journal/store.js";
import { NOW, recipient, sender } from "../files/samples.js";
import { identityFile } from "../support.js";
import { memoryJournal } from "./maker.js";

export const READ: ReadJournalOptions = {
  suite: native,
  engine: inline,
  identities: [identityFile(recipient)],
  from: [sender.signingKey.publicKey],
  policy: { allowUnsigned: false, now: NOW },
  cursor: null,
};

export interface Outcome {
  readonly records: string[];
  /** Behind each frame that came. */
  readonly cursors: Cursor[];
  readonly cursor: Cursor | null;
  readonly tail: number | null;
  readonly error: SealError | null;
}

/** Reads until the end, or the failure. */
export async function outcome(
  journal: Uint8Array | JournalSource,
  options: Partial<ReadJournalOptions> & { readonly engine?: Engine } = {},
): Promise<Outcome> {
  const source = journal instanceof Uint8Array ? memoryJournal(journal) : journal;
  const records: string[] = [];
  const cursors: Cursor[] = [];
  let [cursor, tail, error] = [null as Cursor | null, null as number | null, null as SealError | null];
  try {
    for await (const step of readJournal(source, { ...READ, ...options })) {
      if (step.is === "end") tail = step.tail;
      else cursor = step.cursor;
      if (step.is !== "frames") continue;
      for (const frame of step.frames) {
        for (const record of frame.records) records.push(new TextDecoder().decode(record));
        cursors.push(frame.cursor);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof SealError)) throw thrown;
    error = thrown;
  }
  return { records, cursors, cursor, tail, error };
}
