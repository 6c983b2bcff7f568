// Whom the user accepts, as long as the page is open: senders of contacts files, and those whose fingerprint was
// compared here. What any of the contacts files revokes is accepted nowhere.

import { type Contacts, type Identity, parseContacts } from "../library.js";

const all: Contacts[] = [];
const accepted = new Set<string>();

/** Counts of what it holds. Throws `usage`. */
export async function useContacts(text: string): Promise<{ readonly names: number; readonly revoked: number }> {
  const contacts = await parseContacts(text);
  // One after the other, none in place of another: what was revoked stays so.
  all.push(contacts);
  return { names: contacts.names, revoked: contacts.revoked };
}

export function accept(signer: string, isAccepted: boolean): void {
  if (isAccepted) accepted.add(signer);
  else accepted.delete(signer);
}

/** Why and when the key was revoked; null where it is not. */
export function revocationOf(key: string): string | null {
  return firstOf((contacts) => contacts.revocationOf(key));
}

export function nameOf(key: string): string | null {
  return firstOf((contacts) => contacts.nameOf(key));
}

function firstOf(ask: (contacts: Contacts) => string | null): string | null {
  return all.map(ask).find((found) => found !== null) ?? null;
}

/** Whose files are opened with this identity: what its file accepts, the contacts' senders, those accepted here. */
export function acceptedWith(identity: Identity): readonly string[] {
  const signers = new Set([...identity.accept, ...all.flatMap(({ senders }) => senders), ...accepted]);
  return [...signers].filter((signer) => revocationOf(signer) === null);
}
