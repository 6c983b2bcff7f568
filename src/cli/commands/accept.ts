// seal accept add | remove | list

import type { Command } from "commander";
import type { Bytes } from "../../bytes.js";
import { loadSuite, type Suite } from "../../crypto/index.js";
import { erase } from "../../crypto/secret.js";
import { SealError } from "../../errors.js";
import { type Accepting, acceptedBy, accepting, notAccepting } from "../../keys/accept.js";
import { type Contacts, tellRevocation } from "../../keys/contacts.js";
import { decodeSigner, encodeSigner } from "../../keys/text.js";
import { type CommandDefinition, type Common, type Context, contactsOption } from "../command.js";
import { changeFile } from "../options/change.js";
import { loadContacts } from "../options/contacts.js";
import { signersEver, unrevokedSigners } from "../options/keys.js";
import { about, readSecret } from "../options/read.js";

interface Options extends Common {
  readonly contacts?: string;
}

const DETAILS = [
  "Neither the secret of the identity nor its passphrase is needed. The rest of the file stays as it is, as do its owner, group and mode.",
];

const add: CommandDefinition<Options> = {
  name: "add",
  summary: "accept what a sender signs, with an identity",
  details: DETAILS,
  examples: [["seal accept add server.key master-2.pub", "open what master-2 signs, without --from"]],
  define: defineEdit,
  dataOnStdout: () => false,

  run: async ([path, ...names], options, context) => {
    const contacts = await loadContacts(options.contacts, context.signal);
    const signers = await unrevokedSigners("accept add", names, contacts, context.signal);
    const { before, after } = await changed(path!, context, (suite, file) => accepting(suite, file, signers));
    const [added, known] = split(signers, (key) => !before.accept.includes(key));
    const said = [...added.map((key) => `accepts now: ${key}`), ...known.map((key) => `accepted already: ${key}`)];
    context.report.result({ output: path, accept: after.accept, added }, said.join("\n"), "stdout");
    noteRevoked(after, contacts, context);
  },
};

const remove: CommandDefinition<Options> = {
  name: "remove",
  summary: "stop accepting a sender, with an identity",
  details: [
    ...DETAILS,
    "The name of a contact or a host stands for all keys that it has or had, a file for all keys in it, also those that are revoked or not valid any more.",
  ],
  examples: [["seal accept remove server.key master.pub", "after a rotation"]],
  define: defineEdit,
  dataOnStdout: () => false,

  run: async ([path, ...names], options, context) => {
    const contacts = await loadContacts(options.contacts, context.signal);
    const signers = await signersEver("accept remove", names, contacts, context.signal);
    const { before, after } = await changed(path!, context, (suite, file) => notAccepting(suite, file, signers));
    const [removed, strange] = split(signers, (key) => before.accept.includes(key));
    const said = [
      ...removed.map((key) => `no longer accepts: ${key}`),
      ...strange.map((key) => `was not accepted: ${key}`),
    ];
    context.report.result({ output: path, accept: after.accept, removed }, said.join("\n"), "stdout");
  },
};

const list: CommandDefinition<Options> = {
  name: "list",
  summary: "print the senders that an identity accepts",
  examples: [["seal accept list server.key", "a line each: the key, and whose it is"]],

  define: (command) => {
    command.argument("<NAME.key>", "the identity file").addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async ([path], options, context) => {
    const contacts = await loadContacts(options.contacts, context.signal);
    const { accept } = await about(path!, () => readAccepting(path!, context.signal));
    if (accept.length === 0 && !context.report.json) return context.report.note(`${path} accepts nobody`);
    context.report.result({ output: path, accept }, accept.map((key) => line(key, contacts)).join("\n"), "stdout");
  },
};

export const ACCEPT_COMMANDS: readonly CommandDefinition[] = [add, remove, list];

async function readAccepting(path: string, signal: AbortSignal): Promise<Accepting> {
  const file = await readSecret(path, signal);
  try {
    return await acceptedBy(await loadSuite(), file);
  } finally {
    erase(file);
  }
}

function defineEdit(command: Command): void {
  command
    .argument("<NAME.key>", "the identity file")
    .argument("<S...>", "senders: sealsig1…, a .pub file, or a contact")
    .addOption(contactsOption());
}

/** The identity file before and after the edit. */
async function changed(
  path: string,
  { signal }: Context,
  edit: (suite: Suite, file: Accepting) => Promise<Accepting>,
): Promise<{ before: Accepting; after: Accepting }> {
  if (path === "-") throw new SealError("usage", "NAME.key must be a file: it is changed in place");
  const suite = await loadSuite();
  return about(path, () =>
    changeFile(path, signal, async (file) => {
      const before = await acceptedBy(suite, file);
      const after = await edit(suite, before);
      return { file: after.file, result: { before, after } };
    }),
  );
}

/** The keys for which something holds, and the others; each once. */
function split(signers: readonly Bytes[], holds: (key: string) => boolean): [string[], string[]] {
  const keys = [...new Set(signers.map(encodeSigner))];
  return [keys.filter(holds), keys.filter((key) => !holds(key))];
}

/** The key, then whose it is and whether it was revoked, as far as the contacts know. */
function line(key: string, contacts: Contacts): string {
  const owner = contacts.owner(decodeSigner(key))?.name ?? "";
  const revoked = contacts.revocation(decodeSigner(key));
  return [key, owner, revoked ? `(${tellRevocation(revoked)})` : ""].filter((part) => part !== "").join(" ");
}

/** An accept line of a revoked key says more than holds. */
function noteRevoked({ accept }: Accepting, contacts: Contacts, { report }: Context): void {
  for (const key of accept) {
    const revoked = contacts.revocation(decodeSigner(key));
    if (revoked) report.note(`warning: it has a line that accepts ${key}, which was ${tellRevocation(revoked)}`);
  }
}
