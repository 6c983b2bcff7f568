// From what stands on the command line to public keys: recipients, senders, contacts.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { type Contacts, type PublicKind, tellRevocation } from "../keys/contacts.js";
import type { NewKeys } from "../keys/contacts-edit.js";
import { parseAllPublicKeys, parsePublicKeys } from "../keys/identity.js";
import { kindOf, parseRecipient, parseSigner } from "../keys/text.js";
import type { Context } from "./command.js";
import { about, readText } from "./read.js";

/** The X25519 public keys that `--to` names, groups included. Throws `usage`, also for a revoked one; `io`. */
export async function resolveRecipients(
  names: readonly string[],
  contacts: Contacts,
  { report, signal }: Context,
): Promise<Bytes[]> {
  const resolved = await Promise.all(
    names.map(async (name) => {
      if (!isGroup(name)) return { name, keys: await resolve(name, "--to", "recipient", contacts, signal) };
      return { name, keys: await about(`--to ${name}`, () => membersOf(contacts, name)) };
    }),
  );
  const all: Bytes[] = [];
  for (const { name, keys } of resolved) {
    for (const key of keys) {
      refuseRevoked(contacts, key, "--to", name);
      const owner = contacts.owner(key);
      if (owner?.state.is === "superseded") {
        report.note(`warning: --to ${name}: ${owner.name} has had another key since ${owner.state.at}`);
      }
      all.push(key);
    }
  }
  return all;
}

/** The Ed25519 public keys that `--from` names, revoked ones too: it is a file that they are refused for. Throws `usage`, `io`. */
export async function resolveSigners(
  names: readonly string[],
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--from", "signer", contacts, signal)))).flat();
}

/** Throws `usage` for a revoked key. */
export function refuseRevoked(contacts: Contacts, key: Uint8Array, flag: string, name: string): void {
  const revoked = contacts.revocation(key);
  if (!revoked) return;
  const owner = contacts.owner(key)?.name;
  const whose = owner && owner !== name ? `the key of ${owner}` : "the key";
  const what = kindOf(name) ? flag : `${flag} ${name}`;
  throw new SealError("usage", `${what}: ${whose} was ${tellRevocation(revoked)}`, {
    hint: `A new key is given with: seal contacts add ${owner ?? "NAME"} KEYS --replace`,
  });
}

async function resolve(
  name: string,
  flag: string,
  kind: PublicKind,
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Bytes[]> {
  // A key's own text is not repeated: it may be a secret that was pasted in the wrong place.
  return about(kindOf(name) ? flag : `${flag} ${name}`, async () => {
    refuseOtherPrograms(name);
    if (kindOf(name)) return [kind === "recipient" ? parseRecipient(name) : await parseSigner(name)];
    if (isPath(name)) return parsePublicKeys(await readText(name, signal), kind);
    return contactKeys(contacts, name, kind);
  });
}

/** The keys of that kind that a contact uses now; where it has none but revoked ones, those. Throws `usage`. */
async function contactKeys(contacts: Contacts, name: string, kind: PublicKind): Promise<Bytes[]> {
  const all = contacts.keysOf(name);
  if (all.length === 0) throw unknownName(name, kind);
  const ofKind = all.filter((entry) => entry.kind === kind);
  const current = ofKind.filter(({ state }) => state.is === "current");
  const used = current.length > 0 ? current : ofKind.filter(({ state }) => state.is === "revoked");
  if (used.length === 0) throw new SealError("usage", `this contact has no ${kind} key`);
  return Promise.all(used.map(({ text, key }) => (kind === "signer" ? parseSigner(text) : key)));
}

/** The recipient keys of a group. Throws `usage` for one that is empty, or of which a member cannot be sealed for. */
async function membersOf(contacts: Contacts, group: string): Promise<Bytes[]> {
  const members = contacts.groups.get(group);
  if (!members) {
    throw new SealError("usage", "no group of that name", { hint: `Make one: seal contacts add ${group} NAME…` });
  }
  if (members.length === 0) {
    throw new SealError("usage", "the group is empty", { hint: `Add to it: seal contacts add ${group} NAME…` });
  }
  const keys = await Promise.all(
    members.map((member) => about(member, () => contactKeys(contacts, member, "recipient"))),
  );
  for (const [i, name] of members.entries()) {
    const revoked = keys[i]!.map((key) => contacts.revocation(key)).find((found) => found !== null);
    if (!revoked) continue;
    throw new SealError("usage", `${name} was ${tellRevocation(revoked)}`, {
      hint: `Take it out of the group (seal contacts remove ${group} ${name}), or give it a new key (seal contacts add ${name} KEYS --replace).`,
    });
  }
  return keys.flat();
}

/** The keys that words name, each a key's text or the path of a .pub file; all of them checked. Throws `usage`, `io`. */
export async function publicKeysOf(words: readonly string[], signal: AbortSignal): Promise<NewKeys> {
  const found = await Promise.all(words.map((word) => publicKeysIn(word, signal)));
  return {
    recipients: found.flatMap(({ recipients }) => recipients),
    signers: found.flatMap(({ signers }) => signers),
  };
}

async function publicKeysIn(word: string, signal: AbortSignal): Promise<NewKeys> {
  return about(kindOf(word) ? "KEYS" : word, async () => {
    refuseOtherPrograms(word);
    if (kindOf(word)) return parseAllPublicKeys(word);
    if (isPath(word)) return parseAllPublicKeys(await readText(word, signal));
    throw new SealError("usage", "neither a key nor the path of a public key file", {
      hint: 'Give keys (seal1…, sealsig1…), or a path with a "/" in it or ending in .pub.',
    });
  });
}

function refuseOtherPrograms(name: string): void {
  if (OTHER_PROGRAMS.test(name)) throw new SealError("usage", "keys of other programs cannot be used");
}

const OTHER_PROGRAMS = /^(ssh-|ecdsa-sha2-|sk-|age1)/i;
/** Kept for kinds of keys to come. */
const RESERVED = /^(any$|[a-z0-9]+:)/;

export function isGroup(name: string): boolean {
  return name.startsWith("@") && !isPath(name);
}

export function isPath(name: string): boolean {
  return name.includes("/") || (process.platform === "win32" && name.includes("\\")) || name.endsWith(".pub");
}

function unknownName(name: string, kind: PublicKind): SealError {
  if (RESERVED.test(name)) return new SealError("usage", "a reserved word, which cannot be used here");
  if (isGroup(name)) {
    return new SealError("usage", "a group can be sealed for, but names no sender", { hint: "Name each sender." });
  }
  if (name.endsWith(".key")) {
    const hint = `Public keys stand in ${name.replace(/\.key$/, ".pub")}.`;
    return new SealError("usage", "an identity file is secret, and names nobody", { hint });
  }
  const begins = kind === "recipient" ? "seal1" : "sealsig1";
  return new SealError("usage", "no contact of that name", {
    hint: `See seal contacts list. Or give a key (${begins}…), or the path of a public key file (with a "/" in it, or ending in .pub).`,
  });
}
