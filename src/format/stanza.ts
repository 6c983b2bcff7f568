// Stanzas: the list of recipients, without their names (docs/FORMAT.md, "Stanzas").

import { type Bytes, concat, readU16, u16 } from "../bytes.js";
import { SealError } from "../errors.js";
import { exactly, type Parser } from "./parser.js";

export const STANZA_X25519 = 1;
export const STANZA_HYBRID = 2;
export const MAX_STANZAS = 4096;
export const MAX_BODY = 4096;
/** Count and stanzas together. */
export const MAX_STANZA_BYTES = 8 * 1024 * 1024;
/** enc 32 | sealed file key 48. */
export const X25519_BODY = 80;

export interface Stanza {
  readonly type: number;
  readonly body: Bytes;
}

export function encodeStanzas(stanzas: readonly Stanza[]): Bytes {
  return concat(u16(stanzas.length), ...stanzas.flatMap(({ type, body }) => [u16(type), u16(body.length), body]));
}

/** Parses count and stanzas, each field checked as soon as it is there. Throws `malformed`; `tampered` where the input ends. */
export function* parseStanzas(): Parser<{ stanzas: Stanza[]; bytes: Bytes }> {
  const stanzas: Stanza[] = [];
  const types = new Set<number>();
  const countField = yield* exactly(2);
  const parts = [countField];
  let total = 2;
  for (let left = checkCount(readU16(countField)); left > 0; left--) {
    const typeField = yield* exactly(2);
    const type = readU16(typeField);
    checkTypes(types.add(type));
    const lengthField = yield* exactly(2);
    const length = readU16(lengthField);
    total += 4 + length;
    checkLength(type, length, total);
    const body = Uint8Array.from(yield* exactly(length));
    stanzas.push({ type, body });
    parts.push(typeField, lengthField, body);
  }
  return { stanzas, bytes: concat(...parts) };
}

function malformed(message: string): SealError {
  return new SealError("malformed", message);
}

function checkCount(count: number): number {
  if (count >= 1 && count <= MAX_STANZAS) return count;
  throw malformed(`${count} stanzas; 1 to ${MAX_STANZAS} are possible`);
}

function checkTypes(types: ReadonlySet<number>): void {
  if (types.has(0)) throw malformed("a stanza of type 0");
  // Classical and hybrid recipients in one header would give the hybrids' file key to who breaks X25519.
  if (types.has(STANZA_X25519) && types.has(STANZA_HYBRID)) throw malformed("X25519 and hybrid stanzas together");
}

function checkLength(type: number, length: number, total: number): void {
  if (length > MAX_BODY) throw malformed(`a stanza of ${length} bytes; ${MAX_BODY} are possible`);
  if (type === STANZA_X25519 && length !== X25519_BODY) {
    throw malformed(`an X25519 stanza of ${length} bytes instead of ${X25519_BODY}`);
  }
  if (total > MAX_STANZA_BYTES) throw malformed(`more than ${MAX_STANZA_BYTES} bytes of stanzas`);
}
