// Whom `--to` names: when a command begins, and again while a long one runs.

import { type Bytes, toHex } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { isKeyText } from "../../keys/any.js";
import { type Contacts, tellRevocation } from "../../keys/contacts.js";
import { keyText } from "../../keys/text.js";
import type { Context } from "../command.js";
import type { ContactsNow } from "./contacts-now.js";
import { isHost } from "./hosts.js";
import { contactKeys, isFixed, isGroup, refuseRevokedKey, resolve } from "./keys.js";
import { type NamedKeys, refuseMixedKinds, shownName } from "./mixed.js";
import { about } from "./read.js";

/**
 * The public keys that `--to` names, groups included: all post-quantum, or all classic. Throws `usage`, also for a
 * revoked one; `io`.
 */
export async function resolveRecipients(
  names: readonly string[],
  contacts: Contacts,
  context: Context,
): Promise<Bytes[]> {
  const named = await resolveEach(names, contacts, context);
  refuseMixedKinds(named, contacts);
  return named.flatMap(({ keys }) => keys);
}

async function resolveEach(
  names: readonly string[],
  contacts: Contacts,
  { report, signal }: Context,
): Promise<NamedKeys[]> {
  const resolved = await Promise.all(
    names.map(async (name): Promise<NamedKeys> => {
      if (!isGroup(name)) return { name, keys: await resolve(name, "--to", "recipient", contacts, signal) };
      return about(`--to ${name}`, async () => {
        const members = await membersOf(contacts, name);
        refuseRevokedMember(contacts, name, members);
        return { name, keys: [...members.values()].flat() };
      });
    }),
  );
  for (const { name, keys } of resolved) {
    for (const key of keys) {
      refuseRevokedKey(contacts, key, "--to", name);
      const owner = contacts.owner(key);
      if (owner?.state.is === "superseded") {
        report.note(`warning: --to ${shownName(name)}: ${owner.name} has had another key since ${owner.state.at}`);
      }
    }
  }
  return resolved;
}

/**
 * Whom `--to` names whenever it is asked: contacts and groups as they stand then, the keys of others as they are now.
 * Who was revoked meanwhile is told of and left out. Now it throws as `resolveRecipients`; later `usage` for a name
 * that is not known any more and where nobody is left, `io`, the later signal's reason.
 */
export async function recipientsNow(
  names: readonly string[],
  contactsNow: ContactsNow,
  context: Context,
  later: AbortSignal,
): Promise<() => Promise<Bytes[]>> {
  const begun = await resolveEach(names, await contactsNow(context.signal), context);
  refuseMixedKinds(begun, await contactsNow(context.signal));
  const told = new Set<string>();
  return async () => {
    const contacts = await contactsNow(later);
    const all: NamedKeys[] = [];
    for (const { name, keys } of begun) {
      for (const key of isFixed(name) ? keys : await keysNow(name, contacts, later)) {
        const revoked = contacts.revocation(key);
        if (!revoked) all.push({ name, keys: [key] });
        else if (!told.has(toHex(key))) {
          told.add(toHex(key));
          const who = contacts.owner(key)?.name ?? (isKeyText(keyText(name)) ? "a recipient" : name);
          context.report.note(`warning: ${who} was ${tellRevocation(revoked)}: nothing more is sealed for it`);
        }
      }
    }
    refuseMixedKinds(all, contacts);
    if (all.length === 0) throw new SealError("usage", "no recipient is left: all that --to names are revoked");
    return all.flatMap(({ keys }) => keys);
  };
}

/** The keys of a host, a contact or a group, revoked ones too. */
function keysNow(name: string, contacts: Contacts, signal: AbortSignal): Promise<Bytes[]> {
  if (isHost(name)) return resolve(name, "--to", "recipient", contacts, signal);
  return about(`--to ${name}`, async () => {
    if (!isGroup(name)) return contactKeys(contacts, name, "recipient");
    return [...(await membersOf(contacts, name)).values()].flat();
  });
}

/**
 * The recipient keys of a group's members, revoked ones too. Throws `usage` for one that is empty, or has a member
 * without a key.
 */
async function membersOf(contacts: Contacts, group: string): Promise<ReadonlyMap<string, Bytes[]>> {
  const members = contacts.groups.get(group);
  if (!members) {
    throw new SealError("usage", "no group with that name", { hint: `Make one: seal contacts add ${group} NAME…` });
  }
  if (members.length === 0) {
    throw new SealError("usage", "the group is empty", { hint: `Add to it: seal contacts add ${group} NAME…` });
  }
  const keys = members.map((member) => about(member, () => contactKeys(contacts, member, "recipient")));
  return new Map(await Promise.all(members.map(async (member, i) => [member, await keys[i]!] as const)));
}

/** Nobody is left out of a group unnoticed. Throws `usage`. */
function refuseRevokedMember(contacts: Contacts, group: string, members: ReadonlyMap<string, Bytes[]>): void {
  for (const [name, keys] of members) {
    const revoked = keys.map((key) => contacts.revocation(key)).find((found) => found !== null);
    if (!revoked) continue;
    throw new SealError("usage", `${name} was ${tellRevocation(revoked)}`, {
      hint: `Take it out of the group (seal contacts remove ${group} ${name}), or give it a new key (seal contacts add ${name} KEYS --replace).`,
    });
  }
}
