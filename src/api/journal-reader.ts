// Reading journals on Node, as the library's users do it.

import "./node.js";
import { openJournal } from "../io/journals/file.js";
import type { ReadJournalOptions } from "../journal/reading/reader.js";
import type { JournalSource } from "../journal/store.js";
import { refuseNew } from "./arguments.js";
import { BatchReader, type JournalReaderOptions, type Readable, readerSettings } from "./batches.js";
import { fileOrUrl, headersOf, nameOf } from "./inputs.js";
import type { InputUrl } from "./options.js";
import { checkedSource, isSource } from "./stores.js";
import type { InputFile } from "./types.js";

const OURS = Symbol();

type GivenJournal = { readonly is: "source"; readonly source: JournalSource } | ReturnType<typeof fileOrUrl>;

function journalOf(input: unknown): GivenJournal {
  if (isSource(input)) return { is: "source", source: checkedSource(input, "the source") };
  return fileOrUrl(input, "the journal");
}

/** Reads a journal once, in order. Nothing comes before it is authenticated. */
export class JournalReader extends BatchReader {
  private constructor(ours: typeof OURS, journal: Readable, options: ReadJournalOptions) {
    refuseNew(ours === OURS, "a journal's reader", "JournalReader.open");
    super(journal, options);
  }

  /**
   * A reader of a file, of an address, or of a source, which stays the caller's to close. Nothing is read, and no file
   * is open, before the first batch is asked for.
   * @throws `SealError`: `usage`, for a cursor too that is damaged or not for reading.
   */
  static async open(
    input: InputFile | InputUrl | JournalSource,
    options: JournalReaderOptions,
  ): Promise<JournalReader> {
    const from = journalOf(input);
    const settings = await readerSettings(options);
    const journal = { name: nameOfJournal(from), open: (signal: AbortSignal | undefined) => openSource(from, signal) };
    return new JournalReader(OURS, journal, settings);
  }
}

function nameOfJournal(input: GivenJournal): string | undefined {
  return input.is === "source" ? input.source.name : nameOf(input);
}

async function openSource(input: GivenJournal, signal: AbortSignal | undefined): Promise<JournalSource> {
  if (input.is === "source") return input.source;
  if (input.is === "file") return openJournal(input.path);
  const { openJournalUrl } = await import("../io/journals/remote.js");
  return openJournalUrl(input.url, { headers: await headersOf(input), signal });
}
