// seal open FILE --key KEY…, and the program `open`

import { loadSuite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { resumableOutput } from "../../io/partial.js";
import type { Header } from "../../io/request.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../ops/header.js";
import type { Progress } from "../../ops/io.js";
import { type Opened, type OpenOptions, open as openTo } from "../../ops/open.js";
import { resume } from "../../ops/resume.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  collect,
  contactsOption,
  forEachInput,
  headerOption,
  threadsOption,
} from "../command.js";
import { engineFor } from "../engine.js";
import { escaped } from "../escape.js";
import { resolveHeaders } from "../headers.js";
import { type AnySource, isStdout, openedName, openInputOrUrl, openSink, shownInput } from "../outputs.js";
import { unlockingOf } from "../policy.js";
import { withProgress } from "../progress.js";
import type { Report } from "../report.js";
import { textOnly } from "../terminal.js";
import { inputName, outputName, signerOf } from "../text.js";
import { humanBytes, parseRange } from "../values.js";

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

export const open: CommandDefinition<Options> = {
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
      .argument("<FILE>", "the sealed file; an http or https URL; - for standard input")
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
      .option("--allow-unsigned", "open unsigned files too: nobody vouches for where they come from")
      .option("--label <TEXT>", "demand exactly this label")
      .option("--max-age <AGE>", "refuse what was sealed earlier than this: 90s, 15m, 12h, 30d")
      .option("-o, --output <OUT>", "output file, or - for standard output (default: FILE without .sealed)")
      .option("--force", "replace an existing output")
      .option("--range <FIRST-LAST>", "only these bytes of the plaintext, counted from 0, both included")
      .option("--resume", "go on where an earlier run stopped, and keep what is verified for the next one")
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (_files, { output }) => isStdout(output),

  run: async (files, options, context) => {
    const [file] = files as [string];
    checkCombination(file, options);
    const name = await openedName(file, options.output);
    const settings = await settingsOf(files, options, context);
    const headers = await resolveHeaders(options.header, files, context.signal);
    await forEachInput(files, context, () => openOne(file, name, headers, options, context, settings));
  },
};

async function settingsOf(files: readonly string[], options: Options, context: Context): Promise<OpenOptions> {
  const suite = await loadSuite();
  const engine = engineFor(suite, files, options.threads);
  return {
    ...(await unlockingOf(suite, options, context)),
    engine,
    range: options.range === undefined ? undefined : parseRange(options.range),
    signal: context.signal,
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

async function openOne(
  file: string,
  name: string,
  headers: readonly Header[],
  options: Options,
  { report, signal }: Context,
  settings: OpenOptions,
): Promise<() => void> {
  const started = process.uptime();
  const shown = shownInput(file);
  const parts = settings.range ? "needed" : options.resume ? "wanted" : undefined;
  const source = await openInputOrUrl(file, signal, { headers, parts, note: report.note });
  try {
    const work = options.resume ? resuming : opening;
    const run = await work(source, name, options.force === true, settings, report);
    const opened = await withProgress(report, shown, run);
    const seconds = process.uptime() - started;
    const trusted = settings.from !== "any" && opened.signer !== null;
    const signerName = (opened.signer && settings.policy.contacts?.owner(opened.signer)?.name) ?? null;
    return () => tell(report, { input: shown, output: name, opened, signerName, trusted, seconds });
  } catch (error) {
    throw notOurs(error);
  } finally {
    await source.close();
  }
}

type Run = (progress: Progress | undefined) => Promise<Opened>;

async function opening(source: AnySource, name: string, force: boolean, settings: OpenOptions): Promise<Run> {
  const output = await openSink(name, source, force, settings.signal!);
  const sink = output.isTerminal ? textOnly(output) : output;
  return (progress) => openTo(source, sink, { ...settings, progress });
}

async function resuming(
  source: AnySource,
  name: string,
  force: boolean,
  settings: OpenOptions,
  { note }: Report,
): Promise<Run> {
  const place = await resumableOutput(name, { force, input: source.id, signal: settings.signal });
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
  const more = `What is verified is kept in ${kept}: the same command goes on from there.`;
  error.hint = error.hint === undefined ? more : `${error.hint} ${more}`;
  return error;
}

/** A system's own `open` is another program: who meant that one is told. */
function notOurs(error: unknown): unknown {
  if (!(error instanceof SealError) || error.code !== "malformed" || error.hint) return error;
  const { message, input } = error;
  return new SealError("malformed", message, { input, hint: "This is seal's open, which opens sealed files only." });
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
    sealedAt: isoTime(opened.sealedAt),
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
