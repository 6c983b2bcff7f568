// Contacts: names for public keys, which of them are accepted as senders, and which are revoked (docs/FORMAT.md,
// "Contacts"). A file is kept line by line, so that what an edit does not touch stays as it was written.

import { type Bytes, equal, toHex } from "../bytes.js";
import { KEY_BYTES } from "../crypto/lengths.js";
import { montgomeryOf } from "../crypto/montgomery.js";
import { SealError } from "../errors.js";
import { labelFault } from "../format/core.js";
import { isKnownSshType, isSshType } from "./ssh/kinds.js";
import { decodeSshKey } from "./ssh/public.js";
import { decodeRecipient, decodeSigner, keyKind, linesOf, ofLine, type PublicKind, trimmed } from "./text.js";

/** When a key was revoked, as ISO 8601, and why, where that was said. */
export interface Revocation {
  readonly at: string;
  readonly reason: string;
}

/**
 * What a line says of its key: to be used, accepted as a sender too, replaced by another, or never to be used again.
 */
export type KeyState =
  | { readonly is: "current"; readonly sender: boolean }
  | { readonly is: "superseded"; readonly at: string; readonly sender?: never }
  | ({ readonly is: "revoked"; readonly sender?: never } & Revocation);

export interface KeyEntry {
  readonly type: "key";
  /** The contact's name; null for a revoked key that belongs to no contact (any more). */
  readonly name: string | null;
  /** A key of ssh's is one on its line; to whoever uses it, it is a recipient, and a signer too. */
  readonly kind: PublicKind | "ssh";
  /** `seal1…`, `sealsig1…`, or `ssh-ed25519 …` without a comment. */
  readonly text: string;
  /**
   * A signer's 32 bytes are not known to be a valid key before `checkSigners`, or whoever uses them, has checked them.
   */
  readonly key: Bytes;
  readonly state: KeyState;
}

export interface GroupEntry {
  readonly type: "group";
  /** With its `@`. */
  readonly name: string;
  readonly members: readonly string[];
}

export type ContactEntry = KeyEntry | GroupEntry;

/** A line as it stands, and what it says; null for a comment or an empty line. */
export interface Line {
  readonly raw: string;
  readonly entry: ContactEntry | null;
}

const NAME = /^[a-z0-9][a-z0-9_-]*$/;
const GROUP = /^@[a-z0-9][a-z0-9_-]*$/;
/** Stands where a revoked key has no contact. */
const NOBODY = "-";

/** What is wrong with a contact's name; null for a good one. */
export function nameFault(name: string): string | null {
  if (keyKind(name) || isKnownSshType(name)) return "a name does not begin like a key";
  if (name === "any") return '"any" is reserved';
  return NAME.test(name) ? null : "a name has only a-z, 0-9, _ and -, and begins with a letter or digit";
}

/** What is wrong with a group's name (`@eu-servers`); null for a good one. */
export function groupFault(name: string): string | null {
  return GROUP.test(name) ? null : "a group's name is @ and then a-z, 0-9, _ and -";
}

/** What is wrong with a reason; null for a good one. It stands on one line, and is shown to people. */
export function reasonFault(reason: string): string | null {
  const fault = labelFault(reason);
  return fault && `the reason ${fault}`;
}

/** Parses a contacts file. Throws `usage`, naming the line; nothing is skipped. See `KeyEntry.key` on signers. */
export function parseContacts(text: string): Contacts {
  const raws = linesOf(text);
  if (raws.at(-1) === "") raws.pop();
  const lines = raws.map((raw, i) => ({ raw, entry: onLine(i, () => parseLine(raw)) }));
  checkDoubles(lines);
  const contacts = new Contacts(lines);
  for (const [i, { entry }] of lines.entries()) {
    if (entry?.type !== "group") continue;
    const stranger = entry.members.find((name) => contacts.keysOf(name).length === 0);
    if (stranger) onLine(i, () => fail(`${entry.name} names ${stranger}, and there is no contact with that name`));
  }
  return contacts;
}

/** The line of an entry: the reverse of parsing. */
export function lineOf(entry: ContactEntry): Line {
  if (entry.type === "group") return { raw: [entry.name, ...entry.members].join(" "), entry };
  const { name, text, state } = entry;
  const words = [name ?? NOBODY, text];
  if (state.is === "current") words.push(...(state.sender ? ["sender"] : []));
  else words.push(state.is, state.at);
  if (state.is === "revoked" && state.reason !== "") words.push(state.reason);
  return { raw: words.join(" "), entry };
}

function parseLine(raw: string): ContactEntry | null {
  const line = trimmed(raw);
  if (line === "" || line.startsWith("#")) return null;
  const words = line.split(/[ \t]+/);
  return line.startsWith("@") ? parseGroup(words) : parseKey(words, line);
}

function parseGroup([name, ...members]: string[]): GroupEntry {
  const fault = groupFault(name!) ?? members.map(nameFault).find((found) => found !== null);
  return fault ? fail(fault) : { type: "group", name: name!, members: [...new Set(members)] };
}

function parseKey(words: string[], line: string): KeyEntry {
  const isSsh = isSshType(words[1] ?? "");
  const name = words[0];
  const text = words.slice(1, isSsh ? 3 : 2).join(" ");
  const rest = words.slice(isSsh ? 3 : 2);
  if (keyKind(line) === "secret" || keyKind(text) === "secret")
    fail("a secret key, which must not be in a contacts file");
  const fault = name === NOBODY ? null : nameFault(name!);
  if (fault) fail(fault);
  if (text === "") fail("a name without a key");
  const { kind, key } = isSsh ? { kind: "ssh" as const, key: decodeSshKey(text) } : decodePublicKey(text);
  const state = parseState(rest, line, words.length - rest.length);
  if (state.sender && kind === "recipient") fail("only a signer key (sealsig1…) can be a sender");
  if (name === NOBODY && state.is !== "revoked") fail(`"${NOBODY}" is only for revoked keys`);
  return { type: "key", name: name === NOBODY ? null : name!, kind, text, key, state };
}

function decodePublicKey(text: string): { kind: PublicKind; key: Bytes } {
  const kind = keyKind(text);
  if (kind === "recipient") return { kind, key: decodeRecipient(text) };
  if (kind === "signer") return { kind, key: decodeSigner(text) };
  return fail("a key (seal1…, sealsig1… or ssh-ed25519 …) must follow the name");
}

/** `before`: how many words of the line stand before these. */
function parseState(words: readonly string[], line: string, before: number): KeyState {
  const [word, at = "", ...more] = words;
  if (word === undefined) return { is: "current", sender: false };
  if (word === "sender" && at === "") return { is: "current", sender: true };
  if (word !== "superseded" && word !== "revoked") fail('after the key: nothing, "sender", "superseded" or "revoked"');
  if (!isTime(at)) fail(`a time such as 2026-01-31T12:00:00Z must follow "${word}"`);
  if (word === "superseded") return more.length === 0 ? { is: word, at } : fail("nothing may follow that time");
  // Taken from the line, not from the words: spaces inside of a reason stay.
  let reason = line;
  for (let i = 0; i < before + 2; i++) reason = reason.replace(/[^ \t]+[ \t]*/, "");
  const fault = reasonFault(reason);
  return fault ? fail(fault) : { is: "revoked", at, reason };
}

/** A date that is written as it would be written again; years before 0 and after 9999 begin with a sign. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return /^\d/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString() === text.replace("Z", ".000Z");
}

/** One line for a name and key: two could contradict each other. */
function checkDoubles(lines: readonly Line[]): void {
  const seen = new Map<string, number>();
  for (const [i, { entry }] of lines.entries()) {
    if (entry?.type !== "key") continue;
    const id = `${entry.name ?? NOBODY} ${entry.text}`;
    const before = seen.get(id);
    if (before !== undefined) onLine(i, () => fail(`the same name and key as on line ${before + 1}`));
    seen.set(id, i);
  }
}

function fail(message: string): never {
  throw new SealError("usage", message);
}

function onLine<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ofLine(index, error);
  }
}

/** A line's key as it is used: that of ssh's by whom it seals for, and by who signs. */
function usesOf(entry: KeyEntry): KeyEntry[] {
  if (entry.kind !== "ssh") return [entry];
  return [
    { ...entry, kind: "recipient", key: montgomeryOf(entry.key) },
    { ...entry, kind: "signer" },
  ];
}

/** What the map has under that name, after `first` has been put there where it had nothing. */
function gather<T>(map: Map<string, T>, name: string, first: T): T {
  const known = map.get(name);
  if (known !== undefined) return known;
  map.set(name, first);
  return first;
}

/** The contacts of a file, and the questions that commands ask of them. Never changed: an edit makes a new one. */
export class Contacts {
  readonly lines: readonly Line[];
  /** A key of ssh's is there twice, as a recipient and as a signer. */
  readonly keys: readonly KeyEntry[];
  /** Members by group name. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly #named = new Map<string, KeyEntry[]>();
  /** By the key in hex: the first line that revokes it. */
  readonly #revoked = new Map<string, Revocation>();

  constructor(lines: readonly Line[]) {
    this.lines = lines;
    const entries = lines.map(({ entry }) => entry);
    this.keys = entries.filter((entry) => entry?.type === "key").flatMap(usesOf);
    for (const entry of this.keys) {
      const { name, key, state } = entry;
      if (name !== null) gather(this.#named, name, []).push(entry);
      if (state.is !== "revoked") continue;
      gather(this.#revoked, toHex(key), state);
      // A stolen signer's key, where it is one of ssh's, opens too.
      if (entry.kind === "signer") gather(this.#revoked, toHex(montgomeryOf(key)), state);
    }
    const groups = new Map<string, Set<string>>();
    for (const entry of entries) {
      if (entry?.type !== "group") continue;
      const members = gather(groups, entry.name, new Set());
      for (const member of entry.members) members.add(member);
    }
    this.groups = new Map([...groups].map(([name, members]) => [name, [...members]]));
  }

  /** The names of the contacts, in the order of the file. */
  names(): string[] {
    return [...this.#named.keys()];
  }

  /** All that is known of a contact, old keys included; empty where there is none. */
  keysOf(name: string): readonly KeyEntry[] {
    return this.#named.get(name) ?? [];
  }

  /** The keys as the lines of a contact have them; of nobody, those that are revoked. */
  linesOf(owner: string | null): readonly KeyEntry[] {
    return this.lines.flatMap(({ entry }) => (entry?.type === "key" && entry.name === owner ? [entry] : []));
  }

  groupsOf(name: string): string[] {
    return [...this.groups].filter(([, members]) => members.includes(name)).map(([group]) => group);
  }

  /** The revocation of a key, whichever line holds it; null where it is not revoked. */
  revocation(key: Uint8Array): Revocation | null {
    // Stryker disable next-line all: where it is false, nothing would be found; it only spares the arithmetic.
    const isShort = this.#revoked.size > 0 && key.length === KEY_BYTES;
    // Of a signer who was revoked as a recipient: keys of ssh are both.
    return this.#revoked.get(toHex(key)) ?? (isShort ? this.#revoked.get(toHex(montgomeryOf(key))) : null) ?? null;
  }

  /** The line that tells whose key this is: one where it is in use before one where it is superseded or revoked. */
  owner(key: Uint8Array): KeyEntry | null {
    const lines = this.keys.filter((entry) => entry.name !== null && equal(entry.key, key));
    return lines.find(({ state }) => state.is === "current") ?? lines[0] ?? null;
  }

  /** The keys of the contacts that are marked as senders; see `KeyEntry.key` on what is known of them. */
  senders(): Bytes[] {
    return this.keys
      .filter(({ kind, state, key }) => kind === "signer" && state.sender && !this.revocation(key))
      .map(({ key }) => key);
  }

  /** The text of the file. */
  format(): string {
    return this.lines.map(({ raw }) => `${raw}\n`).join("");
  }
}

export const NO_CONTACTS = new Contacts([]);

/** `revoked on 2026-01-31T12:00:00Z (stolen)`: how a revocation is told. */
export function tellRevocation({ at, reason }: Revocation): string {
  return `revoked on ${at}${reason && ` (${reason})`}`;
}
