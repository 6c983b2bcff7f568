// What the commands on journals share.

import { Option } from "commander";
import { restated, SealError } from "../../../errors.js";
import type { Base } from "../../../format/base.js";
import type { Purpose } from "../../../format/cursor.js";
import type { FileId } from "../../../io/files.js";
import type { HttpHeader } from "../../../io/http/client.js";
import { refuseScheme } from "../../../io/http/scheme.js";
import { isUrl } from "../../../io/http/url.js";
import { type CursorFile, openCursor } from "../../../io/journals/cursor-file.js";
import { openJournal } from "../../../io/journals/file.js";
import type { JournalSource } from "../../../journal/store.js";
import { isoTime } from "../../../time.js";
import type { Context } from "../../command.js";

export function framingOption(): Option {
  return new Option("--framing <HOW>", "lines, or length: 4 bytes, big-endian, in front of each record")
    .choices(["lines", "length"])
    .default("lines");
}

export function formatOption(): Option {
  return new Option(
    "--format <HOW>",
    "lines; length: 4 bytes, big-endian, in front of each record; json; or cloudevents",
  )
    .choices(["lines", "length", "json", "cloudevents"])
    .default("lines");
}

export function cursorOption(): Option {
  return new Option("--cursor <FILE>", "resume where this file says, and record in it how far this run got");
}

export function skipRemovedOption(): Option {
  return new Option(
    "--skip-removed",
    "with --cursor: resume where the journal begins now, if what follows was removed",
  );
}

/** Throws `usage`: without a cursor, a journal is read from where it begins now. */
export function checkSkipRemoved(skipRemoved: boolean | undefined, cursor: string | undefined): void {
  if (skipRemoved && cursor === undefined) throw new SealError("usage", "--skip-removed is for --cursor");
}

/** What the writer has removed, where it has. */
export function removedFacts(base: Base | null) {
  return base ? { begins: base.offset, removedAt: isoTime(base.removedAt) } : {};
}

/** A journal to be read; `id` is null where it is no file of this machine. */
export type AnyJournal = JournalSource & { readonly id?: FileId | null };

/** JOURNAL or URL. Throws `io`, `usage`. */
export async function openJournalOrUrl(
  journal: string,
  headers: readonly HttpHeader[],
  { report, signal }: Context,
): Promise<AnyJournal> {
  if (journal === "-") {
    throw new SealError("usage", "JOURNAL is a file or a URL: standard input cannot be read by position");
  }
  refuseScheme(journal);
  if (!isUrl(journal)) return openJournal(journal);
  const { openJournalUrl } = await import("../../../io/journals/remote.js");
  return openJournalUrl(journal, { headers, signal, note: report.note });
}

/**
 * Does `work` with the file of `--cursor`, which no other run uses meanwhile; null where none is wanted. A new one is
 * told of. Throws `usage`, `io`.
 */
export async function withCursor<T>(
  path: string | undefined,
  purpose: Purpose,
  { report, signal }: Context,
  work: (file: CursorFile | null) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work(null);
  if (path === "-") throw new SealError("usage", "--cursor takes the path of a file");
  const file = await openCursor(path, purpose, signal);
  try {
    if (!file.cursor) report.note(`there is no cursor ${path} yet: ${purpose} from the beginning`);
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Whoever gives a journal no beginning of one is told what this command is for. */
export function notAJournal(error: unknown): unknown {
  if (!(error instanceof SealError) || error.code !== "malformed" || error.hint || error.frame !== undefined)
    return error;
  const message = error.message.replace(/^not a sealed file$/, "not a journal");
  return restated(error, { message, hint: "Journals are what seal journal append writes." });
}
