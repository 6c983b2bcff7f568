// seal journal read JOURNAL|URL --key KEY

import { fsync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { loadSuite } from "../../../crypto/index.js";
import { ioError, restated, SealError } from "../../../errors.js";
import type { OutputSink } from "../../../io/descriptor.js";
import type { CursorFile } from "../../../io/journals/cursor-file.js";
import { checkOutput, openOutput } from "../../../io/output.js";
import { absolute, withoutLinks } from "../../../io/paths.js";
import { STDOUT_PATH, whileRead } from "../../../io/shared.js";
import { stdoutSink } from "../../../io/stdio.js";
import { type DeliverOptions, deliver, type Format } from "../../../journal/reading/deliver.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  contactsOption,
  headerOption,
  threadsOption,
} from "../../command.js";
import { engineFor } from "../../options/engine.js";
import { resolveHeaders } from "../../options/headers.js";
import { isStdout, shownInput } from "../../options/outputs.js";
import { recheckOf, unlockingOf } from "../../options/policy.js";
import { parseTime } from "../../options/values.js";
import { demandedLabelOption, forceOption, fromOrAnyOption, keyOption } from "../../options/who.js";
import { withProgress } from "../../say/progress.js";
import { textOnly } from "../../say/terminal.js";
import {
  type AnyJournal,
  checkSkipRemoved,
  cursorOption,
  formatOption,
  notAJournal,
  openJournalOrUrl,
  skipRemovedOption,
  withCursor,
} from "./options.js";
import { factsOf, inWords } from "./read-result.js";

interface Options extends Common {
  readonly key?: readonly string[];
  readonly from?: readonly string[];
  readonly label?: string;
  readonly cursor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly skipOlder?: true;
  readonly skipRemoved?: true;
  readonly skipUnreadable?: true;
  readonly follow?: true;
  readonly format: Format;
  readonly output?: string;
  readonly force?: true;
  readonly header?: readonly string[];
  readonly contacts?: string;
  readonly threads?: number;
}

export const readCommand: CommandDefinition<Options> = {
  name: "read",
  summary: "open the records of a journal",
  details: [
    "T is a time (2026-01-31T12:00Z), a date (midnight UTC), or an age (2h), compared with the time of sealing by the writer's clock; --since includes T, --until excludes it. What --until leaves out stays ahead of the cursor, for a later run; what --since leaves out is passed for good, so --since with --cursor needs --skip-older.",
    "With --format json, each record is one JSON object per line: time (when it was sealed), place (of its epoch, its frame, itself), heads, and data, or data_base64 if it is not UTF-8. With cloudevents, it is a CloudEvents 1.0 event whose attributes are the heads that begin with ce-. The format lines stops before a record that contains a newline.",
    "The cursor is replaced once the output is safe: after a crash, records may repeat, but none is lost. A journal that was cut off, rolled back or replaced since then is refused.",
  ],
  examples: [
    ["seal journal read events.journal --key server.key --cursor events.cursor >> events.log", "what is new"],
    ["seal journal read events.journal --key server.key --since 2h --follow", "from two hours ago on"],
  ],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal; an http or https URL")
      .addOption(keyOption())
      .addOption(fromOrAnyOption())
      .addOption(demandedLabelOption())
      .addOption(cursorOption())
      .option("--since <T>", "only what was sealed then or later")
      .option("--until <T>", "only what was sealed before")
      .addOption(skipRemovedOption())
      .option("--skip-older", "with --since and --cursor: never read what is older")
      .option(
        "--skip-unreadable",
        "verify epochs that none of the keys opens, and leave them out; the cursor passes them for good",
      )
      .option("--follow", "wait for more, until interrupted")
      .addOption(formatOption())
      .option("-o, --output <OUT>", "output file, or - for standard output (default)")
      .addOption(forceOption())
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (_files, { output }) => output === undefined || isStdout(output),

  run: async ([journal], options, context) => {
    checkCombination(options);
    const shown = shownInput(journal!);
    await withCursor(options.cursor, "reading", context, (file) => readOne(journal!, options, context, file)).catch(
      (thrown) => {
        const error = withAdvice(notAJournal(thrown));
        if (error instanceof SealError) error.input ??= shown;
        throw error;
      },
    );
  },
};

async function readOne(journal: string, options: Options, context: Context, file: CursorFile | null): Promise<void> {
  const settings = await settingsOf(journal, options, context, file);
  const headers = await resolveHeaders(options.header, [journal], context.signal);
  const source = await openJournalOrUrl(journal, headers, context);
  try {
    await readAll(source, shownInput(journal), options, context, settings);
  } finally {
    await source.close();
  }
}

/** What a key is missing for may be no concern of the reader's. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof SealError) || error.reason !== "other-recipients") return error;
  const hint = "It was sealed for other recipients. To verify such epochs and leave them out: --skip-unreadable.";
  return restated(error, { hint });
}

function checkCombination({ follow, since, until, skipOlder, skipRemoved, output, cursor }: Options): void {
  checkSkipRemoved(skipRemoved, cursor);
  checkSince(since, cursor, skipOlder === true);
  if (follow && until !== undefined) throw new SealError("usage", "--follow never ends, so it excludes --until");
  if (output === undefined || isStdout(output)) return;
  if (cursor !== undefined && nameOf(cursor) === nameOf(output)) {
    throw new SealError("usage", "--cursor and -o name the same file");
  }
  if (follow && checkOutput(output, { force: true }).kind === "file") {
    throw new SealError("usage", "--follow needs standard output: a file named with -o appears only at the end", {
      hint: "Redirect it: seal journal read … --follow >> OUT",
    });
  }
}

/** A cursor that goes past what was left out loses it: that is asked for, or does not happen. */
function checkSince(since: string | undefined, cursor: string | undefined, skipOlder: boolean): void {
  if (skipOlder && (since === undefined || cursor === undefined))
    throw new SealError("usage", "--skip-older is for --since together with --cursor");
  if (skipOlder || since === undefined || cursor === undefined) return;
  throw new SealError("usage", "--since would move the cursor past records that were never read", {
    hint: "Add --skip-older if you do not want them, or leave out --cursor.",
  });
}

/** The one name of what is put at a path: what stands there, a link too, is replaced. */
function nameOf(path: string): string {
  const name = absolute(path);
  try {
    return join(withoutLinks(dirname(name)), basename(name));
  } catch {
    return name;
  }
}

async function settingsOf(
  journal: string,
  options: Options,
  context: Context,
  file: CursorFile | null,
): Promise<Omit<DeliverOptions, "flush">> {
  const { since, until, skipOlder, skipRemoved, skipUnreadable, format, follow } = options;
  const now = Date.now();
  const suite = await loadSuite();
  const start = file?.cursor ?? null;
  return {
    since: since === undefined ? undefined : parseTime(since, "--since", now),
    until: until === undefined ? undefined : parseTime(until, "--until", now),
    skipOlder,
    skipRemoved,
    skipUnreadable,
    ...(await unlockingOf(suite, options, context)),
    // What is new is little, most of the time: it waits for no thread.
    engine: engineFor(suite, start ? [] : [journal], options.threads),
    recheck: follow ? recheckOf(options, context) : undefined,
    cursor: start,
    save: file?.save,
    follow,
    format,
    signal: context.signal,
  };
}

async function readAll(
  source: AnyJournal,
  shown: string,
  options: Options,
  context: Context,
  settings: Omit<DeliverOptions, "flush">,
): Promise<void> {
  const { report, signal } = context;
  const { sink, flush } = await outputOf(source, options, context);
  const work = (progress: DeliverOptions["progress"], ends = signal) =>
    deliver(source, sink.isTerminal ? textOnly(sink) : sink, { ...settings, flush, progress, signal: ends });
  const following = (ends: AbortSignal) =>
    // Who follows is at the end most of the time.
    withProgress({ ...report, progress: null }, shown, (progress) => work(progress, ends));
  const delivered = await (options.follow
    ? whileRead(outputPath(options), signal, following)
    : withProgress(report, shown, work));
  const facts = factsOf(delivered, options.skipUnreadable ?? false);
  const trusted = settings.from === "any" ? { trusted: false } : {};
  report.result({ ...facts, ...trusted }, inWords(shown, facts), "stderr");
}

function outputPath({ output }: Options): string {
  return output === undefined || isStdout(output) ? STDOUT_PATH : output;
}

/** The output, and how what was written to it is made durable; null where nothing shows before the end. */
async function outputOf(
  { id = null }: AnyJournal,
  { output, force }: Options,
  { report, signal }: Context,
): Promise<{ sink: OutputSink; flush: DeliverOptions["flush"] }> {
  if (output === undefined || isStdout(output)) return { sink: stdoutSink(id), flush: flushStdout };
  const sink = await openOutput(output, { force, input: id, signal, note: report.note });
  return { sink, flush: sink.fd === null ? async () => {} : null };
}

const syncFd = promisify(fsync);
/** What a pipe or a terminal answers. */
const CANNOT_SYNC = new Set(["EINVAL", "EROFS", "ENOTSUP", "EOPNOTSUPP"]);

async function flushStdout(): Promise<void> {
  try {
    await syncFd(1);
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? ""))
      throw ioError("cannot write standard output", error);
  }
}
