// seal FILE… --to R…

import { resolve } from "node:path";
import { loadSuite, type SigningKey, type Suite } from "../../crypto/index.js";
import type { Engine } from "../../engine/engine.js";
import { SealError } from "../../errors.js";
import { tellRevocation } from "../../keys/contacts.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../ops/header.js";
import type { Progress } from "../../ops/io.js";
import { type Sealed, seal as sealTo } from "../../ops/seal.js";
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
import { isDirectory, isStdout, openInput, openSink, sealedName } from "../outputs.js";
import { withProgress } from "../progress.js";
import { refuseTerminal } from "../terminal.js";
import { inputName, outputName, recipientCount } from "../text.js";
import { humanBytes, parseLabel } from "../values.js";

interface Options extends Common {
  readonly to?: readonly string[];
  readonly sign?: string;
  readonly unsigned?: true;
  readonly label?: string;
  readonly threads?: number;
  readonly output?: string;
  readonly force?: true;
  readonly contacts?: string;
}

export const seal: CommandDefinition<Options> = {
  name: "seal",
  summary: "seal files for recipients",
  examples: [
    ["seal backup.tar --to server.pub --sign master.key", "write backup.tar.sealed, which server can open"],
    ["tar c site | seal - --to @eu-servers > site.tar.sealed", "seal a directory for a group of contacts"],
    ["seal db.sql --to server.pub --label nightly-db -o outbox", "sign a name with it, and write it into a directory"],
  ],

  define: (command) => {
    command
      .argument("[FILE...]", "files to seal; - for standard input")
      .option("--to <R>", "a recipient: seal1…, a .pub file, a contact, or a @group (repeatable)", collect)
      .option("--sign <KEY>", "identity file to sign with (default: identity.key in the configuration directory)")
      .option("--unsigned", "do not sign: nobody can tell who sealed it")
      .option("--label <TEXT>", "a public, signed label, which whoever opens can demand")
      .option("-o, --output <OUT>", "output file, an existing directory, or - (default: FILE.sealed)")
      .option("--force", "replace an existing output")
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: (files, { output }) =>
    isStdout(output) || (output === undefined && files.every((file) => file === "-")),

  run: async (named, options, context) => {
    const files = await inputs(named, options);
    const suite = await loadSuite();
    const engine = engineFor(suite, files, options.threads);
    if (!options.to)
      throw new SealError("usage", "no recipient: --to is missing", { hint: "Give --to once for each recipient." });
    const contacts = await loadContacts(options.contacts, context.signal);
    const recipients = await resolveRecipients(options.to, contacts, context);
    const label = parseLabel(options.label ?? "");
    const signer = await signingKey(suite, options, context);
    const revoked = signer && contacts.revocation(signer.publicKey);
    if (revoked) context.report.note(`warning: the key that signs was ${tellRevocation(revoked)}`);
    const settings = { suite, engine, recipients, label, signer };
    const outputs = await Promise.all(files.map((file) => sealedName(file, options.output)));
    const places = outputs.map((name) => resolve(name));
    const owner = new Map([...places.entries()].reverse().map(([index, place]) => [place, index]));
    const sources = new Set(files.map((file) => resolve(file)));
    await forEachInput(files, context, (file, isNext, index) => {
      const name = outputs[index]!;
      const place = places[index]!;
      if (owner.get(place) !== index) throw new SealError("usage", `${name} is written for another FILE already`);
      if (files.length > 1 && sources.has(place)) throw new SealError("usage", `${name} is one of the FILEs`);
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
  if (output !== undefined && (isStdout(output) || !(await isDirectory(output)))) {
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
  const started = process.uptime();
  const source = await openInput(file);
  try {
    const sink = await openSink(name, source, options.force === true, signal);
    if (sink.isTerminal) await refuseTerminal(sink);
    const work = (progress?: Progress) => sealTo(source, sink, { ...settings, now: Date.now(), progress, signal });
    const sealed = await withProgress(report, file, work, isNext);
    const seconds = process.uptime() - started;
    return () => report.result(facts(file, name, sealed, seconds), summary(file, name, sealed, seconds), "stderr");
  } finally {
    await source.close();
  }
}

/** What JSON says of a file that was sealed. */
export function facts(input: string, output: string, sealed: Sealed, seconds: number) {
  const signer = sealed.signer && encodeSigner(sealed.signer);
  return { input, output, ...sealed, signer, sealedAt: isoTime(sealed.sealedAt), seconds };
}

function summary(input: string, output: string, sealed: Sealed, seconds: number): string {
  const signed = sealed.signer ? "signed" : "unsigned";
  const size = humanBytes(sealed.bytes);
  return `sealed ${inputName(input)} -> ${outputName(output)}: ${size} for ${recipientCount(sealed.recipients)}, ${signed}, in ${seconds.toFixed(2)} s`;
}
