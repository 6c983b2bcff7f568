// Byte arrays: joining, comparing, integers (big-endian throughout the format), hex, text.

import { SealError } from "./errors.js";

/** A byte array over a plain ArrayBuffer, which is what the platform's interfaces take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Marks a Secret (crypto/secret.ts), in types alone. */
export declare const secrecy: unique symbol;

/** Bytes that may be copied and shown: no Secret. */
export type Open = Uint8Array & { readonly [secrecy]?: never };

declare const owned: unique symbol;

/**
 * Bytes that nobody else can change, and that keep no larger memory alive: what is checked in them is what is used.
 * Only `own` makes them.
 */
export type Owned = Bytes & { readonly [owned]: true };

/** A copy of its own, whatever `bytes` is a view on. */
export function own(bytes: Open): Owned {
  return new Uint8Array(bytes) as Owned;
}

export function concat(...parts: readonly Open[]): Bytes {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Gives the memory back at once, where the platform can (from Node 22 on) and `bytes` is all of it; it cannot be used
 * afterwards. The garbage collector sees only a small object, and may leave tens of megabytes behind many of them for a
 * long time.
 */
export function free(bytes: Uint8Array): void {
  const memory = bytes.buffer as { transfer?: ArrayBuffer["transfer"]; byteLength: number };
  if (memory.byteLength === bytes.length) memory.transfer?.(0);
}

/** Whether two arrays hold the same bytes. The time depends on the length only. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** How many bytes at the end are zero. */
export function zerosAtEnd(bytes: Uint8Array): number {
  return bytes.length - 1 - bytes.findLastIndex((byte) => byte !== 0);
}

export function u16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value);
}

export function u32(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

export function u64(value: number | bigint): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

export function readU16(bytes: Uint8Array, at = 0): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readU32(bytes: Uint8Array, at = 0): number {
  return readU16(bytes, at) * 2 ** 16 + readU16(bytes, at + 2);
}

export function readU64(bytes: Uint8Array, at = 0): bigint {
  return view(bytes).getBigUint64(at);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The bytes of a text in UTF-8, which it is not turned into for that. Lone surrogates count for two. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) size += unit < 0x800 || isSurrogate(unit) ? 1 : 2;
  }
  return size;
}

/** A pair of them stands for a character that takes four bytes. */
function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Writes a text at a place where there is room for it. Many times as fast as `utf8` where texts are short. */
export function putUtf8(text: string, bytes: Bytes, at: number): void {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      encoder.encodeInto(text.slice(i), bytes.subarray(at + i));
      return;
    }
    bytes[at + i] = unit;
  }
}

/** Decodes strict UTF-8; null where the bytes are not. */
export function fromUtf8(bytes: Open): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Whether bytes are strict UTF-8 (RFC 3629), found out without making a string of them. */
export function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at]! < 0x80) {
      at++;
      continue;
    }
    const length = utf8Length(bytes[at]!, bytes[at + 1]);
    if (length === 0 || at + length > bytes.length) return false;
    for (let i = 2; i < length; i++) if (!isContinuation(bytes[at + i]!)) return false;
    at += length;
  }
  return true;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The bytes of the character that begins with these two, and is not of ASCII; 0 where none does. */
function utf8Length(first: number, second = 0): 0 | 2 | 3 | 4 {
  if (first < 0xc2 || first > 0xf4 || !isContinuation(second)) return 0;
  // What could be written shorter, surrogates, and what lies above U+10FFFF.
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

const DIGITS = utf8("0123456789abcdef");

export function toHex(bytes: Open): string {
  const text = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    text[2 * i] = DIGITS[bytes[i]! >> 4]!;
    text[2 * i + 1] = DIGITS[bytes[i]! & 15]!;
  }
  return strictDecoder.decode(text);
}

/** Throws `malformed` on anything but an even number of hex digits. */
export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new SealError("malformed", "not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
