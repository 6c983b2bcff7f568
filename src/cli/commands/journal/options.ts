// What the commands on journals share.

import { Option } from "commander";
import { SealError } from "../../../errors.js";
import { loadCursor } from "../../../io/cursor-file.js";
import type { FileId } from "../../../io/files.js";
import { openJournal } from "../../../io/journal-source.js";
import type { Header } from "../../../io/request.js";
import { isUrl } from "../../../io/url.js";
import type { Cursor } from "../../../journal/cursor.js";
import type { JournalSource } from "../../../journal/store.js";
import type { Context } from "../../command.js";

export function framingOption(): Option {
  return new Option("--framing <HOW>", "lines, or length: 4 bytes, big-endian, in front of each record")
    .choices(["lines", "length"])
    .default("lines");
}

export function cursorOption(): Option {
  return new Option("--cursor <FILE>", "go on where this file says, and keep in it how far this run came");
}

/** A journal to be read; `id` is null where it is no file of this machine. */
export type AnyJournal = JournalSource & { readonly id?: FileId | null };

/** JOURNAL or URL. Throws `io`, `usage`. */
export async function openJournalOrUrl(
  journal: string,
  headers: readonly Header[],
  { report, signal }: Context,
): Promise<AnyJournal> {
  if (journal === "-") {
    throw new SealError("usage", "JOURNAL is a file or a URL: standard input cannot be read by position");
  }
  if (!isUrl(journal)) return openJournal(journal);
  const { openJournalUrl } = await import("../../../io/http-journal.js");
  return openJournalUrl(journal, { headers, signal, note: report.note });
}

/** The cursor of `--cursor`; null where there is none yet, which is told of, or where none is wanted. Throws `usage`, `io`. */
export function startOf(path: string | undefined, { report }: Context): Cursor | null {
  if (path === undefined) return null;
  if (path === "-") throw new SealError("usage", "--cursor takes the path of a file");
  const cursor = loadCursor(path);
  if (!cursor) report.note(`there is no cursor ${path} yet: reading from the beginning`);
  return cursor;
}

/** Whoever gives a journal no beginning of one is told what this command is for. */
export function notAJournal(error: unknown): unknown {
  if (!(error instanceof SealError) || error.code !== "malformed" || error.hint || error.chunk !== undefined)
    return error;
  const message = error.message.replace(/^not a sealed file$/, "not a journal");
  return new SealError("malformed", message, { hint: "Journals are what seal journal append writes." });
}
