// seal rewrap FILE --key KEY --sign KEY --to R…

import { loadSuite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import type { OutputSink } from "../../io/descriptor.js";
import type { FileSource } from "../../io/files.js";
import { openOutput } from "../../io/output.js";
import type { Progress } from "../../ops/io.js";
import { canOpenAgain, type RewrapOptions, rewrap as rewrapTo } from "../../ops/rewrap.js";
import type { Sealed } from "../../ops/seal.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  collect,
  contactsOption,
  forEachInput,
  threadsOption,
} from "../command.js";
import { loadContacts } from "../contacts.js";
import { engineFor } from "../engine.js";
import { loadIdentities } from "../identities.js";
import { resolveRecipients } from "../keys.js";
import { isStdout, openInput, openSink, rewrappedName } from "../outputs.js";
import { withProgress } from "../progress.js";
import { refuseTerminal } from "../terminal.js";
import { inputName, outputName, recipientCount } from "../text.js";
import { humanBytes } from "../values.js";
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

export const rewrap: CommandDefinition<Options> = {
  name: "rewrap",
  summary: "give a sealed file other recipients, without sealing it again",
  details: [
    "The payload stays as it is, byte for byte. Nothing is revoked: who could open the file may have kept its key, or a copy. To revoke, seal the original again.",
  ],
  examples: [
    [
      "seal rewrap monthly.sealed --key recovery.key --sign master.key --to paris --to recovery.pub",
      "these two can open it from now on, and nobody else",
    ],
  ],

  define: (command) => {
    command
      .argument("<FILE>", "the sealed file, which is replaced unless there is an -o; - for standard input")
      .option(
        "--key <KEY>",
        "identity file that the file was sealed to (repeatable; default: identity.key in the configuration directory)",
        collect,
      )
      .option(
        "--sign <KEY>",
        "identity file that signed the file (default: identity.key in the configuration directory)",
      )
      .option(
        "--to <R>",
        "a recipient from now on, all of whom are to be named: seal1…, a .pub file, a contact, or a @group (repeatable)",
        collect,
      )
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: replace FILE)")
      .option("--force", "replace an existing output")
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
    const name = await rewrappedName(file, options.output);
    const settings = await settingsOf(files, options, context);
    await forEachInput([file], context, () => rewrapOne(file, name, options, context, settings));
  },
};

async function settingsOf(files: readonly string[], options: Options, context: Context): Promise<RewrapOptions> {
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
  const [own] = both ? [both] : await loadIdentities(suite, "--sign", sign === undefined ? [] : [sign], context);
  const { signingKey: signer } = await own!.unlock();
  return { suite, engine, identities, signer, contacts, recipients, signal: context.signal };
}

async function rewrapOne(
  file: string,
  name: string,
  options: Options,
  { report, signal }: Context,
  settings: RewrapOptions,
): Promise<() => void> {
  const started = process.uptime();
  const source = await openInput(file);
  try {
    const sink = await sinkFor(name, source, options, signal);
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
  signal: AbortSignal,
): Promise<OutputSink> {
  if (output === undefined) return openOutput(name, { input: source.id, inPlace: true, signal });
  return openSink(name, source, force === true, signal);
}

function summary(input: string, output: string, rewrapped: Sealed, seconds: number): string {
  const size = humanBytes(rewrapped.bytes);
  const recipients = recipientCount(rewrapped.recipients);
  const where = input === output ? inputName(input) : `${inputName(input)} -> ${outputName(output)}`;
  return `rewrapped ${where}: ${size} for ${recipients}, in ${seconds.toFixed(2)} s`;
}
