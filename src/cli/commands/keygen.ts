// seal keygen

import { Option } from "commander";
import { type Bytes, toHex, utf8 } from "../../bytes.js";
import { loadSuite, type Suite } from "../../crypto/index.js";
import { erase, type Secret } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";
import { writeNew } from "../../io/output.js";
import {
  DEFAULT_KIND,
  formatIdentity,
  generateSecret,
  type IdentityKeys,
  identityOf,
  type NewIdentity,
  readSigner,
} from "../../keys/identity.js";
import { formatPublicKeys } from "../../keys/public-keys.js";
import { type CommandDefinition, type Common, type Context, collect, contactsOption } from "../command.js";
import { loadContacts } from "../options/contacts.js";
import { unrevokedSigners } from "../options/keys.js";
import { newPassphrase, passphraseFor } from "../options/passphrases.js";
import { defaultIdentityPath, makeConfigDirectory } from "../options/places.js";
import { about, readSecret } from "../options/read.js";
import { publicKeys, textOf } from "./pub.js";

const USES = ["open", "sign"];

interface Options extends Common {
  readonly output?: string;
  readonly from?: readonly string[];
  readonly passphrase?: true;
  readonly classic?: true;
  readonly only?: "open" | "sign";
  readonly signAs?: string;
  readonly contacts?: string;
}

export const keygenCommand: CommandDefinition<Options> = {
  name: "keygen",
  summary: "make an identity: a secret key file and its public keys",
  examples: [
    ["seal keygen -o master.key", "write master.key, which is secret, and master.pub, which is not"],
    ["seal keygen -o server.key --from master.pub", "make an identity that opens what master signed"],
    ["seal keygen -o new.key --sign-as old.key", "take post-quantum keys to receive by, and stay the same sender"],
  ],

  define: (command) => {
    command
      .option("-o, --output <NAME.key>", "where to write it (default: identity.key in the configuration directory)")
      .option(
        "--from <S>",
        "a sender whose files this identity opens: sealsig1…, a .pub file, or a contact (repeatable)",
        collect,
      )
      .option("--passphrase", "protect the secret with a passphrase")
      .option("--classic", "short keys (X25519), which a quantum computer may break one day")
      .option(
        "--sign-as <KEY>",
        "sign with the key of this identity, and accept whom it accepts: only what opens is new",
      )
      .addOption(
        new Option("--only <USE>", "leave out the other key: an identity that only opens, or only signs").choices(USES),
      )
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async (_files, options, context) => {
    const { report, signal } = context;
    const suite = await loadSuite();
    const path = outputPath(options);
    const { keys, file } = await newIdentity(suite, options, context);
    try {
      signal.throwIfAborted();
      if (options.output === undefined) await makeConfigDirectory();
      await writePair(path, file, formatPublicKeys(keys));
    } finally {
      erase(file);
    }
    report.note(`wrote ${path} (secret: keep it) and ${publicName(path)} (public: give it away)`);
    report.result({ output: path, ...publicKeys(keys) }, textOf(keys), "stdout");
  },
};

/** Throws `usage`. */
function outputPath({ output }: Options): string {
  const path = output ?? defaultIdentityPath();
  if (path === "-") throw new SealError("usage", "a secret key is written to a file, not to standard output");
  if (path.endsWith(".pub"))
    throw new SealError("usage", "a secret key is not written to a .pub file: name it NAME.key");
  return path;
}

/** A new identity, and its file, to be erased. Throws `usage`, `io`, `no-key`. */
async function newIdentity(
  suite: Suite,
  options: Options,
  context: Context,
): Promise<{ readonly keys: IdentityKeys; readonly file: Secret }> {
  const kind = kindOf(options);
  const named = await acceptedSigners(options, context.signal);
  const before = options.signAs === undefined ? null : await signerBefore(suite, options.signAs, context);
  const secrets: Secret[] = before ? [before.seed] : [];
  try {
    const passphrase = options.passphrase ? await newPassphrase(context.signal) : undefined;
    if (passphrase) secrets.push(passphrase);
    const secret = generateSecret(suite, kind, before?.seed);
    secrets.push(secret);
    const keys = await identityOf(suite, secret);
    const accept = kind.opens ? distinct([...(before?.accept ?? []), ...named]) : [];
    return { keys, file: await formatIdentity(suite, secret, { of: keys, accept, passphrase, now: Date.now() }) };
  } finally {
    erase(...secrets);
  }
}

/** Throws `usage`. */
function kindOf({ classic, only, from, signAs }: Options): NewIdentity {
  if (classic && only) throw new SealError("usage", "--classic and --only exclude each other");
  if (only === "sign" && from) throw new SealError("usage", "--from: an identity that only signs opens nothing");
  if (only === "open" && signAs !== undefined)
    throw new SealError("usage", "--sign-as: an identity that only opens signs nothing");
  const kind = classic ? "x25519" : DEFAULT_KIND;
  return { opens: only === "sign" ? null : kind, signs: only !== "open" };
}

/** What an identity signs with, and whom it accepts. Throws `usage`, `io`, `no-key`. */
function signerBefore(suite: Suite, path: string, { signal }: Context): ReturnType<typeof readSigner> {
  return about(`--sign-as ${path}`, async () => {
    const file = await readSecret(path, signal);
    try {
      return await readSigner(suite, file, passphraseFor(path, signal), signal);
    } finally {
      erase(file);
    }
  });
}

function distinct(keys: readonly Bytes[]): Bytes[] {
  return [...new Map(keys.map((key) => [toHex(key), key])).values()];
}

/** What --from names. Throws `usage`, `io`. */
async function acceptedSigners({ from, contacts: path }: Options, signal: AbortSignal): Promise<Bytes[]> {
  if (!from && path === undefined) return [];
  const contacts = await loadContacts(path, signal);
  return unrevokedSigners("--from", from ?? [], contacts, signal);
}

/** NAME.pub beside NAME.key. */
function publicName(path: string): string {
  return `${path.replace(/\.key$/, "")}.pub`;
}

/** Both files or none; neither replaces anything. */
async function writePair(path: string, secret: Secret, publics: string): Promise<void> {
  const undo = await writeNew(path, secret, 0o600);
  try {
    await writeNew(publicName(path), utf8(publics));
  } catch (error) {
    await undo().catch(() => {
      (error as SealError).hint = `${path} was left behind: remove it.`;
    });
    throw error;
  }
}
