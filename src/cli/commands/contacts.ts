// seal contacts add | list | revoke | remove

import type { Command } from "commander";
import { closest } from "../../closest.js";
import { loadSuite, type Suite } from "../../crypto/index.js";
import { SealError } from "../../errors.js";
import { type Contacts, type KeyEntry, reasonFault, tellRevocation } from "../../keys/contacts.js";
import {
  addContact,
  addToGroup,
  removeContact,
  removeFromGroup,
  removeGroup,
  revokeContact,
  revokeKeys,
} from "../../keys/contacts-edit.js";
import { fingerprint } from "../../keys/fingerprint.js";
import { shortKey } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import { type CommandDefinition, type Common, type Context, contactsOption, wordArgument } from "../command.js";
import { editContacts, loadContacts } from "../options/contacts.js";
import { isHost } from "../options/hosts.js";
import { EVER, isFixed, isGroup, publicKeysOf } from "../options/keys.js";
import { escaped } from "../say/escape.js";

interface Options extends Common {
  readonly contacts?: string;
  readonly sender?: true;
  readonly replace?: true;
  readonly reason?: string;
}

interface Action {
  readonly flags: readonly (keyof Options)[];
  /** How many words follow it, at least and at most. */
  readonly words: readonly [number, number];
  run(words: readonly string[], options: Options, context: Context): Promise<void>;
}

export const contactsCommand: CommandDefinition<Options> = {
  name: "contacts",
  summary: "names for public keys: add, list, revoke, remove",
  forms: [
    ["seal contacts add NAME KEYS", "name the keys of a .pub file, or a seal1… and a sealsig1… key"],
    ["seal contacts add @GROUP NAME…", "put contacts into a group, to seal for with --to @GROUP"],
    ["seal contacts list [NAME|@GROUP]", "show names, keys and their fingerprints"],
    ["seal contacts revoke NAME|KEY", "refuse these keys from now on, whenever they signed"],
    ["seal contacts remove NAME|@GROUP", "forget a contact or a group"],
    ["seal contacts remove @GROUP NAME…", "take contacts out of the group"],
  ],
  examples: [
    ["seal contacts add master master.pub --sender", "accept what master signs, without --from"],
    ["seal contacts add @eu-servers paris berlin", "seal for both with --to @eu-servers"],
    ['seal contacts revoke paris --reason "stolen laptop"', "refuse its keys from now on"],
  ],

  define: (command: Command) => {
    command
      .addArgument(wordArgument("<ACTION>", "what to do", Object.keys(ACTIONS)))
      .argument("[WORDS...]", "a name, and what belongs to it")
      .option("--sender", "add: accept the files that this contact signs")
      .option("--replace", "add: these are its keys from now on; the old ones are kept as superseded")
      .option("--reason <TEXT>", "revoke: why; it is shown where the key is refused")
      .addOption(contactsOption());
  },

  dataOnStdout: () => false,

  run: async ([name = "", ...words], options, context) => {
    const action = ACTIONS[name as keyof typeof ACTIONS] as Action | undefined;
    if (!action || !Object.hasOwn(ACTIONS, name)) throw unknownAction(name);
    const [least, most] = action.words;
    if (words.length < least || words.length > most) {
      const fault = words.length < least ? "a word is missing" : "too many words";
      throw new SealError("usage", `contacts ${name}: ${fault}`, { hint: "See seal contacts --help." });
    }
    const flag = (["sender", "replace", "reason"] as const).find(
      (each) => options[each] && !action.flags.includes(each),
    );
    if (flag)
      throw new SealError("usage", `contacts ${name} takes no --${flag}`, { hint: "See seal contacts --help." });
    await action.run(words, options, context);
  },
};

function unknownAction(name: string): SealError {
  const meant = closest(name, Object.keys(ACTIONS));
  return new SealError("usage", `contacts ${name}: no such action`, {
    hint: meant ? `Did you mean: seal contacts ${meant}` : "It is add, list, revoke or remove.",
  });
}

const ACTIONS = {
  add: {
    flags: ["sender", "replace"],
    words: [2, Number.POSITIVE_INFINITY],
    run: async ([name, ...words], { contacts: path, sender = false, replace = false }, context) => {
      if (isGroup(name!)) {
        if (sender) throw new SealError("usage", "--sender: a group can receive, but not send");
        const after = await editContacts(path, true, context.signal, (all) => addToGroup(all, name!, words, replace));
        return tellGroup(name!, after, context);
      }
      const keys = await publicKeysOf(words, context.signal);
      const adding = { sender, replace, now: now() };
      const after = await editContacts(path, true, context.signal, (all) => addContact(all, name!, keys, adding));
      tellContact(await loadSuite(), name!, after, context);
    },
  },

  list: {
    flags: [],
    words: [0, 1],
    run: async ([name], { contacts: path }, context) => {
      const [all, suite] = [await loadContacts(path, context.signal, { checked: true }), await loadSuite()];
      if (name !== undefined) return tellOne(suite, name, all, context);
      for (const name of all.names()) tellContact(suite, name, all, context);
      tellRest(suite, all, context);
    },
  },

  revoke: {
    flags: ["reason"],
    words: [1, 2],
    run: async (words, { contacts: path, reason = "" }, context) => {
      const [name] = words as [string];
      if (isGroup(name)) throw new SealError("usage", `${name}: a group has no keys; revoke its members`);
      const fault = reasonFault(reason);
      if (fault) throw new SealError("usage", `--reason: ${fault}`);
      const revocation = { at: now(), reason: reason.trim() };
      const byKey = isFixed(name) || isHost(name);
      if (!byKey && words.length > 1) throw new SealError("usage", "contacts revoke takes one name");
      const keys = byKey ? await publicKeysOf(words, context.signal, EVER) : null;
      const after = await editContacts(path, keys !== null, context.signal, (all) =>
        keys ? revokeKeys(all, keys, revocation) : revokeContact(all, name, revocation),
      );
      if (!keys) return tellContact(await loadSuite(), name, after, context);
      const suite = await loadSuite();
      const texts = [...keys.recipients, ...keys.signers, ...(keys.ssh ?? [])];
      context.report.result(
        { revoked: texts, at: revocation.at },
        texts.map((text) => `revoked ${told(suite, text)}`).join("\n"),
        "stdout",
      );
    },
  },

  remove: {
    flags: [],
    words: [1, Number.POSITIVE_INFINITY],
    run: async ([name, ...members], { contacts: path }, context) => {
      if (!isGroup(name!) && members.length > 0) throw new SealError("usage", "contacts remove takes one name");
      const after = await editContacts(path, false, context.signal, (all) => {
        if (!isGroup(name!)) return removeContact(all, name!);
        return members.length > 0 ? removeFromGroup(all, name!, members) : removeGroup(all, name!);
      });
      if (members.length > 0) return tellGroup(name!, after, context);
      context.report.result({ name, removed: true }, `removed ${name}`, "stdout");
    },
  },
} satisfies Record<string, Action>;

function now(): string {
  return isoTime(Math.floor(Date.now() / 1000));
}

function tellContact(suite: Suite, name: string, all: Contacts, { report }: Context): void {
  const entries = all.keysOf(name);
  const keys = all.linesOf(name).map((entry) => keyFacts(suite, entry, all));
  const current = (kind: string) =>
    entries.find((entry) => entry.kind === kind && entry.state.is === "current" && !all.revocation(entry.key))?.text ??
    null;
  // A contact is revoked where none of its keys is left, and not just an old one was revoked.
  const revoked = keys.every(({ state }) => state !== "current")
    ? keys.findLast(({ state }) => state === "revoked")
    : null;
  const groups = all.groupsOf(name);
  const sender = entries.some(({ state, key }) => state.is === "current" && state.sender && !all.revocation(key));
  const facts = {
    name,
    recipient: current("recipient"),
    signer: current("signer"),
    sender,
    revoked: revoked?.since ?? null,
    reason: revoked?.reason ?? null,
    groups,
    keys,
  };
  const marks = [sender ? "sender" : "", revoked ? "revoked" : "", ...groups].filter((mark) => mark !== "");
  const heading = marks.length > 0 ? `${name} (${marks.join(", ")})` : name;
  report.result(facts, [heading, ...keys.flatMap(keyLines)].map(escaped).join("\n"), "stdout");
}

/** Throws `usage` where there is none. */
function tellOne(suite: Suite, name: string, all: Contacts, context: Context): void {
  if (isGroup(name) ? !all.groups.has(name) : all.keysOf(name).length === 0)
    throw new SealError("usage", `there is no ${isGroup(name) ? "group" : "contact"} ${name}`, {
      reason: "no-contact",
    });
  if (isGroup(name)) tellGroup(name, all, context);
  else tellContact(suite, name, all, context);
}

interface KeyFacts {
  readonly kind: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly state: "current" | "superseded" | "revoked";
  readonly since: string | null;
  readonly reason: string | null;
}

/** What holds for a key: a revocation, whichever line it stands on, before what this line says. */
function keyFacts(suite: Suite, { kind, text, key, state }: KeyEntry, all: Contacts): KeyFacts {
  const revoked = all.revocation(key);
  return {
    kind,
    key: text,
    fingerprint: fingerprint(suite, text),
    state: revoked ? "revoked" : state.is,
    since: revoked?.at ?? (state.is === "superseded" ? state.at : null),
    reason: revoked?.reason || null,
  };
}

function keyLines({ kind, key, fingerprint: digits, state, since, reason }: KeyFacts): string[] {
  const told = state === "revoked" ? tellRevocation({ at: since!, reason: reason ?? "" }) : `superseded on ${since}`;
  return [`  ${shortKey(key)}`, `      ${kind}, fingerprint ${digits}${state === "current" ? "" : `, ${told}`}`];
}

/** A key in one line: one that fills a screen with its fingerprint instead of the most of it. */
function told(suite: Suite, text: string): string {
  const short = shortKey(text);
  return short === text ? text : `${short} (fingerprint ${fingerprint(suite, text)})`;
}

function tellGroup(name: string, all: Contacts, { report }: Context): void {
  const members = all.groups.get(name) ?? [];
  report.result({ name, members }, `${name}: ${members.join(" ") || "(empty)"}`, "stdout");
}

/** Groups, and revoked keys of nobody: in text only, for each object is a contact. */
function tellRest(suite: Suite, all: Contacts, { report }: Context): void {
  if (report.json) return;
  const groups = [...all.groups].map(([name, members]) => `${name}: ${members.join(" ") || "(empty)"}`);
  const nobody = all
    .linesOf(null)
    .flatMap(({ text, state }) =>
      state.is === "revoked" ? `no contact: ${told(suite, text)}, ${tellRevocation(state)}` : [],
    );
  const text = [...groups, ...nobody].map(escaped).join("\n");
  if (text !== "") report.result({}, text, "stdout");
}
