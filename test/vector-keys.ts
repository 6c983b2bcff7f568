// The keys of the vectors, by name: who opens, who is accepted, who is revoked.

import type { Bytes } from "../src/bytes.js";
import { native } from "../src/crypto/native.js";
import type { Suite } from "../src/crypto/suite.js";
import { type Contacts, parseContacts } from "../src/keys/contacts.js";
import type { IdentityFile } from "../src/keys/identity.js";
import { parseSigner } from "../src/keys/text.js";
import { identityFile, personOf } from "./support.js";

export type VectorKeys = Readonly<Record<string, { readonly secret: string; readonly signer: string }>>;

/** The identities of those names; `accept` has the accept lines of each. */
export function vectorIdentities(
  suite: Suite,
  keys: VectorKeys,
  names: string | readonly string[],
  accept: readonly (readonly Bytes[])[] | null = null,
): Promise<IdentityFile[]> {
  const secrets = [names].flat().map((name) => keys[name]!.secret);
  return Promise.all(secrets.map(async (secret, i) => identityFile(await personOf(suite, secret), accept?.[i])));
}

/** null where a vector has none. */
export async function acceptLines(keys: VectorKeys, accept: string[][] | undefined): Promise<Bytes[][] | null> {
  return accept ? Promise.all(accept.map((names) => signersOf(keys, names))) : null;
}

export async function acceptedSigners(keys: VectorKeys, from: string[] | "any" | null): Promise<Bytes[] | "any"> {
  return from === "any" ? from : signersOf(keys, from ?? []);
}

/** Contacts that say so. */
export function revokedSigners(keys: VectorKeys, names: readonly string[]): Contacts {
  return parseContacts(names.map((name) => `- ${keys[name]!.signer} revoked 2026-01-31T12:00:00Z\n`).join(""));
}

function signersOf(keys: VectorKeys, names: readonly string[]): Promise<Bytes[]> {
  return Promise.all(names.map((name) => parseSigner(native, keys[name]!.signer)));
}
