// Kinds of ssh keys that are no use here, by their names: who has one is told which it is.

import { utf8 } from "../../bytes.js";
import { SealError } from "../../errors.js";

export const SSH_ED25519 = "ssh-ed25519";

/** What stands first in the text of a public key, as OpenSSH writes it. */
const TYPE = /^(?:ssh-|ecdsa-sha2-|sk-|rsa-sha2-|webauthn-)[\w@.+-]*$/i;
/** Those that are no word of anything else. */
const KNOWN = /^(?:ssh-(?:ed25519|rsa|dss|ed448)|ecdsa-sha2-nistp\d+|sk-[\w-]+@.*|ssh-[\w-]+@.*)$/i;

/** How private keys begin that are not written as OpenSSH does now, and what they are. */
const PRIVATE: readonly (readonly [begins: string, what: string])[] = [
  ["-----BEGIN RSA PRIVATE KEY-----", "an RSA private key"],
  ["-----BEGIN EC PRIVATE KEY-----", "an ECDSA private key"],
  ["-----BEGIN DSA PRIVATE KEY-----", "a DSA private key"],
  ["-----BEGIN PRIVATE KEY-----", "a private key in PKCS #8"],
  ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "a private key in PKCS #8"],
  ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "a private key of ssh.com's"],
  ["PuTTY-User-Key-File-", "a private key of PuTTY's"],
];
/** Whether a text begins as a public key of ssh's, of whatever kind. */
export function isSshText(text: string): boolean {
  const first = firstWord(text);
  return KNOWN.test(first) || (TYPE.test(first) && first.length < text.length);
}

/** Whether a word can be nothing but the type of a public key. */
export function isKnownSshType(word: string): boolean {
  return KNOWN.test(word);
}

/** Whether a word is the type of a public key of ssh's. */
export function isSshType(word: string): boolean {
  return TYPE.test(word);
}

function firstWord(text: string): string {
  return /[^ \t]*/.exec(text)![0];
}

/** What a key of that type is called; null for one that can be used. */
export function otherKind(type: string): string | null {
  const name = type.toLowerCase();
  if (name === SSH_ED25519) return null;
  if (/-cert-v\d+@/.test(name)) return "an OpenSSH certificate";
  if (name.startsWith("sk-") || name.startsWith("webauthn-")) return "a key on a security key (FIDO)";
  if (name === "ssh-rsa" || name.startsWith("rsa-sha2-")) return "an RSA key";
  if (name === "ssh-dss") return "a DSA key";
  if (name.startsWith("ecdsa-sha2-")) return "an ECDSA key";
  return `a key of the type ${type.slice(0, 40)}`;
}

/** The error for a key that is of no use. */
export function refusedKind(what: string): SealError {
  return new SealError("usage", `${what}: of ssh's keys, only ${SSH_ED25519} can be used`, { reason: "ssh-kind" });
}

/** What a private key is that begins there and is not written as OpenSSH does now; null for none. */
export function otherPrivateKey(file: Uint8Array, start: number): string | null {
  return PRIVATE.find(([begins]) => standsAt(file, start, begins))?.[1] ?? null;
}

/** Whether bytes go on from there with a text. */
export function standsAt(bytes: Uint8Array, start: number, text: string): boolean {
  return utf8(text).every((byte, i) => bytes[start + i] === byte);
}

export const BEGIN_SSH = "-----BEGIN OPENSSH PRIVATE KEY-----";

/** Whether a file is a private key of ssh's or another program's. */
export function isPrivateKey(file: Uint8Array): boolean {
  const start = firstLetter(file);
  return standsAt(file, start, BEGIN_SSH) || otherPrivateKey(file, start) !== null;
}

/** Whether a word holds a private key of ssh's or another program's, which somebody pasted. */
export function holdsPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|---- BEGIN SSH2 ENCRYPTED|PuTTY-User-Key-File-/i.test(text);
}

/** Where the first byte is that is no blank, and ends no line; the end where there is none. */
export function firstLetter(file: Uint8Array): number {
  const at = file.findIndex((byte) => !isBlankOrEnd(byte));
  return at < 0 ? file.length : at;
}

export function isBlankOrEnd(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || isLineEnd(byte);
}

export function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}
