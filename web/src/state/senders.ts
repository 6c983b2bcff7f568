// Whom the user accepts, as long as the page is open: senders of the contacts file, and those whose fingerprint was
// compared here. What the contacts file revokes is accepted nowhere.

import { type Contacts, type Identity, parseContacts } from "../library.js";

let contacts: Contacts | null = null;
const accepted = new Set<string>();

/** Counts of what it holds. Throws `usage`. */
export async function useContacts(text: string): Promise<{ readonly names: number; readonly revoked: number }> {
  contacts = await parseContacts(text);
  return { names: contacts.names, revoked: contacts.revoked };
}

export function accept(signer: string, isAccepted: boolean): void {
  if (isAccepted) accepted.add(signer);
  else accepted.delete(signer);
}

/** Why and when the key was revoked; null where it is not. */
export function revocationOf(key: string): string | null {
  return contacts?.revocationOf(key) ?? null;
}

export function nameOf(key: string): string | null {
  return contacts?.nameOf(key) ?? null;
}

/** Whose files are opened with this identity: what its file accepts, the contacts' senders, those accepted here. */
export function acceptedWith(identity: Identity): readonly string[] {
  const all = new Set([...identity.accept, ...(contacts?.senders ?? []), ...accepted]);
  return [...all].filter((signer) => revocationOf(signer) === null);
}
