// seal rewrap FILE --key KEY --sign KEY --to R…

import { loadSuite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { canOpenAgain, type Rewrapping, rewrapTo } from "../../files/rewrap.js";
import type { Sealed } from "../../files/seal.js";
import type { Progress } from "../../flow/io.js";
import type { OutputSink } from "../../io/descriptor.js";
import type { FileSource } from "../../io/files.js";
import { type OutputOptions, openOutput } from "../../io/output.js";
import { type CommandDefinition, type Common, type Context, contactsOption, threadsOption } from "../command.js";
import { forEachInput } from "../each-input.js";
import { loadContacts } from "../options/contacts.js";
import { engineFor } from "../options/engine.js";
import { loadIdentities, loadSigner, signerFor } from "../options/identities.js";
import { isStdout, openInput, openSink, outputPlace, rewrappedName } from "../options/outputs.js";
import { resolveRecipients } from "../options/recipients.js";
import { humanBytes } from "../options/values.js";
import { forceOption, keyOption, signOption, toOption } from "../options/who.js";
import { withProgress } from "../say/progress.js";
import { refuseTerminal } from "../say/terminal.js";
import { inputName, outputName, recipientCount } from "../say/text.js";
import { facts } from "./seal.js";

interface Options extends Common {
  readonly key?: readonly string[];
  readonly sign?: string;
  readonly to?: readonly string[];
  readonly threads?: number;
  readonly output?: string;
  readonly force?: true;
  readonly contacts?: string;
}

export const rewrapCommand: CommandDefinition<Options> = {
  name: "rewrap",
  summary: "give a sealed file other recipients, without sealing it again",
  details: [
    "The payload stays as it is, byte for byte. Nothing is revoked: anyone who could open the file may have kept its key, or a copy. To revoke, seal the original again.",
  ],
  examples: [
    [
      "seal rewrap monthly.sealed --key recovery.key --sign master.key --to paris --to recovery.pub",
      "these two can open it from now on, and nobody else",
    ],
  ],

  define: (command) => {
    command
      .argument("<FILE>", "the sealed file, replaced unless -o is given; - for standard input")
      .addOption(keyOption("that the file was sealed to"))
      .addOption(signOption("that signed the file"))
      .addOption(toOption("a recipient from now on; name all of them"))
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: replace FILE)")
      .addOption(forceOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (_files, { output }) => isStdout(output),

  run: async (files, options, context) => {
    const [file] = files as [string];
    const { key = [], sign } = options;
    if (file === "-" && (key.includes("-") || sign === "-")) {
      throw new SealError("usage", "standard input cannot be both the identity and the file");
    }
    const name = rewrappedName(file, await outputPlace(options.output));
    const settings = await settingsOf(files, options, context);
    await forEachInput([file], context, () => rewrapOne(file, name, options, context, settings));
  },
};

async function settingsOf(files: readonly string[], options: Options, context: Context): Promise<Rewrapping> {
  if (!options.to) {
    throw new SealError("usage", "no recipient: --to is missing", {
      hint: "Give --to once for each recipient that the file is to have from now on.",
    });
  }
  const suite = await loadSuite();
  const engine = engineFor(suite, files, options.threads);
  const contacts = await loadContacts(options.contacts, context.signal);
  const recipients = await resolveRecipients(options.to, contacts, context);
  const { key = [], sign } = options;
  const identities = await loadIdentities(suite, "--key", key, context);
  // One identity in both places is read, and its passphrase asked for, once.
  const both = sign === undefined ? (key.length === 0 ? identities[0] : undefined) : identities[key.indexOf(sign)];
  const signer = await (both ? signerFor(both) : loadSigner(suite, sign, context));
  return { suite, engine, identities, signer, contacts, recipients, signal: context.signal };
}

async function rewrapOne(
  file: string,
  name: string,
  options: Options,
  { report, signal }: Context,
  settings: Rewrapping,
): Promise<() => void> {
  const started = process.uptime();
  const source = await openInput(file);
  try {
    const sink = await sinkFor(name, source, options, { signal, note: report.note });
    if (sink.isTerminal) await refuseTerminal(sink);
    const work = (progress?: Progress) => rewrapTo(source, sink, { ...settings, progress });
    const rewrapped = await withProgress(report, file, work);
    if (!(await canOpenAgain(settings))) {
      report.note("warning: the keys given do not open the new file, and cannot rewrap it again");
    }
    const seconds = process.uptime() - started;
    return () =>
      report.result(facts(file, name, rewrapped, seconds), summary(file, name, rewrapped, seconds), "stderr");
  } finally {
    await source.close();
  }
}

/** Without -o, FILE itself: only here may the input be the output. */
function sinkFor(
  name: string,
  source: FileSource,
  { output, force }: Options,
  settings: OutputOptions,
): Promise<OutputSink> {
  if (output === undefined) return openOutput(name, { ...settings, input: source.id, inPlace: true });
  return openSink(name, source, { ...settings, force });
}

function summary(input: string, output: string, rewrapped: Sealed, seconds: number): string {
  const size = humanBytes(rewrapped.bytes);
  const recipients = recipientCount(rewrapped.recipients);
  const where = input === output ? inputName(input) : `${inputName(input)} -> ${outputName(output)}`;
  return `rewrapped ${where}: ${size} for ${recipients}, in ${seconds.toFixed(2)} s`;
}
