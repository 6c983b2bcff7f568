// Reading what is new in a journal, a bounded part at a time.

import { type Identity, JournalReader, SealError } from "../library.js";
import { TEXT } from "../text.js";

export interface Found {
  readonly record: Uint8Array<ArrayBuffer>;
  readonly heads: Readonly<Record<string, string>>;
  readonly sealedAt: Date;
  /** Offset of its epoch, its frame's number there, its own number in that. */
  readonly place: string;
}

export interface Part {
  readonly found: readonly Found[];
  /** Behind the last of them; null where nothing was read. */
  readonly cursor: Uint8Array | null;
  readonly signer: string | null;
  readonly label: string | null;
  /** Whether there is more than this part. */
  readonly more: boolean;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  /** Frames for other keys that were passed over. */
  readonly skipped: number;
  /** What ended it before its time; what was found before is authentic. */
  readonly error: unknown;
}

/** Where the journal is. */
export type Journal =
  | { readonly is: "file"; readonly file: Blob; readonly name: string }
  | { readonly is: "inbox"; readonly address: string; readonly token: string };

export interface Asking {
  readonly identity: Identity;
  readonly from: readonly string[];
  readonly label: string;
  readonly cursor: Uint8Array | null;
  readonly skipRemoved: boolean;
  readonly skipUnreadable: boolean;
  readonly signal: AbortSignal;
  readonly progress: (records: number) => void;
}

/** What a part holds at most, and the batch that goes beyond it: 4 MiB, or 16 where its writer wanted. */
const MOST_RECORDS = 20_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** More in one batch is refused: each record takes memory, even an empty one. */
export const MOST_IN_BATCH = 500_000;
/** What a record takes beside its bytes. */
const OVERHEAD = 200;

export async function fetchPart(journal: Journal, asking: Asking): Promise<Part> {
  const { identity, from, label, skipRemoved, skipUnreadable, signal, progress } = asking;
  const found: Found[] = [];
  let [bytes, more, error]: [number, boolean, unknown] = [0, false, null];
  let { cursor } = asking;
  /** Records of batches that have come whole. The cursor is behind these, and before any that has not. */
  let whole = 0;
  const reader = await JournalReader.open(inputOf(journal), {
    keys: [identity],
    from,
    cursor,
    skipRemoved,
    skipUnreadable,
    signal,
    ...(label !== "" && { label }),
  });
  try {
    for await (const { epoch, frame, sealedAt, records } of reader) {
      if (records.length > MOST_IN_BATCH) throw new SealError("usage", TEXT.pickup.tooManyAtOnce(records.length));
      let index = 0;
      for (const { record, heads } of records.withHeads()) {
        found.push({ record: Uint8Array.from(record), heads, sealedAt, place: `${epoch}/${frame}/${index++}` });
        bytes += record.length + OVERHEAD;
      }
      [whole, cursor] = [found.length, reader.cursor];
      progress(whole);
      if (found.length < MOST_RECORDS && bytes < MOST_BYTES) continue;
      more = true;
      break;
    }
  } catch (thrown) {
    error = thrown;
    found.length = whole;
  }
  // What was passed over at the end is behind it, too.
  if (error === null) cursor = reader.cursor;
  const { signer, label: named, tail, skipped } = reader;
  return { found, cursor, signer, label: named, more, tail: tail ?? 0, skipped: skipped.frames, error };
}

function inputOf(journal: Journal) {
  if (journal.is === "file") return journal.file;
  return { url: journal.address, headers: { authorization: `Bearer ${journal.token}` } };
}
