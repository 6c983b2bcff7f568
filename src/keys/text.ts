// Keys as text: Bech32m, one encoding each (docs/FORMAT.md, "Keys as text").

import { bech32m } from "@scure/base";
import { type Bytes, concat, isZero } from "../bytes.js";
import { isValidRecipient } from "../crypto/x25519-check.js";
import { SealError } from "../errors.js";

const PREFIXES = { recipient: "seal", signer: "sealsig", secret: "seal-secret-key-" } as const;
const TYPE = 1;

export type KeyKind = keyof typeof PREFIXES;

/** A line, which ends with LF or CR LF, without the spaces and tabs around it. */
export function trimmed(line: string): string {
  // A regular expression for the end would try again at each space inside, which takes minutes for a hostile line.
  let end = line.length - (line.endsWith("\r") ? 1 : 0);
  while (isBlank(line.charCodeAt(end - 1))) end--;
  let start = 0;
  while (isBlank(line.charCodeAt(start))) start++;
  return line.slice(start, end);
}

/** Beyond its ends, a text has no character there: NaN, which is none of these. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** What the two halves of an identity are made of: 32 bytes each. */
export interface SecretBytes {
  readonly x25519Secret: Bytes;
  readonly ed25519Seed: Bytes;
}

export function encodeRecipient(publicKey: Uint8Array): string {
  return encode("recipient", publicKey);
}

export function encodeSigner(publicKey: Uint8Array): string {
  return encode("signer", publicKey);
}

export function encodeSecret({ x25519Secret, ed25519Seed }: SecretBytes): string {
  return encode("secret", concat(x25519Secret, ed25519Seed)).toUpperCase();
}

/**
 * The X25519 public key of a recipient's text (`seal1…`): 32 bytes.
 * Throws `usage` for another kind of key, a mistyped one, or one that is not canonical, zero or of small order.
 */
export function parseRecipient(text: string): Bytes {
  const key = decode("recipient", text, 32);
  if (!isValidRecipient(key)) throw unusable("recipient", "it is zero, of small order or not canonical");
  return key;
}

/**
 * The Ed25519 public key of a signer's text (`sealsig1…`): 32 bytes.
 * Throws `usage` for another kind of key, a mistyped one, or one that is not a valid key (docs/FORMAT.md, "Signatures").
 */
export async function parseSigner(text: string): Promise<Bytes> {
  const key = decodeSigner(text);
  const { isValidSigner } = await import("../crypto/strict.js");
  if (!isValidSigner(key)) throw unusable("signer", "it is not a canonical key of prime order");
  return key;
}

/** The 32 bytes of a signer's text, without the check that they are a valid key. Throws `usage`. */
export function decodeSigner(text: string): Bytes {
  return decode("signer", text, 32);
}

/** The secrets of an identity's secret line. Throws `usage`; the message never shows the text. */
export function parseSecret(text: string): SecretBytes {
  const bytes = decode("secret", text, 64);
  const x25519Secret = bytes.slice(0, 32);
  const ed25519Seed = bytes.slice(32);
  bytes.fill(0);
  if (isZero(x25519Secret) || isZero(ed25519Seed)) throw unusable("secret", "a half of it is zero");
  return { x25519Secret, ed25519Seed };
}

/** Which kind of key the text begins as, in any case; null for none. */
export function kindOf(text: string): KeyKind | null {
  const lower = text.toLowerCase();
  return (["secret", "signer", "recipient"] as const).find((kind) => lower.startsWith(`${PREFIXES[kind]}1`)) ?? null;
}

function encode(kind: KeyKind, key: Uint8Array): string {
  return bech32m.encode(PREFIXES[kind], bech32m.toWords(concat(Uint8Array.of(TYPE), key)), false);
}

function decode(wanted: KeyKind, text: string, length: number): Bytes {
  const kind = kindOf(text);
  if (kind === null)
    throw new SealError("usage", `not a ${wanted} key`, { hint: `It begins with "${shown(wanted)}".` });
  if (kind !== wanted) {
    throw new SealError("usage", `a ${kind} key where a ${wanted} key belongs`, {
      hint: `A ${wanted} key begins with "${shown(wanted)}".`,
    });
  }
  const due = wanted === "secret" ? text.toUpperCase() : text.toLowerCase();
  if (text !== due) {
    throw unusable(wanted, `it is written in ${wanted === "secret" ? "upper" : "lower"} case only`);
  }
  const decoded = bech32m.decodeUnsafe(text, false);
  if (!decoded) {
    throw new SealError("usage", `a mistyped ${wanted} key: its checksum does not match`, {
      hint: "A character is wrong, missing or too many. Copy the key again.",
    });
  }
  const payload = bech32m.fromWordsUnsafe(decoded.words);
  if (!payload) throw unusable(wanted, "its padding is not zero");
  if (payload[0] !== TYPE) throw unusable(wanted, `its type, ${payload[0]}, is unknown to this program`);
  if (payload.length !== 1 + length) throw unusable(wanted, `it has ${payload.length - 1} bytes instead of ${length}`);
  return Uint8Array.from(payload.subarray(1));
}

function shown(kind: KeyKind): string {
  return `${kind === "secret" ? PREFIXES.secret.toUpperCase() : PREFIXES[kind]}1`;
}

function unusable(kind: string, why: string): SealError {
  return new SealError("usage", `not a usable ${kind} key: ${why}`);
}
