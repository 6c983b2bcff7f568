// Byte arrays: joining, comparing, integers (big-endian throughout the format), hex, text.

import { SealError } from "./errors.js";

/** A byte array over a plain ArrayBuffer, which is what the platform's interfaces take. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Gives the memory back at once, where the platform can (from Node 22 on) and `bytes` is all of it; it cannot be used afterwards. The garbage
 * collector sees only a small object, and may leave tens of megabytes behind many of them for a long time.
 */
export function release(bytes: Uint8Array): void {
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

export function u16(value: number): Bytes {
  const out = new Uint8Array(2);
  new DataView(out.buffer).setUint16(0, value);
  return out;
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
  return view(bytes).getUint16(at);
}

export function readU32(bytes: Uint8Array, at = 0): number {
  return view(bytes).getUint32(at);
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

/** Decodes strict UTF-8; null where the bytes are not. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Throws `malformed` on anything but an even number of hex digits. */
export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new SealError("malformed", "not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
