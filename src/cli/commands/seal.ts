// seal FILE… --to R…

import { type HeaderSigner, loadSuite, type Suite } from "../../crypto/index.js";
import { copySecret, erase, type Secret } from "../../crypto/secret.js";
import type { Engine } from "../../engine/engine.js";
import { SealError } from "../../errors.js";
import { armoredSink } from "../../files/armor.js";
import { type Sealed, sealTo } from "../../files/seal.js";
import type { Progress } from "../../flow/io.js";
import { type OutputOptions, remembering } from "../../io/output.js";
import { tellRevocation } from "../../keys/contacts.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import { type CommandDefinition, type Common, type Context, contactsOption, threadsOption } from "../command.js";
import { forEachInput } from "../each-input.js";
import { loadContacts } from "../options/contacts.js";
import { engineFor } from "../options/engine.js";
import { loadSigner } from "../options/identities.js";
import { refuseBesidePassphrase } from "../options/mixed.js";
import { isStdout, openInput, openSink, outputPlace, sealedName } from "../options/outputs.js";
import { newFilePassphrase } from "../options/passphrases.js";
import { resolveRecipients } from "../options/recipients.js";
import { checkSeveral, outputNames } from "../options/several.js";
import { humanBytes, parseLabel } from "../options/values.js";
import { forceOption, labelOption, signOption, toOption } from "../options/who.js";
import { withProgress } from "../say/progress.js";
import { refuseTerminal } from "../say/terminal.js";
import { inputName, outputName, recipientCount } from "../say/text.js";

interface Options extends Common {
  readonly to?: readonly string[];
  readonly sign?: string;
  readonly unsigned?: true;
  readonly passphrase?: true;
  readonly armor?: true;
  readonly label?: string;
  readonly threads?: number;
  readonly output?: string;
  readonly force?: true;
  readonly contacts?: string;
}

export const sealCommand: CommandDefinition<Options> = {
  name: "seal",
  summary: "seal files for recipients",
  examples: [
    ["seal backup.tar --to server.pub --sign master.key", "write backup.tar.sealed, which server can open"],
    ["tar c site | seal - --to @eu-servers > site.tar.sealed", "seal a directory for a group of contacts"],
    ["seal db.sql --to server.pub --label nightly-db -o outbox", "add a signed label, and write into a directory"],
  ],

  define: (command) => {
    command
      .argument("[FILE...]", "files to seal; - for standard input")
      .addOption(toOption())
      .option("--passphrase", "seal for a passphrase, which is asked for or made up (with --to or without)")
      .addOption(signOption())
      .option("--unsigned", "do not sign: nobody can tell who sealed it")
      .addOption(labelOption(", which the receiver can require"))
      .option("--armor", "write text instead of bytes, for mail and YAML")
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: FILE.sealed)")
      .addOption(forceOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (files, { output }) =>
    isStdout(output) || (output === undefined && files.every((file) => file === "-")),

  run: async (named, options, context) => {
    const files = await inputs(named, options);
    const suite = await loadSuite();
    const engine = engineFor(suite, files, options.threads);
    if (!options.to && !options.passphrase)
      throw new SealError("usage", "no recipient: --to is missing", { hint: "Give --to once for each recipient." });
    const contacts = await loadContacts(options.contacts, context.signal);
    const recipients = await resolveRecipients(options.to ?? [], contacts, context);
    if (options.passphrase) refuseBesidePassphrase(recipients);
    const label = parseLabel(options.label ?? "");
    const signer = await signingKey(suite, options, context);
    const revoked = signer && contacts.revocation(signer.publicKey);
    if (revoked) context.report.note(`warning: the key that signs was ${tellRevocation(revoked)}`);
    const place = await outputPlace(options.output);
    const names = outputNames(files, (file) => sealedName(file, place));
    const passphrase = options.passphrase ? await newFilePassphrase(suite, context.signal) : null;
    const settings = { suite, engine, recipients, label, signer, outputs: remembering() };
    try {
      await forEachInput(files, context, async (file, isNext, index) => {
        // Of one file, nothing of it is kept while that is sealed.
        const own = passphrase && files.length > 1 ? copySecret(passphrase) : passphrase;
        const isLast = index === files.length - 1 && isNext();
        return sealOne(file, names(index), isNext, options, context, { ...settings, passphrase: own, isLast }).finally(
          () => own && erase(own),
        );
      });
    } finally {
      if (passphrase) erase(passphrase);
    }
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
  await checkSeveral(files, output);
  return files;
}

async function signingKey(suite: Suite, { sign, unsigned }: Options, context: Context): Promise<HeaderSigner | null> {
  if (sign !== undefined && unsigned) throw new SealError("usage", "--sign and --unsigned exclude each other");
  if (unsigned) return null;
  return loadSigner(suite, sign, context);
}

interface Settings {
  readonly suite: Suite;
  readonly engine: Engine;
  readonly recipients: readonly Uint8Array[];
  readonly passphrase: Secret | null;
  readonly label: string;
  readonly signer: HeaderSigner | null;
  readonly outputs: OutputOptions;
  readonly isLast: boolean;
}

async function sealOne(
  file: string,
  name: string,
  isNext: () => boolean,
  options: Options,
  { report, signal }: Context,
  settings: Settings,
): Promise<() => void> {
  const started = process.uptime();
  const source = await openInput(file);
  try {
    const output = await openSink(name, source, {
      ...settings.outputs,
      force: options.force,
      signal,
      note: report.note,
    });
    if (output.isTerminal && !options.armor) await refuseTerminal(output);
    const sink = options.armor ? armoredSink(output) : output;
    const work = (progress?: Progress) =>
      sealTo(source, sink, { ...settings, now: Date.now(), progress, signal, ends: true });
    const sealed = await withProgress(report, file, work, isNext);
    const seconds = process.uptime() - started;
    const addressed = addressees(sealed.recipients, settings.passphrase !== null);
    const told = summary(file, name, sealed, addressed, seconds);
    return () => report.result(facts(file, name, sealed, seconds), told, "stderr");
  } finally {
    await source.close();
  }
}

/** What JSON says of a file that was sealed. Its texts are made when they are asked for: the first time takes long. */
export function facts(input: string, output: string, sealed: Sealed, seconds: number) {
  return {
    input,
    output,
    ...sealed,
    get signer() {
      return sealed.signer && encodeSigner(sealed.signer);
    },
    get sealedAt() {
      return isoTime(sealed.sealedAt);
    },
    seconds,
  };
}

function addressees(stanzas: number, hasPassphrase: boolean): string {
  if (!hasPassphrase) return recipientCount(stanzas);
  return stanzas === 1 ? "a passphrase" : `${recipientCount(stanzas - 1)} and a passphrase`;
}

function summary(input: string, output: string, sealed: Sealed, addressed: string, seconds: number): string {
  const signed = sealed.signer ? "signed" : "unsigned";
  const size = humanBytes(sealed.bytes);
  return `sealed ${inputName(input)} -> ${outputName(output)}: ${size} for ${addressed}, ${signed}, in ${seconds.toFixed(2)} s`;
}
