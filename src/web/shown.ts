// What a page shows people of keys, contacts and files, and asks before it begins.

import { isA, refused, text } from "../api/arguments.js";
import { bytes } from "../api/given-bytes.js";
import { platform } from "../api/platform.js";
import { utf8 } from "../bytes.js";
import { montgomeryOf } from "../crypto/montgomery.js";
import { erase } from "../crypto/secret.js";
import { INVISIBLE, KIND_FILE } from "../format/core.js";
import { MAGIC } from "../format/magic.js";
import { parseContacts, tellRevocation } from "../keys/contacts.js";
import { fingerprint } from "../keys/fingerprint.js";
import { BEGIN } from "../keys/protected.js";
import { parseAllPublicKeys } from "../keys/public-keys.js";
import { decodeSshKey } from "../keys/ssh/public.js";
import { decodeRecipient, decodeSigner, encodeRecipient, encodeSigner, keyKind } from "../keys/text.js";

/** The public keys of a public key file, as texts that were checked. */
export interface PublicKeys {
  readonly recipients: readonly string[];
  readonly signers: readonly string[];
}

/**
 * Parses the text of a public key file, or of keys one a line. An ssh-ed25519 key is both: a signer, and a classic
 * recipient.
 * @throws `SealError`: `usage`, naming the line, also where there is no key; `unsupported`.
 */
export async function parsePublicKeyText(given: string): Promise<PublicKeys> {
  const suite = await platform().suite();
  const { recipients, signers, ssh = [] } = await parseAllPublicKeys(suite, text(given, "the text"));
  const keys = ssh.map(decodeSshKey);
  return {
    recipients: [...recipients, ...keys.map((key) => encodeRecipient(suite, montgomeryOf(key)))],
    signers: [...signers, ...keys.map(encodeSigner)],
  };
}

/** Thirty digits of a public key's text, for two people to compare (docs/FORMAT.md, "Fingerprints"). */
export async function fingerprintOf(key: string): Promise<string> {
  return fingerprint(await platform().suite(), text(key, "the key"));
}

/** What a contacts file says of public keys, which are given as texts. */
export interface KnownContacts {
  /** How many contacts, and how many keys that are revoked, it has. */
  readonly names: number;
  readonly revoked: number;
  /** Whom it accepts as senders, less whom it revokes. */
  readonly senders: readonly string[];
  /** Whose key it is; null where nobody's. */
  nameOf(key: string): string | null;
  /** When a key was revoked and why, in words; null where it was not. */
  revocationOf(key: string): string | null;
}

/**
 * Parses the text of a contacts file (docs/FORMAT.md, "Contacts").
 * @throws `SealError`: `usage`, naming the line.
 */
export function parseContactsText(given: string): KnownContacts {
  const contacts = parseContacts(text(given, "the text"));
  const keyOf = (key: string) => (keyKind(key) === "signer" ? decodeSigner(key) : decodeRecipient(key));
  return Object.freeze({
    names: contacts.names().length,
    revoked: contacts.keys.filter(({ state }) => state.is === "revoked").length,
    senders: Object.freeze(contacts.senders().map(encodeSigner)),
    nameOf: (key: string) => contacts.owner(keyOf(key))?.name ?? null,
    revocationOf: (key: string) => {
      const found = contacts.revocation(keyOf(key));
      return found && tellRevocation(found);
    },
  });
}

const UNSHOWN = new RegExp(`${INVISIBLE.source}|[\\ud800-\\udfff]`, "gu");

/** The text, with characters that do not show, or turn what is around them, as \xNN, \uNNNN or \u{NNNNN}. */
export function escapedText(given: string): string {
  return given.replace(UNSHOWN, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    if (code.length > 4) return `\\u{${code}}`;
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Whether the file of an identity asks for a passphrase, by a look at its text: it may still be a damaged one. */
export function asksPassphrase(secretFile: Uint8Array): boolean {
  const file = bytes(secretFile, "the identity file");
  const begin = utf8(BEGIN);
  try {
    for (let at = file.indexOf(begin[0]!); at >= 0; at = file.indexOf(begin[0]!, at + 1)) {
      if (begin.every((byte, i) => file[at + i] === byte)) return true;
    }
    return false;
  } finally {
    erase(file);
  }
}

/** Where the kind stands: behind magic and version. */
const KIND_AT = MAGIC.length + 1;

/** As what a Blob begins, a sealed file or a journal; null for anything else, as the text form of a file is. */
export async function kindOfBlob(blob: Blob): Promise<"file" | "journal" | null> {
  if (!isA(blob, Blob)) throw refused("the input", blob, "a Blob");
  const start = new Uint8Array(await blob.slice(0, KIND_AT + 1).arrayBuffer());
  if (start.length <= KIND_AT || MAGIC.some((byte, i) => start[i] !== byte)) return null;
  return start[KIND_AT] === KIND_FILE ? "file" : "journal";
}
