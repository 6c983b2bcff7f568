// What `seal contacts` does to a contacts file. Each edit gives new contacts, and leaves lines that it does not concern
// as they are.

import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { parsePublicKey } from "./any.js";
import {
  type ContactEntry,
  Contacts,
  groupFault,
  type KeyEntry,
  type KeyState,
  type Line,
  lineOf,
  nameFault,
  tellRevocation,
} from "./contacts.js";
import { decodeSshKey } from "./ssh/public.js";
import { decodeRecipient, decodeSigner, keyKind, ofLine, shortKey } from "./text.js";

/** The keys of a contact, as text; those of signers have been checked to be valid. */
export interface NewKeys {
  readonly recipients: readonly string[];
  readonly signers: readonly string[];
  /** Of ssh's, which are both. */
  readonly ssh?: readonly string[] | undefined;
}

export interface Adding {
  /** Accept the contact's files. */
  readonly sender: boolean;
  /** These are the contact's keys from now on; those it had before are superseded. */
  readonly replace: boolean;
  /** ISO 8601, in seconds. */
  readonly now: string;
}

/**
 * Checks that every key is valid, which takes a millisecond or two for each signer. Throws `usage`, naming the line.
 */
export async function checkKeys(suite: Suite, { lines }: Contacts): Promise<void> {
  for (const [i, { entry }] of lines.entries()) {
    if (entry?.type !== "key") continue;
    try {
      await parsePublicKey(suite, entry.text, entry.kind === "recipient" ? "recipient" : "signer");
    } catch (error) {
      throw ofLine(i, error);
    }
  }
}

/** Adds a contact, or gives one its new keys. Throws `usage`. */
export function addContact(contacts: Contacts, name: string, keys: NewKeys, adding: Adding): Contacts {
  const { ssh = [] } = keys;
  refuse(name, nameFault(name));
  const before = contacts.keysOf(name);
  if (before.length > 0 && !adding.replace) {
    throw new SealError("usage", `there is already a contact ${name}`, { reason: "contact-exists" });
  }
  if (adding.sender && keys.signers.length + ssh.length === 0) {
    throw new SealError("usage", `${name} has no signer key (sealsig1…, ssh-ed25519 …) to accept`);
  }
  const marked = adding.sender || before.some(({ state }) => state.sender);
  const fresh = [
    ...unique(keys.recipients).map((text) => keyEntry(name, "recipient", text, { is: "current", sender: false })),
    ...unique(keys.signers).map((text) => keyEntry(name, "signer", text, { is: "current", sender: marked })),
    ...unique(ssh).map((text) => keyEntry(name, "ssh", text, { is: "current", sender: marked })),
  ];
  for (const { key, kind, text } of fresh) {
    const revoked = contacts.revocation(key);
    if (revoked) throw new SealError("usage", `the ${kind} key ${shortKey(text)} was ${tellRevocation(revoked)}`);
  }
  return replaceKeys(contacts, name, fresh, adding.now);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function keyEntry(name: string | null, kind: KeyEntry["kind"], text: string, state: KeyState): KeyEntry {
  const key = kind === "ssh" ? decodeSshKey(text) : kind === "recipient" ? decodeRecipient(text) : decodeSigner(text);
  return { type: "key", name, kind, text, key, state };
}

/** The contact's lines where they stood, with those that are new behind them, or at the end. */
function replaceKeys(contacts: Contacts, name: string, fresh: readonly KeyEntry[], now: string): Contacts {
  const lines: Line[] = contacts.lines.map((line) => {
    const { entry } = line;
    if (entry?.type !== "key" || entry.name !== name) return line;
    const again = fresh.find(({ text }) => text === entry.text);
    if (again) return changed(line, again);
    return entry.state.is === "current" ? changed(line, withState(entry, { is: "superseded", at: now })) : line;
  });
  const known = new Set(contacts.keysOf(name).map(({ text }) => text));
  const last = lines.findLastIndex(({ entry }) => entry?.type === "key" && entry.name === name);
  const added = fresh.filter(({ text }) => !known.has(text)).map(lineOf);
  return new Contacts(lines.toSpliced(last < 0 ? lines.length : last + 1, 0, ...added));
}

/** The line of another entry, or the line (which has one) as it was written where that says the same. */
function changed(line: Line, entry: ContactEntry): Line {
  const next = lineOf(entry);
  return lineOf(line.entry!).raw === next.raw ? line : next;
}

function withState(entry: KeyEntry, state: KeyState): KeyEntry {
  return { ...entry, state };
}

/** Revokes every key that the contact has or had; what is revoked already keeps its date and reason. Throws `usage`. */
export function revokeContact(contacts: Contacts, name: string, revocation: { at: string; reason: string }): Contacts {
  requireContact(contacts, name);
  return revokeWhere(contacts, (entry) => entry.name === name, revocation);
}

/** Revokes keys, whoever's they are; those that nobody has get a line without a name. */
export function revokeKeys(contacts: Contacts, keys: NewKeys, revocation: { at: string; reason: string }): Contacts {
  const texts = new Set([...keys.recipients, ...keys.signers, ...(keys.ssh ?? [])]);
  const revoked = revokeWhere(contacts, ({ text }) => texts.has(text), revocation);
  for (const { text } of contacts.keys) texts.delete(text);
  const strangers = [...texts].map((text) => {
    const kind = keyKind(text);
    return keyEntry(null, kind === "signer" || kind === "recipient" ? kind : "ssh", text, {
      is: "revoked",
      ...revocation,
    });
  });
  return new Contacts([...revoked.lines, ...strangers.map(lineOf)]);
}

function revokeWhere(
  contacts: Contacts,
  concerns: (entry: KeyEntry) => boolean,
  revocation: { at: string; reason: string },
): Contacts {
  return new Contacts(
    contacts.lines.map((line) => {
      const { entry } = line;
      if (entry?.type !== "key" || entry.state.is === "revoked" || !concerns(entry)) return line;
      return changed(line, withState(entry, { is: "revoked", ...revocation }));
    }),
  );
}

/** Removes a contact, also from its groups. What was revoked stays so, without a name. Throws `usage`. */
export function removeContact(contacts: Contacts, name: string): Contacts {
  requireContact(contacts, name);
  const nameless = new Set(contacts.keys.filter((entry) => entry.name === null).map(({ text }) => text));
  const lines = contacts.lines.flatMap((line): Line[] => {
    const { entry } = line;
    if (entry?.type === "group") return [changed(line, without(entry, [name]))];
    if (entry?.type !== "key" || entry.name !== name) return [line];
    const stays = entry.state.is === "revoked" && !nameless.has(entry.text);
    return stays ? [lineOf({ ...entry, name: null })] : [];
  });
  return new Contacts(lines);
}

/** Adds members to a group, which need not be there yet; with `replace` they become its only ones. Throws `usage`. */
export function addToGroup(contacts: Contacts, group: string, members: readonly string[], replace: boolean): Contacts {
  refuse(group, groupFault(group));
  for (const name of members) requireContact(contacts, name);
  const before = replace ? [] : (contacts.groups.get(group) ?? []);
  return setGroup(contacts, group, [...new Set([...before, ...members])]);
}

/** Takes members out of a group, which may become empty. Throws `usage`. */
export function removeFromGroup(contacts: Contacts, group: string, members: readonly string[]): Contacts {
  const before = requireGroup(contacts, group);
  const stranger = members.find((name) => !before.includes(name));
  if (stranger !== undefined) throw new SealError("usage", `${stranger} is no member of ${group}`);
  return new Contacts(
    contacts.lines.map((line) =>
      line.entry?.type === "group" && line.entry.name === group ? changed(line, without(line.entry, members)) : line,
    ),
  );
}

export function removeGroup(contacts: Contacts, group: string): Contacts {
  requireGroup(contacts, group);
  return new Contacts(contacts.lines.filter(({ entry }) => entry?.type !== "group" || entry.name !== group));
}

/** One line for the group, where its first one stood. */
function setGroup(contacts: Contacts, group: string, members: readonly string[]): Contacts {
  const isGroup = ({ entry }: Line) => entry?.type === "group" && entry.name === group;
  const first = contacts.lines.findIndex(isGroup);
  const line = lineOf({ type: "group", name: group, members });
  if (first < 0) return new Contacts([...contacts.lines, line]);
  return new Contacts(
    contacts.lines.map((old, i) => (i === first ? line : old)).filter((old) => old === line || !isGroup(old)),
  );
}

function without<T extends { readonly members: readonly string[] }>(entry: T, names: readonly string[]): T {
  return { ...entry, members: entry.members.filter((member) => !names.includes(member)) };
}

function requireContact(contacts: Contacts, name: string): void {
  if (contacts.keysOf(name).length > 0) return;
  refuse(name, nameFault(name));
  throw new SealError("usage", `there is no contact ${name}`, { reason: "no-contact" });
}

function requireGroup(contacts: Contacts, group: string): readonly string[] {
  const members = contacts.groups.get(group);
  if (members) return members;
  throw new SealError("usage", `there is no group ${group}`, { reason: "no-contact" });
}

/** What looks like a key is not repeated: it may be a secret. */
function refuse(name: string, fault: string | null): void {
  if (fault) throw new SealError("usage", keyKind(name) ? fault : `"${name}": ${fault}`);
}
