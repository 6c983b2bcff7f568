// seal journal read JOURNAL|URL --key KEY

import { fsync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { loadSuite } from "../../../crypto/index.js";
import { ioError, SealError } from "../../../errors.js";
import { saveCursor } from "../../../io/cursor-file.js";
import type { OutputSink } from "../../../io/descriptor.js";
import { checkOutput, openOutput } from "../../../io/output.js";
import { stdoutSink } from "../../../io/stdio.js";
import { type Delivered, type DeliverOptions, deliver } from "../../../journal/deliver.js";
import type { Framing } from "../../../journal/framing.js";
import { encodeSigner } from "../../../keys/text.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  collect,
  contactsOption,
  headerOption,
  threadsOption,
} from "../../command.js";
import { engineFor } from "../../engine.js";
import { escaped } from "../../escape.js";
import { resolveHeaders } from "../../headers.js";
import { isStdout, shownInput } from "../../outputs.js";
import { unlockingOf } from "../../policy.js";
import { withProgress } from "../../progress.js";
import { textOnly } from "../../terminal.js";
import { parseTime } from "../../values.js";
import { type AnyJournal, cursorOption, framingOption, notAJournal, openJournalOrUrl, startOf } from "./options.js";

interface Options extends Common {
  readonly key?: readonly string[];
  readonly from?: readonly string[];
  readonly label?: string;
  readonly cursor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly follow?: true;
  readonly framing: Framing;
  readonly output?: string;
  readonly force?: true;
  readonly header?: readonly string[];
  readonly contacts?: string;
  readonly threads?: number;
}

export const read: CommandDefinition<Options> = {
  name: "read",
  summary: "open the records of a journal",
  details: [
    "T is a time (2026-01-31T12:00Z), a date (its beginning in UTC), or how long ago it is (2h): of the sealing of what a record is sealed together with, on the writer's clock. --since includes it, --until does not. What --until leaves out stays ahead of the cursor, for a later run.",
    "The cursor is replaced when what was read is where it is to be: after a crash records may come again, none is lost. A journal that was cut off, rolled back or replaced since then is refused.",
  ],
  examples: [
    ["seal journal read events.journal --key server.key --cursor events.cursor >> events.log", "what is new"],
    ["seal journal read events.journal --key server.key --since 2h --follow", "from two hours ago on"],
  ],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal; an http or https URL")
      .option(
        "--key <KEY>",
        "identity file to open with (repeatable; default: identity.key in the configuration directory)",
        collect,
      )
      .option(
        "--from <S>",
        "a sender to accept: sealsig1…, a .pub file, a contact, or any (repeatable; default: the identity's accept lines, and the contacts marked as senders)",
        collect,
      )
      .option("--label <TEXT>", "demand exactly this label")
      .addOption(cursorOption())
      .option("--since <T>", "only what was sealed then or later")
      .option("--until <T>", "only what was sealed before")
      .option("--follow", "wait for more, until interrupted")
      .addOption(framingOption())
      .option("-o, --output <OUT>", "output file, or - for standard output (default)")
      .option("--force", "replace an existing output")
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (_files, { output }) => output === undefined || isStdout(output),

  run: async ([journal], options, context) => {
    checkCombination(options);
    const settings = await settingsOf(journal!, options, context);
    const headers = await resolveHeaders(options.header, [journal!], context.signal);
    const shown = shownInput(journal!);
    try {
      const source = await openJournalOrUrl(journal!, headers, context);
      try {
        await readAll(source, shown, options, context, settings);
      } finally {
        await source.close();
      }
    } catch (thrown) {
      const error = notAJournal(thrown);
      if (error instanceof SealError) error.input ??= shown;
      throw error;
    }
  },
};

function checkCombination({ follow, until, output, cursor }: Options): void {
  if (follow && until !== undefined) throw new SealError("usage", "--follow has no end, and excludes --until");
  if (output === undefined || isStdout(output)) return;
  if (cursor !== undefined && nameOf(cursor) === nameOf(output)) {
    throw new SealError("usage", "--cursor and -o name the same file");
  }
  if (follow && checkOutput(output, { force: true }).kind === "file") {
    throw new SealError("usage", "--follow writes to standard output: a file of -o gets its name at the end", {
      hint: "Redirect it: seal journal read … --follow >> OUT",
    });
  }
}

/** The one name of what is put at a path: what stands there, a link too, is replaced. */
function nameOf(path: string): string {
  const name = resolve(path);
  try {
    return join(realpathSync(dirname(name)), basename(name));
  } catch {
    return name;
  }
}

async function settingsOf(journal: string, options: Options, context: Context): Promise<Omit<DeliverOptions, "flush">> {
  const { since, until, framing, follow, cursor } = options;
  const now = Date.now();
  const suite = await loadSuite();
  const start = startOf(cursor, context);
  return {
    since: since === undefined ? undefined : parseTime(since, "--since", now),
    until: until === undefined ? undefined : parseTime(until, "--until", now),
    // What is new is little, most of the time: it waits for no thread.
    engine: engineFor(suite, start ? [] : [journal], options.threads),
    ...(await unlockingOf(suite, options, context)),
    cursor: start,
    save: cursor === undefined ? undefined : (reached) => saveCursor(cursor, reached),
    follow,
    framing,
    signal: context.signal,
  };
}

async function readAll(
  source: AnyJournal,
  shown: string,
  options: Options,
  { report, signal }: Context,
  settings: Omit<DeliverOptions, "flush">,
): Promise<void> {
  const { sink, flush } = await outputOf(source, options, signal);
  const work = (progress: DeliverOptions["progress"]) =>
    deliver(source, sink.isTerminal ? textOnly(sink) : sink, { ...settings, flush, progress });
  const delivered = await (options.follow ? work(undefined) : withProgress(report, shown, work));
  const facts = factsOf(delivered);
  const trusted = settings.from === "any" ? { trusted: false } : {};
  report.result({ ...facts, ...trusted }, text(shown, facts), "stderr");
}

/** The output, and how what was written to it is made durable; null where nothing shows before the end. */
async function outputOf(
  { id = null }: AnyJournal,
  { output, force }: Options,
  signal: AbortSignal,
): Promise<{ sink: OutputSink; flush: DeliverOptions["flush"] }> {
  if (output === undefined || isStdout(output)) return { sink: stdoutSink(id), flush: flushStdout };
  const sink = await openOutput(output, { force: force === true, input: id, signal });
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

function factsOf({ core, epochs, frames, records, tail, digest }: Delivered) {
  return { epochs, frames, records, tail, signer: encodeSigner(core.signer!), label: core.label, digest };
}

function text(shown: string, { records, frames, tail, label, signer }: ReturnType<typeof factsOf>): string {
  const end = tail > 0 ? `; an incomplete end of ${tail} bytes, which may just be being written` : "";
  const of = label ? `, label "${escaped(label)}"` : "";
  return `read ${escaped(shown)}: ${counted(records, "record")} in ${counted(frames, "frame")}, signed by ${signer}${of}${end}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
