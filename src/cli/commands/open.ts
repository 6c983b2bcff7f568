// seal open FILE --key KEY…, and the program `open`

import { loadSuite } from "../../crypto/index.js";
import { restated, SealError } from "../../errors.js";
import { unarmored } from "../../files/armor.js";
import { type Opened, type Opening, openTo } from "../../files/open.js";
import { resume } from "../../files/resume.js";
import type { Progress } from "../../flow/io.js";
import type { HttpHeader } from "../../io/http/client.js";
import { type OutputOptions, remembering } from "../../io/output.js";
import { openedOutput, resumableOutput } from "../../io/partial.js";
import { stdoutSink } from "../../io/stdio.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  contactsOption,
  headerOption,
  threadsOption,
} from "../command.js";
import { forEachInput } from "../each-input.js";
import { engineFor } from "../options/engine.js";
import { resolveHeaders } from "../options/headers.js";
import { type AnySource, isStdout, openedName, openInputOrUrl, outputPlace, shownInput } from "../options/outputs.js";
import { filePassphrase } from "../options/passphrases.js";
import { type FileUnlocking, unlockingFile } from "../options/policy.js";
import { checkSeveral, outputNames } from "../options/several.js";
import { humanBytes, parseRange } from "../options/values.js";
import { demandedLabelOption, forceOption, fromOrAnyOption, keyOption, maxAgeOption } from "../options/who.js";
import { hintOf } from "../say/advice.js";
import { escaped } from "../say/escape.js";
import { withProgress } from "../say/progress.js";
import type { Report } from "../say/report.js";
import { textOnly } from "../say/terminal.js";
import { inputName, outputName, signerOf } from "../say/text.js";

interface Options extends Common {
  readonly key?: readonly string[];
  readonly from?: readonly string[];
  readonly allowUnsigned?: true;
  readonly label?: string;
  readonly threads?: number;
  readonly maxAge?: string;
  readonly output?: string;
  readonly force?: true;
  readonly range?: string;
  readonly contacts?: string;
  readonly header?: readonly string[];
  readonly resume?: true;
}

export const openCommand: CommandDefinition<Options> = {
  name: "open",
  summary: "open a sealed file",
  examples: [
    ["seal open backup.tar.sealed --key server.key", "write backup.tar"],
    ["seal open site.tar.sealed --key server.key -o - | tar x", "unpack a directory"],
    [
      "seal open https://example.com/db.sql.sealed --key server.key --label nightly-db --resume",
      "download, and refuse another file or an old one",
    ],
  ],

  define: (command) => {
    command
      .argument("<FILE...>", "sealed files; http or https URLs; - for standard input")
      .addOption(keyOption())
      .addOption(fromOrAnyOption())
      .option("--allow-unsigned", "open unsigned files too: nobody vouches for where they come from")
      .addOption(demandedLabelOption())
      .addOption(maxAgeOption())
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: FILE without .sealed)")
      .addOption(forceOption())
      .option("--range <FIRST-LAST>", "only these bytes of the plaintext, counted from 0, both included")
      .option("--resume", "resume where an earlier run stopped, and keep what is verified for the next")
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (_files, { output }) => isStdout(output),

  run: async (files, options, context) => {
    for (const file of files) checkCombination(file, options);
    await checkSeveral(files, options.output);
    const place = await outputPlace(options.output);
    const names = outputNames(files, (file) => openedName(file, place));
    // What is wrong with the name of the only FILE needs no key to be told.
    if (files.length === 1) names(0);
    const settings = await settingsOf(files, options, context);
    const headers = await resolveHeaders(options.header, files, context.signal);
    await forEachInput(files, context, async (file, isNext, index) =>
      openOne({ file, name: names(index), isNext }, headers, options, context, settings),
    );
  },
};

type Settings = Opening & FileUnlocking & { readonly outputs: OutputOptions };

async function settingsOf(files: readonly string[], options: Options, context: Context): Promise<Settings> {
  const suite = await loadSuite();
  const engine = engineFor(suite, files, options.threads, context.thread);
  return {
    ...(await unlockingFile(suite, options, context)),
    engine,
    range: options.range === undefined ? undefined : parseRange(options.range),
    signal: context.signal,
    outputs: { ...remembering(), signal: context.signal },
  };
}

function checkCombination(
  file: string,
  { key, from, label, maxAge, allowUnsigned, range, output, resume }: Options,
): void {
  if (file === "-" && key?.includes("-")) {
    throw new SealError("usage", "standard input cannot be both the identity and the file");
  }
  if (allowUnsigned && (from || label !== undefined || maxAge !== undefined)) {
    throw new SealError("usage", "--allow-unsigned excludes --from, --label and --max-age", {
      hint: "An unsigned file has no sender, and nobody vouches for its label and time.",
    });
  }
  if (resume && range !== undefined) throw new SealError("usage", "--resume and --range exclude each other");
  if (resume && isStdout(output)) throw new SealError("usage", "--resume needs an output file, not standard output");
  if (resume && file === "-") throw new SealError("usage", "--resume needs a FILE or a URL, not standard input");
  if (range !== undefined && output === undefined) throw new SealError("usage", "--range needs -o OUT");
  if (range !== undefined && file === "-") throw new SealError("usage", "--range needs a FILE, not standard input");
}

interface Job {
  readonly file: string;
  readonly name: string;
  readonly isNext: () => boolean;
}

async function openOne(
  { file, name, isNext }: Job,
  headers: readonly HttpHeader[],
  options: Options,
  { report, signal }: Context,
  shared: Settings,
): Promise<() => void> {
  const started = process.uptime();
  const shown = shownInput(file);
  const settings = { ...shared, passphrase: filePassphrase(shown, signal) };
  const parts = settings.range ? "needed" : options.resume ? "wanted" : undefined;
  const input = await openInputOrUrl(file, signal, { headers, parts, note: report.note });
  try {
    const source = await unarmored(input, signal);
    if (settings.range && source.isText)
      throw new SealError("usage", "--range needs a binary file: a text cannot be read by position");
    const work = options.resume ? resuming : opening;
    const run = await work(source, name, options.force === true, settings, report);
    const opened = await withProgress(report, shown, run, isNext);
    const seconds = process.uptime() - started;
    const trusted = settings.from !== "any" && opened.signer !== null;
    const signerName = (opened.signer && settings.policy.contacts?.owner(opened.signer)?.name) ?? null;
    return () => tell(report, { input: shown, output: name, opened, signerName, trusted, seconds });
  } catch (error) {
    throw notOurs(lacking(shared, error));
  } finally {
    await input.close();
  }
}

type Run = (progress: Progress | undefined) => Promise<Opened>;

async function opening(
  source: AnySource,
  name: string,
  force: boolean,
  settings: Settings,
  { note }: Report,
): Promise<Run> {
  const options = { ...settings.outputs, force, input: source.id, note };
  const output = name === "-" ? stdoutSink(source.id) : await openedOutput(name, options);
  const sink = output.isTerminal ? textOnly(output) : output;
  return (progress) => openTo(source, sink, { ...settings, progress });
}

async function resuming(
  source: AnySource,
  name: string,
  force: boolean,
  settings: Settings,
  { note }: Report,
): Promise<Run> {
  const options = { ...settings.outputs, force, input: source.id, note };
  const place = await resumableOutput(name, options);
  return async (progress) => {
    try {
      return await resume(source, place, { ...settings, progress, note });
    } catch (error) {
      throw place.kept ? tellingOf(place.kept, error) : error;
    }
  };
}

function tellingOf(kept: string, error: unknown): unknown {
  if (!(error instanceof SealError)) return error;
  const hint = hintOf(error);
  const more = `What is verified is kept in ${kept}: the same command resumes from there.`;
  error.hint = hint === undefined ? more : `${hint} ${more}`;
  return error.reason ? restated(error, { reason: undefined }) : error;
}

/** Where no identity was given, that is what is wrong with a file that needs one. */
function lacking({ missing }: FileUnlocking, error: unknown): unknown {
  return missing && error instanceof SealError && error.reason === "other-recipients" ? missing : error;
}

/** A system's own `open` is another program: who meant that one is told. */
function notOurs(error: unknown): unknown {
  if (!(error instanceof SealError) || error.code !== "malformed" || error.hint) return error;
  error.hint = "This is seal's open, which opens sealed files only.";
  return error;
}

interface Told {
  readonly input: string;
  readonly output: string;
  readonly opened: Opened;
  readonly signerName: string | null;
  readonly trusted: boolean;
  readonly seconds: number;
}

function tell(report: Report, { input, output, opened, signerName, trusted, seconds }: Told): void {
  const signer = opened.signer && encodeSigner(opened.signer);
  const facts = {
    input,
    output,
    ...opened,
    signer,
    signerName,
    trusted,
    // Only in JSON: the first time takes long.
    get sealedAt() {
      return isoTime(opened.sealedAt);
    },
    seconds,
  };
  const label = opened.label ? `, label "${escaped(opened.label)}"` : "";
  const by = signer
    ? `signed by ${signerOf(signer, signerName)}${trusted ? "" : " (not checked against any sender)"}`
    : "unsigned";
  const size = humanBytes(opened.bytes);
  const text = `opened ${inputName(input)} -> ${outputName(output)}: ${size}, ${by}${label}, in ${seconds.toFixed(2)} s`;
  report.result(facts, text, "stderr");
}
