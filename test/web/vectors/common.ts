// What runs of vectors on a page share.

import { type Bytes, concat, fromHex, utf8 } from "../../../src/bytes.js";
import { portable } from "../../../src/crypto/portable.js";
import { copySecret, type Secret } from "../../../src/crypto/secret.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { SealError } from "../../../src/errors.js";
import type { Sink } from "../../../src/flow/io.js";
import { type Contacts, parseContacts } from "../../../src/keys/contacts.js";
import { type IdentityFile, type IdentityKeys, identityOf } from "../../../src/keys/identity.js";
import { parseSigner } from "../../../src/keys/text.js";

export interface Fault {
  readonly error: string;
  readonly chunk: number | null;
}

export type Keys = Readonly<Record<string, { readonly secret: string; readonly signer: string }>>;

/** Throws unless both are the same, as far as JSON can say. */
export function same(found: unknown, expected: unknown): void {
  const [left, right] = [found, expected].map((value) => JSON.stringify(sorted(value)));
  if (left !== right) throw new Error(`found ${left!.slice(0, 400)}, expected ${right!.slice(0, 400)}`);
}

/** Objects with their names in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]));
}

/** The result, or the error of ours. */
export async function faultOf<T>(work: () => Promise<T>): Promise<[T | null, SealError | null]> {
  try {
    return [await work(), null];
  } catch (error) {
    if (error instanceof SealError) return [null, error];
    throw error;
  }
}

/** A sink that keeps what it is given, and how it ended. */
export function keeping(): Sink & { bytes(): Bytes; end(): string } {
  const parts: Uint8Array[] = [];
  let end = "open";
  const over = (how: string) => async () => {
    end = how;
  };
  return {
    name: "the output",
    fd: null,
    keeps: false,
    write: async (bytes) => void parts.push(bytes.slice()),
    commit: over("committed"),
    abort: over("aborted"),
    bytes: () => concat(...parts),
    end: () => end,
  };
}

export function passphraseOf({
  passphrase,
  passphraseHex,
}: {
  readonly passphrase?: string;
  readonly passphraseHex?: string;
}): Secret | null {
  if (passphraseHex !== undefined) return copySecret(fromHex(passphraseHex));
  return passphrase === undefined ? null : copySecret(utf8(passphrase));
}

/** Keys that were made once, by their texts: the same few stand in all vectors. */
const signers = new Map<string, Promise<Bytes>>();
const identities = new Map<string, Promise<IdentityKeys>>();

function once<T>(made: Map<string, Promise<T>>, text: string, make: () => Promise<T>): Promise<T> {
  if (!made.has(text)) made.set(text, make());
  return made.get(text)!;
}

const signersNamed = (keys: Keys, names: readonly string[]) =>
  Promise.all(names.map((name) => once(signers, keys[name]!.signer, () => parseSigner(portable, keys[name]!.signer))));

export async function signersOf(keys: Keys, from: string[] | "any" | null): Promise<Bytes[] | "any"> {
  return from === "any" ? from : signersNamed(keys, from ?? []);
}

export async function acceptOf(keys: Keys, accept: string[][] | undefined): Promise<Bytes[][] | null> {
  return accept ? Promise.all(accept.map((names) => signersNamed(keys, names))) : null;
}

export function contactsOf(keys: Keys, revoked: readonly string[]): Contacts {
  return parseContacts(revoked.map((name) => `- ${keys[name]!.signer} revoked 2026-01-31T12:00:00Z\n`).join(""));
}

export function identitiesOf(
  suite: Suite,
  keys: Keys,
  names: string | readonly string[],
  accept: readonly (readonly Bytes[])[] | null,
): Promise<IdentityFile[]> {
  return Promise.all(
    [names].flat().map(async (name, i) => {
      const { secret } = keys[name]!;
      const identity = await once(identities, secret, () => identityOf(suite, copySecret(utf8(secret))));
      return { accept: accept?.[i] ?? [], isProtected: false, unlock: async () => identity };
    }),
  );
}
