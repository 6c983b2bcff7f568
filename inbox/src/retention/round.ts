// Removing what all readers have had for long enough, by a rule or by command.

import { type Identity, SealError, type Signer } from "@sealed-files/seal";
import { givenSigner, headerSigner, loadSuite, openJournalFile, shortenTo } from "@sealed-files/seal/internal";
import type { InboxStore, Place, TextStore } from "../store/store.js";
import { readersOf } from "../store/tokens.js";
import { changeLedger, dueMark, type Held, type Mark, noted, parseLedger, placeIn, without } from "./ledger.js";
import { heldBy } from "./standing.js";

export interface Round {
  /** Milliseconds for which all readers must have had what is removed. */
  readonly least: number;
  /** Removes what stands before the epoch of a cursor: how many bytes. */
  readonly cut: (cursor: string) => Promise<number>;
  /**
   * Does its work while nobody writes the journal, for which it may wait; null where another service has it open. None:
   * nobody writes it anyway.
   */
  readonly alone?: <T>(work: () => Promise<T>) => Promise<T | null>;
}

/** What came of it: what was removed, and from where on the journal may be removed next. */
export interface Rounded {
  readonly bytes: number;
  /** Readers that have acknowledged nothing of this journal. */
  readonly silent: readonly string[];
  /** How many places wait for their time. */
  readonly waiting: number;
}

/**
 * Notes what all readers have had, and removes what they have had for long enough. An inbox without readers keeps
 * everything. Throws what `cut` throws; `malformed` where a token is damaged; `io`.
 */
export async function round(store: InboxStore, name: string, { least, cut, alone }: Round): Promise<Rounded> {
  const place = store.place(name);
  const { ledger: kept } = place;
  const now = await store.time();
  const known = await heldBy(place, await readersOf(place));
  const ledger = await changeLedger(kept, (before) => noted(before, known, now, least));
  const waits = (held: Held) => ({ bytes: 0, silent: silentIn(held), waiting: ledger.marks.length });
  if (!dueMark(ledger, known, now, least)) return waits(known);
  const work = async () => {
    // Meanwhile a reader may have come, the journal may have been replaced, and the marks dropped.
    const held = await heldBy(place, await readersOf(place));
    const mark = dueMark(parseLedger(await kept.get()), held, now, least);
    return mark ? { ...waits(held), ...(await cutTo(mark, kept, cut)) } : waits(held);
  };
  return (await (alone ? alone(work) : work())) ?? waits(known);
}

/** Throws what `cut` throws; `io`. */
async function cutTo(mark: Mark, kept: TextStore, cut: Round["cut"]): Promise<{ bytes: number; waiting: number }> {
  try {
    const bytes = await cut(mark.cursor);
    const { marks } = await changeLedger(kept, (before) => without(before, mark, true));
    return { bytes, waiting: marks.length };
  } catch (error) {
    // Of a journal that was restored or replaced: what was acknowledged of it is not there.
    if (error instanceof SealError && error.code === "tampered")
      await changeLedger(kept, (before) => without(before, mark, false));
    throw error;
  }
}

function silentIn(held: Held): string[] {
  return [...held].flatMap(([name, cursor]) => (cursor === null ? [name] : []));
}

/** Shortens a journal that is not open. Throws `tampered` where it does not have the cursor's place; `io`, `fenced`. */
export async function cutJournal(place: Place, sign: Identity | Signer, cursor: string): Promise<number> {
  const suite = await loadSuite();
  const signer = await headerSigner(givenSigner(sign, "sign"));
  const journal = await place.writing();
  const store = "path" in journal ? await openJournalFile(journal.path, { mustExist: true }) : journal;
  return shortenTo(store, { suite, signer, cursor: placeIn(cursor), now: Date.now() });
}
