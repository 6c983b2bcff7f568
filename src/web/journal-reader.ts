// Reading journals in a browser.

import { isA, refused, refuseNew } from "../api/arguments.js";
import { BatchReader, type JournalReaderOptions, type Readable, readerSettings } from "../api/batches.js";
import { checkedSource, isSource } from "../api/stores.js";
import { SealError } from "../errors.js";
import { blobJournal } from "../io/blob.js";
import type { ReadJournalOptions } from "../journal/reading/reader.js";
import type { JournalSource } from "../journal/store.js";

const OURS = Symbol();

/** A Blob, which a File is; or a source of the caller's own. */
export type WebJournal = Blob | JournalSource;

/** Reads a journal once, in order. Nothing comes before it is authenticated. */
export class WebJournalReader extends BatchReader {
  private constructor(ours: typeof OURS, journal: Readable, options: ReadJournalOptions) {
    refuseNew(ours === OURS, "a journal's reader", "JournalReader.open");
    super(journal, options);
  }

  /**
   * A reader of a Blob or of a source, which stays the caller's to close. Nothing is read before the first batch is
   * asked for.
   * @throws `SealError`: `usage`, for a cursor too that is damaged or not for reading.
   */
  static async open(input: WebJournal, options: JournalReaderOptions): Promise<WebJournalReader> {
    const journal = journalOf(input);
    const settings = await readerSettings(options);
    if (settings.follow && isA(input, Blob)) throw new SealError("usage", "a Blob cannot be followed: it never grows");
    return new WebJournalReader(OURS, journal, settings);
  }
}

function journalOf(input: unknown): Readable {
  if (isA(input, Blob)) {
    const source = blobJournal(input);
    return { name: source.name, open: async () => source };
  }
  if (isSource(input)) {
    const source = checkedSource(input, "the source");
    return { name: source.name, open: async () => source };
  }
  throw refused("the journal", input, "a Blob, { url } or a source");
}
