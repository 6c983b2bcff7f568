// seal keygen

import type { Bytes } from "../../bytes.js";
import { loadSuite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { writeNew } from "../../io/output.js";
import { formatIdentity, formatPublicKeys, generateSecret, identityOf } from "../../keys/identity.js";
import { type CommandDefinition, type Common, collect, contactsOption } from "../command.js";
import { loadContacts } from "../contacts.js";
import { newPassphrase } from "../identities.js";
import { refuseRevoked, resolveSigners } from "../keys.js";
import { defaultIdentityPath, makeConfigDirectory } from "../places.js";
import { publicKeys } from "./pub.js";

interface Options extends Common {
  readonly output?: string;
  readonly from?: readonly string[];
  readonly passphrase?: true;
  readonly contacts?: string;
}

export const keygen: CommandDefinition<Options> = {
  name: "keygen",
  summary: "make an identity: a secret key file and its public keys",
  examples: [
    ["seal keygen -o master.key", "write master.key, which is secret, and master.pub, which is not"],
    ["seal keygen -o server.key --from master.pub", "make an identity that opens what master signed"],
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
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async (_files, options, { report, signal }) => {
    const suite = await loadSuite();
    const path = options.output ?? defaultIdentityPath();
    if (path === "-") throw new SealError("usage", "a secret key is written to a file, not to standard output");
    if (path.endsWith(".pub"))
      throw new SealError("usage", "a secret key is not written to a .pub file: name it NAME.key");
    const accept = await acceptedSigners(options, signal);
    const passphrase = options.passphrase ? await newPassphrase(signal) : undefined;
    const secret = generateSecret(suite);
    const keys = identityOf(suite, secret);
    const file = await formatIdentity(suite, secret, { accept, passphrase, now: Date.now() });
    signal.throwIfAborted();
    if (options.output === undefined) await makeConfigDirectory();
    await writePair(path, file, formatPublicKeys(keys));
    report.note(`wrote ${path} (secret: keep it) and ${publicName(path)} (public: give it away)`);
    report.result({ output: path, ...publicKeys(keys) }, `${keys.recipient}\n${keys.signer}`, "stdout");
  },
};

/** What --from names. A revoked sender is refused: its accept line would be worth nothing. Throws `usage`, `io`. */
async function acceptedSigners({ from, contacts: path }: Options, signal: AbortSignal): Promise<Bytes[]> {
  if (!from && path === undefined) return [];
  const contacts = await loadContacts(path, signal);
  const resolved = (from ?? []).map(async (name) => {
    const keys = await resolveSigners([name], contacts, signal);
    for (const key of keys) refuseRevoked(contacts, key, "--from", name);
    return keys;
  });
  return (await Promise.all(resolved)).flat();
}

/** NAME.pub beside NAME.key. */
function publicName(path: string): string {
  return `${path.replace(/\.key$/, "")}.pub`;
}

/** Both files or none; neither replaces anything. */
async function writePair(path: string, secret: string, publics: string): Promise<void> {
  const undo = await writeNew(path, secret, 0o600);
  try {
    await writeNew(publicName(path), publics, 0o666);
  } catch (error) {
    await undo().catch(() => {
      (error as SealError).hint = `${path} is left: remove it.`;
    });
    throw error;
  }
}
