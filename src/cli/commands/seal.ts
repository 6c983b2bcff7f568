// seal FILE… --to R…

import { loadSuite, type SigningKey, type Suite } from "../../crypto/index.js";
import type { Engine } from "../../engine/engine.js";
import { poolEngine } from "../../engine/pool.js";
import { defaultThreads } from "../../engine/threads.js";
import { SealError } from "../../errors.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../ops/header.js";
import type { Progress, Sink } from "../../ops/io.js";
import { type Sealed, seal as sealTo } from "../../ops/seal.js";
import { type CommandDefinition, type Common, type Context, collect, forEachInput, threadsOption } from "../command.js";
import { loadIdentities, resolveRecipients } from "../keys.js";
import { isDirectory, openInput, openSink, sealedName } from "../outputs.js";
import { withProgress } from "../progress.js";
import { inputName, outputName } from "../text.js";
import { humanBytes, parseLabel } from "../values.js";

interface Options extends Common {
  readonly to?: readonly string[];
  readonly sign?: string;
  readonly unsigned?: true;
  readonly label?: string;
  readonly threads?: number;
  readonly output?: string;
  readonly force?: true;
}

export const seal: CommandDefinition<Options> = {
  name: "seal",
  summary: "seal files for recipients",

  define: (command) => {
    command
      .argument("[FILE...]", "files to seal; - for standard input")
      .option("--to <R>", "a recipient: seal1…, a .pub file, or a contact (repeatable)", collect)
      .option("--sign <KEY>", "identity file to sign with (default: identity.key in the configuration directory)")
      .option("--unsigned", "do not sign: nobody can tell who sealed it")
      .option("--label <TEXT>", "a public, signed label, which whoever opens can demand")
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: FILE.sealed)")
      .option("--force", "replace an existing output")
      .addOption(threadsOption());
  },

  dataOnStdout: (files, { output }) => output === "-" || (output === undefined && files.every((file) => file === "-")),

  run: async (named, options, context) => {
    const files = await inputs(named, options);
    const suite = await loadSuite();
    if (!options.to)
      throw new SealError("usage", "no recipient: --to is missing", { hint: "Give --to once for each recipient." });
    const recipients = await resolveRecipients(options.to, context.signal);
    const label = parseLabel(options.label ?? "");
    const signer = await signingKey(suite, options, context);
    const engine = poolEngine(options.threads ?? defaultThreads());
    const settings = { suite, engine, recipients, label, signer };
    const outputs = await Promise.all(files.map((file) => sealedName(file, options.output)));
    const owner = new Map([...outputs.entries()].reverse().map(([index, name]) => [name, index]));
    await forEachInput(files, context, (file, isNext, index) => {
      const name = outputs[index]!;
      if (owner.get(name) !== index) throw new SealError("usage", `${name} is written for another FILE already`);
      return sealOne(file, name, isNext, options, context, settings);
    });
  },
};

async function inputs(named: readonly string[], { output, sign }: Options): Promise<readonly string[]> {
  const files = named.length > 0 ? named : ["-"];
  if (named.length === 0 && process.stdin.isTTY) {
    throw new SealError("usage", "no FILE, and standard input is a terminal", { hint: "See seal --help." });
  }
  if (files.includes("-") && sign === "-") {
    throw new SealError("usage", "standard input cannot be both the identity and the file");
  }
  if (files.length === 1) return files;
  if (files.includes("-")) throw new SealError("usage", "standard input cannot be one of several FILEs");
  if (output !== undefined && !(await isDirectory(output))) {
    throw new SealError("usage", "with several FILEs, -o must be an existing directory");
  }
  return files;
}

async function signingKey(suite: Suite, { sign, unsigned }: Options, context: Context): Promise<SigningKey | null> {
  if (sign !== undefined && unsigned) throw new SealError("usage", "--sign and --unsigned exclude each other");
  if (unsigned) return null;
  const [identity] = await loadIdentities(suite, "--sign", sign === undefined ? [] : [sign], context);
  return (await identity!.unlock()).signingKey;
}

interface Settings {
  readonly suite: Suite;
  readonly engine: Engine;
  readonly recipients: readonly Uint8Array[];
  readonly label: string;
  readonly signer: SigningKey | null;
}

async function sealOne(
  file: string,
  name: string,
  isNext: () => boolean,
  options: Options,
  { report, signal }: Context,
  settings: Settings,
): Promise<() => void> {
  const started = performance.now();
  const source = await openInput(file);
  try {
    const sink = await openSink(name, source, options.force === true, signal);
    if (sink.isTerminal) await refuseTerminal(sink);
    const work = (progress?: Progress) => sealTo(source, sink, { ...settings, now: Date.now(), progress, signal });
    const sealed = await withProgress(report, file, work, isNext);
    const seconds = (performance.now() - started) / 1000;
    return () => report.result(facts(file, name, sealed, seconds), summary(file, name, sealed, seconds), "stderr");
  } finally {
    await source.close();
  }
}

async function refuseTerminal(sink: Sink): Promise<never> {
  await sink.abort();
  throw new SealError("usage", `a sealed file is binary, and ${sink.name} is a terminal`, {
    hint: "Use -o FILE, or redirect it.",
  });
}

function facts(input: string, output: string, sealed: Sealed, seconds: number) {
  const signer = sealed.signer && encodeSigner(sealed.signer);
  return { input, output, ...sealed, signer, sealedAt: isoTime(sealed.sealedAt), seconds };
}

function summary(input: string, output: string, sealed: Sealed, seconds: number): string {
  const recipients = `${sealed.recipients} recipient${sealed.recipients === 1 ? "" : "s"}`;
  const signed = sealed.signer ? "signed" : "unsigned";
  const size = humanBytes(sealed.bytes);
  return `sealed ${inputName(input)} -> ${outputName(output)}: ${size} for ${recipients}, ${signed}, in ${seconds.toFixed(2)} s`;
}
