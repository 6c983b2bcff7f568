// What may stand in front of a record in its batch: names and texts, its writer's (docs/FORMAT.md, "Record heads").

import { type Bytes, fromUtf8, putUtf8, readU16, utf8Size } from "../bytes.js";
import { SealError } from "../errors.js";

/** The heads of a record: names and texts. */
export type Heads = Readonly<Record<string, string>>;

/** Bytes of all heads of a record together, with their lengths. */
export const MAX_HEADS_BYTES = 16 * 1024;
/** Bytes of one value, as UTF-8. */
export const MAX_HEAD_VALUE = 4096;
/** The length in front of the heads. */
export const HEADS_LENGTH_BYTES = 2;
const KEY = /^[a-z][a-z0-9-]{0,63}$/;
const KEY_LENGTH_BYTES = 1;
const VALUE_LENGTH_BYTES = 2;

/**
 * The heads as they stand in a batch, in memory outside of V8's heap; null where there are none. Throws `usage` for a
 * name or a text that no head has, or too much of them.
 */
export function encodeHeads(heads: Heads): Bytes | null {
  const keys = Object.keys(heads).sort();
  if (keys.length === 0) return null;
  const sizes = keys.map((key) => checkedSize(key, heads[key]!));
  const length = headsSize(heads);
  if (length > MAX_HEADS_BYTES) {
    throw new SealError("usage", `heads of ${length} bytes; at most ${MAX_HEADS_BYTES} are possible for a record`);
  }
  const bytes = new Uint8Array(new ArrayBuffer(length));
  const view = new DataView(bytes.buffer);
  let at = 0;
  keys.forEach((key, i) => {
    bytes[at] = key.length;
    putUtf8(key, bytes, at + KEY_LENGTH_BYTES);
    at += KEY_LENGTH_BYTES + key.length;
    view.setUint16(at, sizes[i]!);
    putUtf8(heads[key]!, bytes, at + VALUE_LENGTH_BYTES);
    at += VALUE_LENGTH_BYTES + sizes[i]!;
  });
  return bytes;
}

/** Bytes that heads take in a batch, behind their length. */
export function headsSize(heads: Heads): number {
  const sizes = Object.keys(heads).map((key) => key.length + utf8Size(heads[key]!));
  return sizes.reduce((sum, size) => sum + KEY_LENGTH_BYTES + VALUE_LENGTH_BYTES + size, 0);
}

/** The bytes of a head's text. */
function checkedSize(key: string, text: string): number {
  if (!KEY.test(key))
    throw new SealError("usage", `no head is called ${JSON.stringify(key.slice(0, 70))}`, { hint: NAMES });
  if (!text.isWellFormed()) throw new SealError("usage", `the head ${key} has a lone surrogate, which is no text`);
  const size = utf8Size(text);
  if (size > MAX_HEAD_VALUE) {
    throw new SealError("usage", `the head ${key} has ${size} bytes; at most ${MAX_HEAD_VALUE} are possible`);
  }
  return size;
}

const NAMES = "A name has 1 to 64 characters: lower-case letters, digits and hyphens, a letter first.";

/** The heads of a record, in which no fault was found. */
export function parseHeads(bytes: Uint8Array): Heads {
  const heads: Record<string, string> = Object.create(null);
  scanHeads(bytes, (key, value) => {
    heads[key] = value;
  });
  return heads;
}

/** What is wrong with heads as they stand in an authentic batch, a byte or more; null where nothing is. */
export function headsFault(bytes: Uint8Array): string | null {
  return scanHeads(bytes, () => undefined);
}

function scanHeads(bytes: Uint8Array, tell: (key: string, value: string) => void): string | null {
  // Stryker disable next-line StringLiteral: a name begins with a small letter, and comes after this one too.
  let last = "";
  for (let at = 0; at < bytes.length; ) {
    const valueAt = at + KEY_LENGTH_BYTES + bytes[at]!;
    if (valueAt + VALUE_LENGTH_BYTES > bytes.length) return "that end inside a name";
    const key = fromUtf8(bytes.subarray(at + KEY_LENGTH_BYTES, valueAt));
    if (key === null || !KEY.test(key)) return "with a name that is none";
    if (key <= last) return "with names that do not ascend";
    const start = valueAt + VALUE_LENGTH_BYTES;
    const length = readU16(bytes, valueAt);
    if (length > MAX_HEAD_VALUE) return "with a text that is too long";
    at = start + length;
    if (at > bytes.length) return "that end inside a text";
    const value = fromUtf8(bytes.subarray(start, at));
    if (value === null) return "with a text that is not UTF-8";
    tell(key, value);
    last = key;
  }
  return null;
}
