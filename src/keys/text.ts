// Keys as text: Bech32m, one encoding each (docs/FORMAT.md, "Keys as text").

import { type Bytes, concat, equal, utf8 } from "../bytes.js";
import { KEY_BYTES, XWING_KEY_BYTES } from "../crypto/lengths.js";
import type { Suite } from "../crypto/suite.js";
import { isValidRecipient } from "../crypto/x25519-check.js";
import { isValidXWingRecipient } from "../crypto/xwing-check.js";
import { prefixed, SealError } from "../errors.js";
import { decodeLower, encodeLower } from "./bech32m.js";

const PREFIXES = { recipient: "seal", signer: "sealsig", secret: "seal-secret-key-" } as const;
/** The types of recipients, and of signers. */
const [X25519, XWING, ED25519] = [1, 2, 1];
const CHECK_BYTES = 8;
/** No key that a newer program might have is longer: it bounds what is decoded. */
const MAX_TEXT = 16_384;

export type KeyKind = keyof typeof PREFIXES;
/** What the text of each kind begins with. */
const BEGINNINGS = (["secret", "signer", "recipient"] as const).map((kind) => ({ kind, text: `${PREFIXES[kind]}1` }));
const LONGEST = PREFIXES.secret.length + 1;
const PREFIX_BYTES = { recipient: utf8(PREFIXES.recipient), signer: utf8(PREFIXES.signer) };
export type PublicKind = Exclude<KeyKind, "secret">;

/**
 * The lines of a text of keys. Throws `usage` where an editor has put a byte order mark before them, which nobody sees.
 */
export function linesOf(text: string): string[] {
  if (!text.startsWith(BYTE_ORDER_MARK)) return text.split("\n");
  throw new SealError("usage", "line 1: begins with a byte order mark (BOM)", {
    hint: "Save the file as UTF-8 without a BOM.",
  });
}

/** An error in a line of a text, with the line's number. */
export function ofLine(index: number, error: unknown): unknown {
  // Stryker disable next-line ConditionalExpression: anything else is a bug of the program's, which no test has at
  // hand.
  if (!(error instanceof SealError)) return error;
  return prefixed(`line ${index + 1}`, error);
}

export const BYTE_ORDER_MARK = "\ufeff";

/** A line, which ends with LF or CR LF, without the spaces and tabs around it. */
export function trimmed(line: string): string {
  return withoutBlanks(line, line.length - (line.endsWith("\r") ? 1 : 0));
}

/** The first `length` characters, without the spaces and tabs around them. */
export function withoutBlanks(line: string, length = line.length): string {
  // A regular expression for the end would try again at each space inside, which takes minutes for a hostile line.
  let end = length;
  while (isBlank(line.charCodeAt(end - 1))) end--;
  let start = 0;
  while (isBlank(line.charCodeAt(start))) start++;
  return line.slice(start, end);
}

/** Beyond its ends, a text has no character there: NaN, which is none of these. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * A key's text without the white space and the byte order mark that files and variables put around it: nothing else can
 * be meant by it.
 */
export function keyText(text: string): string {
  // String.prototype.trim knows the byte order mark as white space.
  return text.trim();
}

/** The text of a recipient: of an X-Wing key (1216 bytes), or of an X25519 key (32). */
export function encodeRecipient(suite: Suite, publicKey: Uint8Array): string {
  if (!isPostQuantum(publicKey)) return encode("recipient", X25519, publicKey);
  return encode("recipient", XWING, concat(publicKey, checkOf(suite, publicKey)));
}

export function encodeSigner(publicKey: Uint8Array): string {
  return encode("signer", ED25519, publicKey);
}

/**
 * The public key of a recipient's text (`seal1…`): of X-Wing, 1216 bytes, or of X25519, 32 bytes.
 * Throws `usage` for another kind of key, a mistyped one, or one that is not reduced, not canonical, zero or of small
 * order; `unsupported` for a type that a newer program has made.
 */
export function parseRecipient(suite: Suite, text: string): Bytes {
  const { key, check } = recipientOf(text);
  if (check && !equal(checkOf(suite, key), check)) throw mistyped("recipient");
  return expectUsable(key);
}

/**
 * The same, but of a post-quantum key the eight bytes are not checked that find what is mistyped. Throws as
 * `parseRecipient`.
 */
export function decodeRecipient(text: string): Bytes {
  return expectUsable(recipientOf(text).key);
}

function recipientOf(text: string): { readonly key: Bytes; readonly check: Bytes | null } {
  const { type, body } = decode("recipient", text);
  if (type === X25519) return { key: expectBytes("recipient", body, KEY_BYTES), check: null };
  if (type !== XWING) throw unsupported("recipient", type);
  expectBytes("recipient", body, XWING_KEY_BYTES + CHECK_BYTES);
  return { key: body.slice(0, XWING_KEY_BYTES), check: body.slice(XWING_KEY_BYTES) };
}

function expectUsable(key: Bytes): Bytes {
  if (isPostQuantum(key)) {
    if (isValidXWingRecipient(key)) return key;
    throw unusable("recipient", "it is not reduced, or its X25519 half is zero, of small order or not canonical");
  }
  if (isValidRecipient(key)) return key;
  throw unusable("recipient", "it is zero, of small order or not canonical");
}

/** Whether a recipient's key, as `parseRecipient` gives it, is post-quantum. */
function isPostQuantum(recipient: Uint8Array): boolean {
  return recipient.length === XWING_KEY_BYTES;
}

/** Bech32m alone misses errors in what is longer than 1023 characters. */
function checkOf(suite: Suite, key: Uint8Array): Bytes {
  return suite.sha256(Uint8Array.of(XWING), key).slice(0, CHECK_BYTES);
}

/**
 * The Ed25519 public key of a signer's text (`sealsig1…`): 32 bytes.
 * Throws `usage` for another kind of key, a mistyped one, or one that is not a valid key (docs/FORMAT.md,
 * "Signatures").
 */
export async function parseSigner(suite: Suite, text: string): Promise<Bytes> {
  const key = decodeSigner(text);
  if (!suite.isValidSigner(key)) throw unusable("signer", "it is not a canonical key of prime order");
  return key;
}

/** The 32 bytes of a signer's text, without the check that they are a valid key. Throws `usage`, `unsupported`. */
export function decodeSigner(text: string): Bytes {
  const { type, body } = decode("signer", text);
  if (type !== ED25519) throw unsupported("signer", type);
  return expectBytes("signer", body, KEY_BYTES);
}

/** A key for people to see: the first characters of one that fills a screen. Its fingerprint tells it from others. */
export function shortKey(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, 20)}…` : text;
}

const MOST_SHOWN = 100;

/** Which kind of key the text begins as, in any case; null for none. */
export function keyKind(text: string): KeyKind | null {
  const beginning = text.slice(0, LONGEST).toLowerCase();
  return BEGINNINGS.find((each) => beginning.startsWith(each.text))?.kind ?? null;
}

function encode(kind: PublicKind, type: number, body: Uint8Array): string {
  return encodeLower(PREFIX_BYTES[kind], concat(Uint8Array.of(type), body));
}

/** The type, and what stands behind it. Throws `usage`. */
function decode(wanted: PublicKind, text: string): { readonly type: number; readonly body: Bytes } {
  const kind = keyKind(text);
  if (kind === null)
    throw new SealError("usage", `not a ${wanted} key`, { hint: `It begins with "${PREFIXES[wanted]}1".` });
  if (kind !== wanted) {
    throw new SealError("usage", `a ${kind} key where a ${wanted} key belongs`, {
      hint: `A ${wanted} key begins with "${PREFIXES[wanted]}1".`,
    });
  }
  refuseStrange(wanted, text);
  if (text !== text.toLowerCase()) throw unusable(wanted, "it is written in lower case only");
  const payload = text.length <= MAX_TEXT ? decodeLower(PREFIX_BYTES[wanted], text) : "checksum";
  if (payload === "checksum") throw mistyped(wanted);
  if (payload === "padding") throw unusable(wanted, "its padding is not zero");
  if (payload.length === 0) throw unusable(wanted, "it has no type");
  return { type: payload[0]!, body: payload.slice(1) };
}

function expectBytes(kind: PublicKind, body: Bytes, due: number): Bytes {
  if (body.length === due) return body;
  throw unusable(kind, `it has ${body.length} bytes instead of ${due}`);
}

function mistyped(kind: PublicKind): SealError {
  return new SealError("usage", `a mistyped ${kind} key: its checksum does not match`, {
    hint: "A character is wrong, missing or extra. Copy the key again.",
  });
}

function unsupported(kind: PublicKind, type: number): SealError {
  return new SealError("unsupported", `a ${kind} key of type ${type}, which this program does not know`, {
    hint: "A newer seal has made it.",
  });
}

/** What no key has is named by its number: most of it cannot be seen. */
function refuseStrange(wanted: PublicKind, text: string): void {
  const [strange] = /[^0-9A-Za-z-]/u.exec(text) ?? [];
  if (strange === undefined) return;
  const number = strange.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  const name = NAMES[strange] ?? "a character";
  throw new SealError("usage", `not a ${wanted} key: it holds ${name} (U+${number})`, {
    hint: "A key has only letters and digits. Copy it again, without anything before or after it.",
  });
}

const NAMES: Readonly<Record<string, string>> = {
  " ": "a space",
  "\t": "a tab",
  "\n": "a line break",
  "\r": "a line break",
  "\u00a0": "a no-break space",
  "\ufeff": "a byte order mark",
};

function unusable(kind: string, why: string): SealError {
  return new SealError("usage", `not a usable ${kind} key: ${why}`);
}
