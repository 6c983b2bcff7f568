// A sealed file taken apart, and put together again with whatever fields a mutation wants, in bounds or not.

import { type Bytes, concat, readU16, readU64, u16, u64 } from "../../src/bytes.js";
import { ALGORITHM, FIXED, RECORD_KEY, SIGNER } from "../layout.js";

export interface StanzaPart {
  type: number;
  /** What the length field says; null for the truth. */
  length: number | null;
  body: Bytes;
}

/** Any header, of a file or an epoch of a journal. */
export interface HeaderParts {
  magic: Bytes;
  version: number;
  kind: number;
  exponent: number;
  algorithm: number;
  content: number;
  signer: Bytes;
  recordKey: Bytes;
  commitment: Bytes;
  sealedAt: bigint;
  /** What the length field says; null for the truth. */
  labelLength: number | null;
  label: Bytes;
  /** null where there is none, as in a file. */
  previous: Bytes | null;
  /** null for the truth. */
  count: number | null;
  stanzas: StanzaPart[];
  authenticator: Bytes;
}

export interface Parts extends HeaderParts {
  records: Bytes[];
}

const JOURNAL = 2;
const CHAIN = 32;

/** null where the bytes end inside the core. Whether fields are in their bounds is not looked at. */
export function takeApart(bytes: Bytes): Parts | null {
  const header = takeHeader(bytes);
  if (!header) return null;
  const { parts, end } = header;
  return { ...parts, records: takeRecords(bytes.subarray(end), recordSize(parts.exponent, parts.algorithm)) };
}

/** The header at the beginning, and where it ends; null as in `takeApart`. */
export function takeHeader(bytes: Bytes): { parts: HeaderParts; end: number } | null {
  if (bytes.length < FIXED) return null;
  const afterLabel = FIXED + bytes[FIXED - 1]!;
  const coreEnd = afterLabel + (bytes[9] === JOURNAL ? CHAIN : 0);
  if (bytes.length < coreEnd) return null;
  const { stanzas, count, end } = takeStanzas(bytes, coreEnd);
  const algorithm = bytes[ALGORITHM]!;
  const headerEnd = end + (algorithm === 0 ? 32 : 64);
  const parts = {
    magic: bytes.slice(0, 8),
    version: bytes[8]!,
    kind: bytes[9]!,
    exponent: bytes[10]!,
    algorithm,
    content: bytes[12]!,
    signer: bytes.slice(...SIGNER),
    recordKey: bytes.slice(...RECORD_KEY),
    commitment: bytes.slice(77, 109),
    sealedAt: readU64(bytes, 109),
    labelLength: null,
    label: bytes.slice(FIXED, afterLabel),
    previous: coreEnd > afterLabel ? bytes.slice(afterLabel, coreEnd) : null,
    count: count === stanzas.length ? null : count,
    stanzas,
    authenticator: bytes.slice(end, headerEnd),
  };
  return { parts, end: Math.min(headerEnd, bytes.length) };
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

export function coreOf(parts: HeaderParts): Bytes {
  return concat(
    parts.magic,
    Uint8Array.of(parts.version, parts.kind, parts.exponent, parts.algorithm, parts.content),
    parts.signer,
    parts.recordKey,
    parts.commitment,
    u64(BigInt.asUintN(64, parts.sealedAt)),
    Uint8Array.of(parts.labelLength ?? parts.label.length),
    parts.label,
    parts.previous ?? new Uint8Array(),
  );
}

export function stanzasOf({ count, stanzas }: HeaderParts): Bytes {
  const each = stanzas.flatMap(({ type, length, body }) => [u16(type), u16(length ?? body.length), body]);
  return concat(u16(count ?? stanzas.length), ...each);
}

export function headerOf(parts: HeaderParts): Bytes {
  return concat(coreOf(parts), stanzasOf(parts), parts.authenticator);
}

export function assemble(parts: Parts): Bytes {
  return concat(headerOf(parts), ...parts.records);
}
