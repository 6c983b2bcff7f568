// seal FILE… --to R…

import { type HeaderSigner, loadSuite, type Suite } from "../../crypto/index.js";
import { copySecret, erase } from "../../crypto/secret.js";
import { defaultThreads } from "../../engine/threads.js";
import { SealError } from "../../errors.js";
import type { Sealed } from "../../files/seal.js";
import { remembering } from "../../io/output.js";
import { tellRevocation } from "../../keys/contacts.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import { type CommandDefinition, type Common, type Context, contactsOption, threadsOption } from "../command.js";
import { forEachInput } from "../each-input.js";
import { loadContacts } from "../options/contacts.js";
import { engineFor } from "../options/engine.js";
import { loadSigner } from "../options/identities.js";
import { refuseBesidePassphrase } from "../options/mixed.js";
import { isStdout, outputPlace, sealedName } from "../options/outputs.js";
import { newFilePassphrase } from "../options/passphrases.js";
import { resolveRecipients } from "../options/recipients.js";
import { checkSeveral, outputNames } from "../options/several.js";
import { humanBytes, parseLabel } from "../options/values.js";
import { forceOption, labelOption, signOption, toOption } from "../options/who.js";
import { withProgress } from "../say/progress.js";
import type { Report } from "../say/report.js";
import { inputName, outputName, recipientCount } from "../say/text.js";
import { type FileSealing, sealFile } from "../seal-file.js";
import { startSealers } from "../sealers.js";

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
    const engine = engineFor(suite, files, options.threads, context.thread);
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
    const { armor, force, threads = defaultThreads() } = options;
    const { report, signal } = context;
    const outputs = { ...remembering(), force, signal, note: report.note };
    const settings = { suite, engine, recipients, label, signer, armor, outputs, signal };
    const sealers = passphrase ? null : startSealers(files.length, threads, settings);
    const work = async (file: string, isNext: () => boolean, index: number, isSmall: boolean) => {
      const started = process.uptime();
      const name = names(index);
      // Of one file, nothing of it is kept while that is sealed.
      const own = passphrase && files.length > 1 ? copySecret(passphrase) : passphrase;
      const here = () => {
        const isLast = index === files.length - 1 && isNext();
        const sealing: FileSealing = { ...settings, passphrase: own, isLast };
        return withProgress(report, file, (progress) => sealFile(file, name, { ...sealing, progress }), isNext);
      };
      try {
        const sealed = await (isSmall && sealers ? sealers.seal(file, name, here) : here());
        return told(report, file, name, sealed, passphrase !== null, process.uptime() - started);
      } finally {
        if (own) erase(own);
      }
    };
    try {
      await forEachInput(files, context, work, sealers?.threads);
    } finally {
      await sealers?.end();
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

/** What tells of a file that was sealed. */
function told(
  report: Report,
  file: string,
  name: string,
  sealed: Sealed,
  hasPassphrase: boolean,
  seconds: number,
): () => void {
  const text = summary(file, name, sealed, addressees(sealed.recipients, hasPassphrase), seconds);
  return () => report.result(facts(file, name, sealed, seconds), text, "stderr");
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
