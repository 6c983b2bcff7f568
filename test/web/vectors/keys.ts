// The vectors of key texts, identity files, public key files, contacts and fingerprints, for a page.

import { fromHex, fromUtf8, utf8 } from "../../../src/bytes.js";
import { copySecret } from "../../../src/crypto/secret.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { parseContacts } from "../../../src/keys/contacts.js";
import { checkKeys } from "../../../src/keys/contacts-edit.js";
import { fingerprint } from "../../../src/keys/fingerprint.js";
import { parseIdentityFile } from "../../../src/keys/identity.js";
import { parseAllPublicKeys, parsePublicKeys } from "../../../src/keys/public-keys.js";
import { parseSecret } from "../../../src/keys/secret-line.js";
import { parseSshKey } from "../../../src/keys/ssh/public.js";
import { encodeRecipient, encodeSigner, parseRecipient, parseSigner } from "../../../src/keys/text.js";
import { faultOf, passphraseOf, same } from "./common.js";

interface Named {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: "unsupported" | "usage" | "no-key";
  readonly text?: string;
  readonly hex?: string;
}

export interface KeyText extends Named {
  readonly kind: "recipient" | "signer" | "secret" | "ssh";
  readonly text: string;
}

export interface PublicKeysText extends Named {
  readonly recipients: string[];
  readonly signers: string[];
}

export interface IdentityText extends Named {
  readonly passphrase?: string;
  readonly passphraseHex?: string;
  readonly recipient?: string | null;
  readonly signer?: string | null;
  readonly accept?: string[];
}

export interface ContactsText extends Named {
  readonly line?: number | null;
  readonly senders: string[];
  readonly groups: Record<string, string[]>;
}

export async function runKeyText(suite: Suite, { kind, text, ok, error }: KeyText): Promise<void> {
  const parse = {
    recipient: async () => parseRecipient(suite, text),
    signer: async () => parseSigner(suite, text),
    secret: async () => parseSecret(copySecret(utf8(text))),
    ssh: async () => parseSshKey(suite, text),
  };
  const [, fault] = await faultOf<unknown>(parse[kind]);
  same(fault?.code ?? "ok", ok ? "ok" : (error ?? "usage"));
}

export async function runIdentity(suite: Suite, file: IdentityText): Promise<void> {
  const bytes = copySecret(file.hex === undefined ? utf8(file.text!) : fromHex(file.hex));
  const ask = async (attempt: number) => (attempt === 0 ? passphraseOf(file) : null);
  const [parsed, fault] = await faultOf(async () => {
    const found = await parseIdentityFile(suite, bytes, ask);
    const { recipient, signer } = await found.unlock();
    return { recipient, signer, accept: found.accept.map(encodeSigner) };
  });
  const { recipient, signer, accept } = file;
  if (file.ok) same(parsed, { recipient, signer, accept });
  else same((file.error ? [file.error] : ["usage", "no-key"]).includes(fault?.code ?? "ok"), true);
}

const textOf = ({ text, hex }: Named) => fromUtf8(hex === undefined ? utf8(text!) : fromHex(hex));

export async function runContacts(suite: Suite, file: ContactsText): Promise<void> {
  const text = textOf(file);
  if (text === null) return same([file.ok, file.line], [false, null]);
  const [found, fault] = await faultOf(async () => {
    const contacts = parseContacts(text);
    await checkKeys(suite, contacts);
    return contacts;
  });
  if (!file.ok) return same([fault?.code, fault?.message.includes(`line ${file.line}`)], [file.error ?? "usage", true]);
  const { senders, groups } = file;
  same({ senders: found!.senders().map(encodeSigner), groups: Object.fromEntries(found!.groups) }, { senders, groups });
}

export async function runPublicKeys(suite: Suite, file: PublicKeysText): Promise<void> {
  const text = textOf(file);
  if (text === null) return same(file.ok, false);
  if (!file.ok) {
    const [, fault] = await faultOf(async () => parseAllPublicKeys(suite, text));
    return same(fault?.code, file.error ?? "usage");
  }
  for (const [kind, due, encode] of [
    ["recipient", file.recipients, (key: Uint8Array) => encodeRecipient(suite, Uint8Array.from(key))],
    ["signer", file.signers, (key: Uint8Array) => encodeSigner(Uint8Array.from(key))],
  ] as const) {
    const [keys, fault] = await faultOf(async () => parsePublicKeys(suite, text, kind));
    // Whoever asks for a key of a kind is told that there is none.
    same(fault?.code ?? "ok", due.length === 0 ? "usage" : "ok");
    same([...new Set(keys?.map(encode))], due);
  }
}

export function runFingerprint(suite: Suite, due: { key: string; fingerprint: string }): void {
  same(fingerprint(suite, due.key).replaceAll(" ", ""), due.fingerprint);
}
