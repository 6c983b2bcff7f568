// A sealed file taken apart, and put together again with whatever fields a mutation wants, in bounds or not.

import { type Bytes, concat, readU16, readU64, u16, u64 } from "../../src/bytes.js";

export interface StanzaPart {
  type: number;
  /** What the length field says; null for the truth. */
  length: number | null;
  body: Bytes;
}

export interface Parts {
  magic: Bytes;
  version: number;
  kind: number;
  exponent: number;
  algorithm: number;
  signer: Bytes;
  commitment: Bytes;
  sealedAt: bigint;
  /** What the length field says; null for the truth. */
  labelLength: number | null;
  label: Bytes;
  /** null for the truth. */
  count: number | null;
  stanzas: StanzaPart[];
  authenticator: Bytes;
  records: Bytes[];
}

const FIXED = 85;

/** null where the bytes end inside the core. Whether fields are in their bounds is not looked at. */
export function takeApart(bytes: Bytes): Parts | null {
  if (bytes.length < FIXED || bytes.length < FIXED + bytes[FIXED - 1]!) return null;
  const afterLabel = FIXED + bytes[FIXED - 1]!;
  const { stanzas, count, end } = takeStanzas(bytes, afterLabel);
  const algorithm = bytes[11]!;
  const headerEnd = end + (algorithm === 0 ? 32 : 64);
  return {
    magic: bytes.slice(0, 8),
    version: bytes[8]!,
    kind: bytes[9]!,
    exponent: bytes[10]!,
    algorithm,
    signer: bytes.slice(12, 44),
    commitment: bytes.slice(44, 76),
    sealedAt: readU64(bytes, 76),
    labelLength: null,
    label: bytes.slice(FIXED, afterLabel),
    count: count === stanzas.length ? null : count,
    stanzas,
    authenticator: bytes.slice(end, headerEnd),
    records: takeRecords(bytes.subarray(headerEnd), recordSize(bytes[10]!, algorithm)),
  };
}

function takeStanzas(bytes: Bytes, start: number): { stanzas: StanzaPart[]; count: number; end: number } {
  const stanzas: StanzaPart[] = [];
  if (bytes.length < start + 2) return { stanzas, count: 0, end: bytes.length };
  const count = readU16(bytes, start);
  let at = start + 2;
  while (stanzas.length < count && at + 4 <= bytes.length) {
    const length = readU16(bytes, at + 2);
    const body = bytes.slice(at + 4, at + 4 + length);
    stanzas.push({ type: readU16(bytes, at), length: body.length === length ? null : length, body });
    at += 4 + body.length;
  }
  return { stanzas, count, end: at };
}

export function recordSize(exponent: number, algorithm: number): number {
  return 2 ** Math.min(24, Math.max(12, exponent)) + (algorithm === 0 ? 16 : 112);
}

function takeRecords(bytes: Bytes, size: number): Bytes[] {
  const records: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += size) records.push(bytes.slice(at, at + size));
  return records;
}

export function coreOf(parts: Parts): Bytes {
  return concat(
    parts.magic,
    Uint8Array.of(parts.version, parts.kind, parts.exponent, parts.algorithm),
    parts.signer,
    parts.commitment,
    u64(BigInt.asUintN(64, parts.sealedAt)),
    Uint8Array.of(parts.labelLength ?? parts.label.length),
    parts.label,
  );
}

export function stanzasOf({ count, stanzas }: Parts): Bytes {
  const each = stanzas.flatMap(({ type, length, body }) => [u16(type), u16(length ?? body.length), body]);
  return concat(u16(count ?? stanzas.length), ...each);
}

export function assemble(parts: Parts): Bytes {
  return concat(coreOf(parts), stanzasOf(parts), parts.authenticator, ...parts.records);
}
