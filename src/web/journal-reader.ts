// Reading journals in a browser.

import { isA, isObject, refused, refuseNew } from "../api/arguments.js";
import { BatchReader, type JournalReaderOptions, type Readable, readerSettings } from "../api/batches.js";
import type { InputUrl } from "../api/options.js";
import { checkedSource, isSource } from "../api/stores.js";
import { SealError } from "../errors.js";
import { blobJournal } from "../io/blob.js";
import { remoteJournal } from "../io/journals/on-server.js";
import type { ReadJournalOptions } from "../journal/reading/reader.js";
import type { JournalSource } from "../journal/store.js";
import { addressOf, clientFor, nameOfWeb } from "./inputs.js";

const OURS = Symbol();

/** A Blob, which a File is; an address; or a source of the caller's own. */
export type WebJournal = Blob | InputUrl | JournalSource;

/** Reads a journal once, in order. Nothing comes before it is authenticated. */
export class WebJournalReader extends BatchReader {
  private constructor(ours: typeof OURS, journal: Readable, options: ReadJournalOptions) {
    refuseNew(ours === OURS, "a journal's reader", "JournalReader.open");
    super(journal, options);
  }

  /**
   * A reader of a Blob, of an address, or of a source, which stays the caller's to close. Nothing is read before the
   * first batch is asked for.
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
  if (isObject(input)) {
    const given = addressOf(input, "the journal");
    return {
      name: nameOfWeb(given),
      open: async (signal) => {
        const { name, client, headers } = clientFor(given, signal);
        return remoteJournal(name, client, { headers, signal });
      },
    };
  }
  throw refused("the journal", input, "a Blob, { url } or a source");
}
