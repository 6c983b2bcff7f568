// The contacts while a command runs for long: what is revoked meanwhile has to reach it.

import { type BigIntStats, statSync } from "node:fs";
import { ioError } from "../../errors.js";
import type { Contacts } from "../../keys/contacts.js";
import { loadContacts } from "./contacts.js";
import { defaultContactsPath } from "./places.js";

/** The contacts as the file has them now. Throws `io`, `usage`, the signal's reason. */
export type ContactsNow = (signal: AbortSignal) => Promise<Contacts>;

/**
 * Reads the contacts, and again whenever their file is another than it was. A default file need not exist; once it was
 * there, its absence is an error, for what it revoked stays revoked.
 */
export function contactsNow(named: string | undefined): ContactsNow {
  const path = named ?? defaultContactsPath();
  let known: { readonly mark: string | null; readonly contacts: Contacts } | null = null;
  return async (signal) => {
    // No home, no contacts: nothing that could change.
    const mark = path === null ? null : markOf(path);
    if (known && known.mark === mark) return known.contacts;
    // What is written between the look and the reading is read, and once more at the next look.
    known = { mark, contacts: await loadContacts(known?.mark && path !== null ? path : named, signal) };
    return known.contacts;
  };
}

/** What tells one state of a file from another; null where there is none. */
function markOf(path: string): string | null {
  let found: BigIntStats | undefined;
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw ioError(`cannot read contacts ${path}`, error);
  }
  return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ") : null;
}
