// seal journal append JOURNAL --to R… --sign KEY

import { Option } from "commander";
import { loadSuite } from "../../../crypto/index.js";
import { ioError, SealError } from "../../../errors.js";
import { openJournalFile } from "../../../io/journal-file.js";
import { isStdin, stdinPieces } from "../../../io/stdio.js";
import { maxRecord } from "../../../journal/batch.js";
import { type Framing, type Splitter, splitter } from "../../../journal/framing.js";
import { DEFAULT_LIMITS, JournalWriter, type WriterOptions } from "../../../journal/writer.js";
import { tellRevocation } from "../../../keys/contacts.js";
import { abortable } from "../../../ops/order.js";
import { type CommandDefinition, type Common, type Context, collect, contactsOption } from "../../command.js";
import { loadContacts } from "../../contacts.js";
import { loadIdentities } from "../../identities.js";
import { resolveRecipients } from "../../keys.js";
import { parseCount, parseDuration, parseLabel } from "../../values.js";
import { framingOption } from "./options.js";

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

export const append: CommandDefinition<Options> = {
  name: "append",
  summary: "seal records from standard input into a journal",
  details: [
    'Records are read from standard input until it ends. Each is on disk before it is acknowledged: with --json, by a line {"ok":true,"records":n} for each commit.',
    "SIGHUP begins a new epoch.",
  ],
  examples: [
    ["events | seal journal append events.journal --to server.pub --sign master.key", "seal each line as it comes"],
  ],
  ownSignals: ["SIGHUP"],

  define: (command) => {
    command
      .argument("<JOURNAL>", "the journal, which is made where there is none")
      .option("--to <R>", "a recipient: seal1…, a .pub file, a contact, or a @group (repeatable)", collect)
      .option("--sign <KEY>", "identity file to sign with (default: identity.key in the configuration directory)")
      .option("--label <TEXT>", "a public, signed label, for a new journal; an older one must have it")
      .addOption(framingOption())
      .addOption(limitOption("--epoch-time <TIME>", "5m", parseDuration))
      .addOption(limitOption("--epoch-records <N>", "1000000", parseCount))
      .addOption(limitOption("--epoch-bytes <N>", "1073741824", parseCount))
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async ([path], options, context) => {
    let writer: JournalWriter | null = null;
    process.on("SIGHUP", () => writer?.nextEpoch());
    const stop = new AbortController();
    const acknowledged = new Acknowledgement(context.report, stop);
    writer = await openWriter(path!, options, context, (records) => acknowledged.tell(records));
    await appendAll(writer, options.framing, stop, context.signal).catch((error) => {
      throw withCount(error, acknowledged.records);
    });
    if (context.report.json) return;
    const { records } = acknowledged;
    context.report.result({}, `appended ${records} record${records === 1 ? "" : "s"} to ${path}`, "stdout");
  },
};

function limitOption(flags: string, byDefault: string, parse: (text: string, flag: string) => number): Option {
  const option = new Option(flags, `begin a new epoch after so much (default: ${byDefault})`);
  return option.argParser((text) => parse(text, option.long!));
}

/** Opens the journal. Only this is given up where the program is interrupted: what was read from standard input afterwards is written first. */
async function openWriter(
  path: string,
  options: Options,
  context: Context,
  onCommit: (records: number) => void,
): Promise<JournalWriter> {
  if (path === "-") throw new SealError("usage", "JOURNAL is a file: standard input has the records");
  if (isStdin(path)) throw new SealError("usage", `${path} is input and output at once`);
  if (options.sign === "-") throw new SealError("usage", "standard input cannot be both the identity and the records");
  const settings = await settingsOf(options, context);
  const opening = new AbortController();
  const abort = () => opening.abort(context.signal.reason);
  context.signal.addEventListener("abort", abort);
  try {
    const store = await openJournalFile(path, opening.signal);
    const writer = await JournalWriter.open(store, { ...settings, onCommit, signal: opening.signal });
    const { aside } = writer.recovered;
    if (aside) context.report.note(`an incomplete end of ${path} was moved to ${aside}`);
    return writer;
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
}

async function settingsOf(options: Options, context: Context): Promise<WriterOptions> {
  if (!options.to)
    throw new SealError("usage", "no recipient: --to is missing", { hint: "Give --to once for each recipient." });
  const suite = await loadSuite();
  const contacts = await loadContacts(options.contacts, context.signal);
  const recipients = await resolveRecipients(options.to, contacts, context);
  const label = options.label === undefined ? undefined : parseLabel(options.label);
  const { sign, epochTime, epochRecords, epochBytes } = options;
  const [identity] = await loadIdentities(suite, "--sign", sign === undefined ? [] : [sign], context);
  const { signingKey: signer } = await identity!.unlock();
  const revoked = contacts.revocation(signer.publicKey);
  if (revoked) context.report.note(`warning: the key that signs was ${tellRevocation(revoked)}`);
  const limits = {
    seconds: epochTime ?? DEFAULT_LIMITS.seconds,
    records: epochRecords ?? DEFAULT_LIMITS.records,
    bytes: epochBytes ?? DEFAULT_LIMITS.bytes,
  };
  return { suite, signer, recipients, label, limits };
}

/** Acknowledges what is on disk, and counts it. Where nobody listens any more, nothing more is read. */
class Acknowledgement {
  records = 0;
  readonly #report: Context["report"];
  readonly #stop: AbortController;
  #isHeard: boolean;

  constructor(report: Context["report"], stop: AbortController) {
    this.#report = report;
    this.#stop = stop;
    this.#isHeard = report.json;
  }

  tell(records: number): void {
    this.records += records;
    if (!this.#isHeard) return;
    try {
      this.#report.result({ records }, "", "stdout");
    } catch (error) {
      this.#isHeard = false;
      this.#stop.abort(error);
    }
  }
}

/** Appends what comes on standard input until it ends, then closes the writer. Throws what ends it earlier, when what was read is on disk. */
async function appendAll(
  writer: JournalWriter,
  framing: Framing,
  stop: AbortController,
  interrupted: AbortSignal,
): Promise<void> {
  interrupted.addEventListener("abort", () => stop.abort(interrupted.reason));
  if (interrupted.aborted) stop.abort(interrupted.reason);
  const records = splitter(framing, maxRecord(writer.chunkSize));
  try {
    await feed(writer, records, stop);
  } catch (error) {
    await writer.close().catch(() => undefined);
    throw error;
  }
  await writer.close();
  stop.signal.throwIfAborted();
}

async function feed(writer: JournalWriter, records: Splitter, stop: AbortController): Promise<void> {
  const waiting: Promise<unknown>[] = [];
  const add = (list: readonly Uint8Array[]) => {
    if (list.length === 0) return;
    const settled = () => void waiting.shift();
    waiting.push(writer.append(list).then(settled, (error) => stop.abort(error)));
  };
  for await (const piece of until(stop.signal)) {
    add(records.push(piece));
    // Its plaintext is the writer's to keep, until it is sealed.
    piece.fill(0);
    records.erase();
    if (records.fault) throw records.fault;
    // One frame is being written, one is sealed, one is gathered.
    while (writer.queuedBytes > 3 * writer.chunkSize) await abortable(waiting[0]!, stop.signal);
  }
  const last = records.end();
  if (last) add([last]);
  records.erase();
  await abortable(Promise.all(waiting), stop.signal);
  if (records.fault) throw records.fault;
}

/** Standard input, until the signal aborts: then its reason is thrown. */
async function* until(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = stdinPieces()[Symbol.asyncIterator]();
  for (;;) {
    const step = await abortable(pieces.next(), signal).catch((error) => {
      throw error instanceof SealError ? error : ioError("cannot read standard input", error);
    });
    if (step.done) return;
    yield step.value;
  }
}

function withCount(error: unknown, records: number): unknown {
  if (!(error instanceof SealError) || error.code === "interrupted") return error;
  error.hint ??= `${records} record${records === 1 ? " was" : "s were"} appended before.`;
  return error;
}
