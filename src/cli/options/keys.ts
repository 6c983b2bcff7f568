// From what stands on the command line to public keys: recipients, senders, contacts.

import type { Bytes } from "../../bytes.js";
import { loadSuite } from "../../crypto/index.js";
import { montgomeryOf } from "../../crypto/montgomery.js";
import { SealError } from "../../errors.js";
import { isKeyText, parsePublicKey } from "../../keys/any.js";
import { type Contacts, tellRevocation } from "../../keys/contacts.js";
import type { NewKeys } from "../../keys/contacts-edit.js";
import { parseAllPublicKeys, parsePublicKeys } from "../../keys/public-keys.js";
import { isSshText } from "../../keys/ssh/kinds.js";
import type { SshDemands } from "../../keys/ssh/lines.js";
import { encodeSshKey } from "../../keys/ssh/public.js";
import { keyText, type PublicKind } from "../../keys/text.js";
import { isHost, keysOfHost } from "./hosts.js";
import { about, readText } from "./read.js";
import { refusePrivateKey } from "./secrets.js";

/**
 * The signers that names stand for, none of which is revoked: an accept line of one would be worth nothing. Throws
 * `usage`, `io`.
 */
export async function unrevokedSigners(
  flag: string,
  names: readonly string[],
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Bytes[]> {
  const resolved = names.map(async (name) => {
    const keys = await resolve(name, flag, "signer", contacts, signal);
    for (const key of keys) refuseRevokedKey(contacts, key, flag, name);
    return keys;
  });
  return (await Promise.all(resolved)).flat();
}

/**
 * The same, but all that a contact, a host or a file has or had, also revoked ones, and those that are for another use
 * or time: what is taken away must not depend on that. Throws `usage`, `io`.
 */
export async function signersEver(
  flag: string,
  names: readonly string[],
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Bytes[]> {
  const resolved = names.map(async (name) => {
    const known = contacts.keysOf(name).filter(({ kind }) => kind === "signer");
    return known.length > 0 ? known.map(({ key }) => key) : resolve(name, flag, "signer", contacts, signal, EVER);
  });
  return (await Promise.all(resolved)).flat();
}

/** How keys are read that are taken away. */
export const EVER = { ever: true };
type Ever = Pick<SshDemands, "ever">;

/**
 * The Ed25519 public keys that `--from` names, revoked ones too: it is a file that they are refused for. Throws
 * `usage`, `io`.
 */
export async function resolveSigners(
  names: readonly string[],
  contacts: Contacts,
  signal: AbortSignal,
): Promise<Bytes[]> {
  return (await Promise.all(names.map((name) => resolve(name, "--from", "signer", contacts, signal)))).flat();
}

/** Throws `usage` for a revoked key. */
export function refuseRevokedKey(contacts: Contacts, key: Uint8Array, flag: string, name: string): void {
  const revoked = contacts.revocation(key);
  if (!revoked) return;
  const owner = contacts.owner(key)?.name;
  const whose = owner && owner !== name ? `the key of ${owner}` : "the key";
  const what = isKeyText(keyText(name)) ? flag : `${flag} ${name}`;
  throw new SealError("usage", `${what}: ${whose} was ${tellRevocation(revoked)}`, {
    hint: `A new key is given with: seal contacts add ${owner ?? "NAME"} KEYS --replace`,
  });
}

/** The keys of one kind that a key's text, a file of keys, a host or a contact gives. Throws `usage`, `io`. */
export async function resolve(
  name: string,
  flag: string,
  kind: PublicKind,
  contacts: Contacts,
  signal: AbortSignal,
  { ever = false } = {},
): Promise<Bytes[]> {
  refusePrivateKey(flag, name);
  // A key's own text is not repeated: it may be a secret that was pasted in the wrong place.
  const key = keyText(name);
  return about(isKeyText(key) ? flag : `${flag} ${name}`, async () => {
    refuseOtherPrograms(key);
    if (isKeyText(key)) {
      refuseSeveral(key);
      return [await parseKey(kind, key)];
    }
    if (isHost(name)) return asUsed(await keysOfHost(name, signal, { ever }), kind);
    const { path, principal } = kind === "signer" ? principalOf(name) : { path: name, principal: undefined };
    if (principal !== undefined || isPath(name)) {
      return parsePublicKeys(await loadSuite(), await readText(path, signal), kind, { principal, ever });
    }
    if (key !== name) throw new SealError("usage", "white space around the name of a contact");
    return contactKeys(contacts, name, kind);
  });
}

/** Keys of ssh, as recipients or as signers. */
function asUsed(keys: readonly Bytes[], kind: PublicKind): Bytes[] {
  return keys.map((key) => (kind === "recipient" ? montgomeryOf(key) : key));
}

/** `signer:NAME:FILE`, of a file of allowed signers; else the word is a path. */
function principalOf(word: string): { readonly path: string; readonly principal: string | undefined } {
  const [, principal, path] = /^signer:([^:]+):(.+)$/s.exec(word) ?? [];
  return principal && path ? { path, principal } : { path: word, principal: undefined };
}

/** The keys of that kind that a contact uses now; where it has none but revoked ones, those. Throws `usage`. */
export async function contactKeys(contacts: Contacts, name: string, kind: PublicKind): Promise<Bytes[]> {
  const all = contacts.keysOf(name);
  if (all.length === 0) throw unknownName(name, kind);
  const ofKind = all.filter((entry) => entry.kind === kind);
  const current = ofKind.filter(({ state }) => state.is === "current");
  const used = current.length > 0 ? current : ofKind.filter(({ state }) => state.is === "revoked");
  if (used.length === 0) throw new SealError("usage", `this contact has no ${kind} key`);
  return Promise.all(used.map(({ text }) => parseKey(kind, text)));
}

async function parseKey(kind: PublicKind, text: string): Promise<Bytes> {
  return parsePublicKey(await loadSuite(), text, kind);
}

/**
 * The keys that words name, each a key's text, a host or the path of a .pub file; all of them checked; and,
 * where they are to be revoked, whatever use or time each is for. Throws `usage`, `io`.
 */
export async function publicKeysOf(words: readonly string[], signal: AbortSignal, ssh: Ever = {}): Promise<NewKeys> {
  const found = await Promise.all(words.map((word) => publicKeysIn(word, signal, ssh)));
  return {
    recipients: found.flatMap(({ recipients }) => recipients),
    signers: found.flatMap(({ signers }) => signers),
    ssh: found.flatMap(({ ssh = [] }) => ssh),
  };
}

async function publicKeysIn(word: string, signal: AbortSignal, ssh: Ever): Promise<NewKeys> {
  refusePrivateKey("KEYS", word);
  const key = keyText(word);
  return about(isKeyText(key) ? "KEYS" : word, async () => {
    refuseOtherPrograms(key);
    if (isHost(word)) {
      return { recipients: [], signers: [], ssh: (await keysOfHost(word, signal, ssh)).map(encodeSshKey) };
    }
    if (isKeyText(key)) return parseAllPublicKeys(await loadSuite(), key, ssh);
    if (isPath(word)) return parseAllPublicKeys(await loadSuite(), await readText(word, signal), ssh);
    throw new SealError("usage", "neither a key nor the path of a public key file", {
      hint: 'Give keys (seal1…, sealsig1…, ssh-ed25519 …), host:NAME, or a path with a "/" in it or ending in .pub.',
    });
  });
}

function refuseSeveral(key: string): void {
  // Behind a key of ssh's stand its base64 and a comment.
  if (isSshText(key) ? !/\n|[ \t](?:ssh-ed25519|seal1\w+|sealsig1\w+)(?:[ \t]|$)/.test(key) : !/\s/.test(key)) return;
  throw new SealError("usage", "white space inside a key", { hint: "One key at a time: --to KEY --to KEY" });
}

function refuseOtherPrograms(name: string): void {
  if (OTHER_PROGRAMS.test(name)) throw new SealError("usage", "keys of other programs cannot be used");
}

const OTHER_PROGRAMS = /^age1/i;
/** Kept for kinds of keys to come. */
const RESERVED = /^(any$|[a-z0-9]+:)/;

/** Whether it is a key or a file of keys, and no name. */
export function isFixed(name: string): boolean {
  return isKeyText(keyText(name)) || isPath(name);
}

export function isGroup(name: string): boolean {
  return name.startsWith("@") && !isPath(name);
}

export function isPath(name: string): boolean {
  return (
    !isHost(name) &&
    (name.includes("/") || (process.platform === "win32" && name.includes("\\")) || name.endsWith(".pub"))
  );
}

function unknownName(name: string, kind: PublicKind): SealError {
  if (RESERVED.test(name)) return new SealError("usage", "a reserved word, which cannot be used here");
  if (isGroup(name)) {
    return new SealError("usage", "a group names recipients, not senders", { hint: "Name each sender." });
  }
  if (name.endsWith(".key")) {
    const hint = `The public keys are in ${name.replace(/\.key$/, ".pub")}.`;
    return new SealError("usage", "a secret identity file cannot be named here", { hint });
  }
  const begins = `${kind === "recipient" ? "seal1" : "sealsig1"}…, ssh-ed25519 `;
  return new SealError("usage", "no contact with that name", {
    hint: `See seal contacts list. Or give a key (${begins}…), or the path of a public key file (with a "/" in it, or ending in .pub).`,
  });
}
