// Whom the user accepts until the key is locked: senders of contacts files, and those whose fingerprint was compared
// here. What any of the contacts files revokes is accepted nowhere, as long as the page is open.

import { type Contacts, type Identity, parseContacts } from "../library.js";
import { held, whenHeld } from "./session.js";

const revoking: Contacts[] = [];
let naming: Contacts[] = [];
const accepted = new Set<string>();
const listeners = new Set<() => void>();

// Whoever found the page unlocked may have accepted somebody: that ends with the key.
whenHeld(() => {
  if (held()) return;
  accepted.clear();
  naming = [];
});

/** Counts of what it holds. Throws `usage`. */
export async function useContacts(text: string): Promise<{ readonly names: number; readonly revoked: number }> {
  const contacts = await parseContacts(text);
  // One after the other, none in place of another: what was revoked stays so.
  revoking.push(contacts);
  naming.push(contacts);
  tell();
  return { names: contacts.names, revoked: contacts.revoked };
}

export function accept(signer: string, isAccepted: boolean): void {
  if (isAccepted) accepted.add(signer);
  else accepted.delete(signer);
  tell();
}

/** Called when somebody was accepted, or is no more. */
export function whenAccepted(listener: () => void): void {
  listeners.add(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Why and when the key was revoked; null where it is not. */
export function revocationOf(key: string): string | null {
  return firstOf(revoking, (contacts) => contacts.revocationOf(key));
}

export function nameOf(key: string): string | null {
  return firstOf(naming, (contacts) => contacts.nameOf(key));
}

function firstOf(all: readonly Contacts[], ask: (contacts: Contacts) => string | null): string | null {
  return all.map(ask).find((found) => found !== null) ?? null;
}

/** Whose files are opened with this identity: what its file accepts, the contacts' senders, those accepted here. */
export function acceptedWith(identity: Identity): readonly string[] {
  const signers = new Set([...identity.accept, ...naming.flatMap(({ senders }) => senders), ...accepted]);
  return [...signers].filter((signer) => revocationOf(signer) === null);
}
