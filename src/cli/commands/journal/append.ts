// seal journal append JOURNAL --to R… --sign KEY

import { Option } from "commander";
import { loadSuite } from "../../../crypto/index.js";
import { SealError } from "../../../errors.js";
import type { Progress } from "../../../flow/io.js";
import { abortable } from "../../../flow/order.js";
import { maxRecord } from "../../../format/batch.js";
import { DEFAULT_CHUNK_EXPONENT } from "../../../format/core.js";
import { openJournalFile } from "../../../io/journals/open.js";
import { STDOUT_PATH, whileRead } from "../../../io/shared.js";
import { checkStdin, isStdin } from "../../../io/stdio.js";
import { type Framing, splitter } from "../../../journal/lines/split.js";
import { DEFAULT_LIMITS, Writer, type WriterOptions } from "../../../journal/writing/writer.js";
import { tellRevocation } from "../../../keys/contacts.js";
import { type CommandDefinition, type Common, type Context, contactsOption } from "../../command.js";
import { contactsNow } from "../../options/contacts-now.js";
import { loadSigner } from "../../options/identities.js";
import { recipientsNow } from "../../options/recipients.js";
import { humanBytes, parseCount, parseDuration, parseLabel } from "../../options/values.js";
import { labelOption, signOption, toOption } from "../../options/who.js";
import { withProgress } from "../../say/progress.js";
import { working } from "../../say/status.js";
import { Acknowledgement, appendAll, withGrace } from "./feed.js";
import { counted, LeftOut } from "./left-out.js";
import { framingOption, notAJournal } from "./options.js";

interface Options extends Common {
  readonly to?: readonly string[];
  readonly sign?: string;
  readonly label?: string;
  readonly framing: Framing;
  readonly epochTime?: number;
  readonly epochRecords?: number;
  readonly epochBytes?: number;
  readonly contacts?: string;
}

export const appendCommand: CommandDefinition<Options> = {
  name: "append",
  summary: "seal records from standard input into a journal",
  details: [
    'Reads records from standard input until it ends. Each is on disk before it is acknowledged; with --json, a line {"ok":true,"records":n} acknowledges each commit.',
    `A record has at most ${maxRecord(2 ** DEFAULT_CHUNK_EXPONENT)} bytes, in a journal of the usual chunk size. Longer ones are left out and reported by number; the rest is appended, and the exit status is 2.`,
    "Each epoch is sealed for the recipients that --to names when it begins: changes of contacts and groups take effect with the next epoch. SIGHUP begins a new epoch.",
  ],
  examples: [
    ["events | seal journal append events.journal --to server.pub --sign master.key", "seal each line as it comes"],
  ],
  ownSignals: ["SIGHUP"],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal; created if it does not exist")
      .addOption(toOption())
      .addOption(signOption())
      .addOption(labelOption(": a new journal gets it, an existing one must have it"))
      .addOption(framingOption())
      .addOption(limitOption("--epoch-time <TIME>", "5m", parseDuration))
      .addOption(limitOption("--epoch-records <N>", "1000000", parseCount))
      .addOption(limitOption("--epoch-bytes <N>", "1073741824", parseCount))
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async ([path], options, context) => {
    const { records, leftOut } = await appendTo(path!, options, context).catch((thrown) => {
      const error = notAJournal(thrown);
      if (error instanceof SealError && error.code !== "usage") error.input ??= path;
      throw error;
    });
    if (!context.report.json) context.report.result({}, `appended ${counted(records)} to ${path}`, "stdout");
    leftOut.check();
  },
};

/** How many records were appended, and which were left out. */
async function appendTo(
  path: string,
  options: Options,
  context: Context,
): Promise<{ readonly records: number; readonly leftOut: LeftOut }> {
  let writer: Writer | null = null;
  process.on("SIGHUP", () => writer?.nextEpoch());
  const acknowledged = new Acknowledgement(context.report);
  working(() => `${acknowledged.records} records appended to ${path}`);
  writer = await openWriter(path, options, context, (records) => acknowledged.tell(records));
  const opened = writer;
  const leftOut = new LeftOut(options.framing, maxRecord(opened.chunkSize), context.report);
  const cutter = splitter(options.framing, maxRecord(opened.chunkSize), (record) => leftOut.tell(record));
  const work = (ends: AbortSignal) => appendAll(opened, cutter, acknowledged, ends);
  // Acknowledgements that nobody reads end it also while nothing comes.
  await (context.report.json ? whileRead(STDOUT_PATH, context.signal, work) : work(context.signal)).catch((error) => {
    throw withCount(error, acknowledged);
  });
  return { records: acknowledged.records, leftOut };
}

function limitOption(flags: string, byDefault: string, parse: (text: string, flag: string) => number): Option {
  const option = new Option(flags, `begin a new epoch after this much (default: ${byDefault})`);
  return option.argParser((text) => parse(text, option.long!));
}

/**
 * Opens the journal. Only this is given up where the program is interrupted: what was read from standard input
 * afterwards is written first.
 */
async function openWriter(
  path: string,
  options: Options,
  context: Context,
  onCommit: (records: number) => void,
): Promise<Writer> {
  if (path === "-") throw new SealError("usage", "JOURNAL must be a file: standard input carries the records");
  if (isStdin(path)) throw new SealError("usage", `${path} is input and output at once`);
  if (options.sign === "-") throw new SealError("usage", "standard input cannot be both the identity and the records");
  checkStdin();
  const settings = await settingsOf(options, context);
  const opening = new AbortController();
  const abort = () => opening.abort(context.signal.reason);
  context.signal.addEventListener("abort", abort);
  try {
    const { signal } = opening;
    const store = await openJournalFile(path, { signal, note: context.report.note });
    const writer = await withProgress(context.report, path, (progress) => {
      const onRecovery = recovery(path, context.report, progress);
      return Writer.open(store, { ...settings, onCommit, onRecovery, signal });
    });
    const { tailMovedTo } = writer.recovered;
    if (tailMovedTo) context.report.note(`an incomplete end of ${path} was moved to ${tailMovedTo}`);
    return writer;
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
}

/**
 * From so many bytes on, verifying what has been written since the writer's cursor takes a while: it is said before it
 * begins.
 */
const LONG = 1024 * 1024;

function recovery(path: string, report: Context["report"], progress: Progress): Progress {
  let isFirst = true;
  return (done, total) => {
    if (isFirst && total! - done >= LONG) {
      report.note(`verifying ${humanBytes(total! - done)} of ${path} before anything is appended`);
    }
    isFirst = false;
    progress(done, total);
  };
}

async function settingsOf(options: Options, context: Context): Promise<WriterOptions> {
  if (!options.to)
    throw new SealError("usage", "no recipient: --to is missing", { hint: "Give --to once for each recipient." });
  const suite = await loadSuite();
  const now = contactsNow(options.contacts);
  const later = withGrace(context.signal);
  const recipients = await recipientsNow(options.to, now, context, later);
  const label = options.label === undefined ? undefined : parseLabel(options.label);
  const { sign, epochTime, epochRecords, epochBytes } = options;
  const signer = await loadSigner(suite, sign, context, later);
  const revoked = (await now(context.signal)).revocation(signer.publicKey);
  if (revoked) context.report.note(`warning: the key that signs was ${tellRevocation(revoked)}`);
  const limits = {
    seconds: epochTime ?? DEFAULT_LIMITS.seconds,
    records: epochRecords ?? DEFAULT_LIMITS.records,
    bytes: epochBytes ?? DEFAULT_LIMITS.bytes,
  };
  return { suite, signer, recipients: () => abortable(recipients(), later), label, limits };
}

/** Says of an error how much was appended before it, and how much that was read was not, and why. */
function withCount(error: unknown, { records, unacknowledged, failure }: Acknowledgement): unknown {
  if (!(error instanceof SealError)) return error;
  const were = (count: number) => `${counted(count)} ${count === 1 ? "was" : "were"}`;
  if (error.code !== "interrupted") error.hint ??= `${were(records)} appended before.`;
  if (unacknowledged === 0) return error;
  const why = failure instanceof SealError && failure !== error ? `: ${failure.message}` : "";
  error.message += `; ${were(unacknowledged)} read and not acknowledged${why}`;
  return error;
}
