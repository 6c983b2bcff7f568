// Where everything is, and how long (docs/FORMAT.md, "Sizes").

import { SIGNATURE_BYTES, TAG_BYTES } from "../crypto/lengths.js";
import { SealError } from "../errors.js";

/** A chain value: a SHA-256. */
export const CHAIN_BYTES = 32;
/** chain | signature, behind each signed record. */
const TRAILER_BYTES = CHAIN_BYTES + SIGNATURE_BYTES;
export const MAX_CHUNKS = 2 ** 32;
/** 16 TiB. */
export const MAX_PLAINTEXT = 2 ** 44;

export interface Geometry {
  /** Bytes before the first record. */
  readonly headerLength: number;
  /** Plaintext bytes of a chunk that is not the final one. */
  readonly chunkSize: number;
  readonly signed: boolean;
}

/** Bytes that a record has beyond its plaintext: 112 where signed, else 16. */
export function overhead(signed: boolean): number {
  return signed ? TAG_BYTES + TRAILER_BYTES : TAG_BYTES;
}

/** Bytes of a record that is not the final one. */
export function recordSize(geometry: Geometry): number {
  return geometry.chunkSize + overhead(geometry.signed);
}

/** Offset of record `index` in the file. */
export function recordOffset(geometry: Geometry, index: number): number {
  return geometry.headerLength + index * recordSize(geometry);
}

/** How many chunks `bytes` of plaintext have: at least one, the final one shorter than a chunk. */
export function chunkCount(bytes: number, chunkSize: number): number {
  return Math.floor(bytes / chunkSize) + 1;
}

/** Size of the sealed file. */
export function sealedSize(geometry: Geometry, bytes: number): number {
  return geometry.headerLength + bytes + chunkCount(bytes, geometry.chunkSize) * overhead(geometry.signed);
}

/** Plaintext bytes of a sealed file of `size` bytes, if it is whole. */
export function expectedBytes(geometry: Geometry, size: number): number {
  const payload = size - geometry.headerLength;
  const records = Math.floor(payload / recordSize(geometry)) + 1;
  return Math.max(0, payload - records * overhead(geometry.signed));
}

/**
 * Chunks and plaintext bytes of a sealed file of `size` bytes.
 * Throws `tampered` where no sealed file can have that size (it ends early), `malformed` beyond the limits.
 */
export function plaintextSize(geometry: Geometry, size: number): { chunks: number; bytes: number } {
  const payload = size - geometry.headerLength;
  const index = Math.max(0, Math.floor(payload / recordSize(geometry)));
  const offset = recordOffset(geometry, index);
  if (size - offset < overhead(geometry.signed)) throw endsEarly(index, offset);
  const bytes = expectedBytes(geometry, size);
  const fault = limitFault(index, bytes);
  if (fault) throw new SealError("malformed", fault);
  return { chunks: index + 1, bytes };
}

/** The error for an input that ends inside record `index`, or before it. */
export function endsEarly(index: number, offset: number): SealError {
  return new SealError("tampered", `the input ends early, in chunk ${index} (at byte ${offset})`, {
    hint: "The file is cut off: transfer it again.",
    chunk: index,
    offset,
  });
}

/** What is wrong with a chunk of that index, up to whose end there are `bytes` of plaintext; null within the limits. */
export function limitFault(index: number, bytes: number): string | null {
  if (index >= MAX_CHUNKS) return "more than 2^32 chunks";
  return bytes > MAX_PLAINTEXT ? "more than 2^44 bytes (16 TiB) of plaintext" : null;
}
