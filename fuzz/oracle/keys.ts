// docs/FORMAT.md, "Keys as text", once more and in another way: Bech32m by BIP 350, without a library.

import { createHash } from "node:crypto";

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32M = 0x2bc830a3;

export const PREFIXES = { recipient: "seal", signer: "sealsig", secret: "SEAL-SECRET-KEY-" } as const;

function polymod(values: readonly number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [i, constant] of GENERATOR.entries()) if ((top >>> i) & 1) check ^= constant;
  }
  return check >>> 0;
}

/** How long the payload behind each type is that this version knows. */
const LENGTHS: Readonly<Record<keyof typeof PREFIXES, Readonly<Record<number, number>>>> = {
  recipient: { 1: 32, 2: 1216 + 8 },
  signer: { 1: 32 },
  secret: { 1: 64, 2: 64, 3: 32, 4: 32 },
};

export interface Key {
  readonly type: number;
  readonly body: readonly number[];
}

/** What a text is of some kind: the key, not known to be usable; a type that this version does not know; or no key. */
export type Found = Key | "unsupported" | null;

export function foundIn(kind: keyof typeof PREFIXES, text: string): Found {
  const payload = payloadOf(kind, text);
  if (payload === null || payload.length === 0) return null;
  const [type, ...body] = payload as [number, ...number[]];
  const length = LENGTHS[kind][type];
  if (length === undefined) return "unsupported";
  return body.length === length ? { type, body } : null;
}

/** The same where it is a key; null where not. */
export function keyIn(kind: keyof typeof PREFIXES, text: string): Key | null {
  const found = foundIn(kind, text);
  return found === "unsupported" ? null : found;
}

function payloadOf(kind: keyof typeof PREFIXES, text: string): number[] | null {
  const prefix = PREFIXES[kind];
  if (!text.startsWith(`${prefix}1`)) return null;
  if (text.length > 16_384) return null;
  const alphabet = kind === "secret" ? CHARSET.toUpperCase() : CHARSET;
  const words = [...text.slice(prefix.length + 1)].map((letter) => alphabet.indexOf(letter));
  if (words.length < 6 || words.includes(-1)) return null;
  const letters = [...prefix.toLowerCase()].map((letter) => letter.charCodeAt(0));
  if (polymod([...letters.map((c) => c >> 5), 0, ...letters.map((c) => c & 31), ...words]) !== BECH32M) return null;
  const bits = words.slice(0, -6).flatMap((word) => [4, 3, 2, 1, 0].map((i) => (word >> i) & 1));
  const whole = Math.floor(bits.length / 8);
  if (bits.length - 8 * whole >= 5 || bits.slice(8 * whole).includes(1)) return null;
  return Array.from({ length: whole }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8).join(""), 2));
}

/** Whether a recipient's payload, whose type and length are known, is a key that may be used. */
export function isRecipient(key: Key): boolean {
  const { type, body } = key;
  const check = createHash("sha256")
    .update(Buffer.from([2, ...body.slice(0, 1216)]))
    .digest();
  return isDecoded(key) && (type === 1 || check.subarray(0, 8).equals(Buffer.from(body.slice(1216))));
}

/** The same without the eight bytes that find what is mistyped. */
export function isDecoded({ type, body }: Key): boolean {
  return type === 1 ? isShare(body) : isReduced(body) && isShare(body.slice(1184, 1216));
}

/** Whether each of the 768 numbers of 12 bits is below 3329. */
function isReduced(key: readonly number[]): boolean {
  const bits = key.slice(0, 1152).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return Array.from({ length: 768 }, (_, i) => (bits >> BigInt(12 * i)) & 0xfffn).every((number) => number < 3329n);
}

/** The orders 1, 2, 4 and 8 on Curve25519, as u-coordinates. */
const SMALL_ORDER = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  2n ** 255n - 20n,
];

/** Whether 32 bytes are an X25519 public key that may be used. */
function isShare(key: readonly number[]): boolean {
  const u = key.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  return u < 2n ** 255n - 19n && !SMALL_ORDER.includes(u);
}

/** Lines as FORMAT.md cuts them: at LF, less one CR before it, less spaces and tabs around. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => {
    let from = 0;
    let to = line.endsWith("\r") ? line.length - 1 : line.length;
    while (from < to && (line[from] === " " || line[from] === "\t")) from++;
    while (from < to && (line[to - 1] === " " || line[to - 1] === "\t")) to--;
    return line.slice(from, to);
  });
}
