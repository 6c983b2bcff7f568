// Stanzas: the list of recipients, without their names (docs/FORMAT.md, "Stanzas").

import { type Bytes, concat, u16 } from "../bytes.js";
import { SealError } from "../errors.js";
import { type Parser, Sent } from "./parser.js";

/** The types whose bodies this version knows. */
export const STANZA_X25519 = 1;
export const STANZA_XWING = 0x8001;
export const STANZA_PASSPHRASE = 0x8002;
export const MAX_STANZAS = 4096;
export const MAX_BODY = 4096;
/** Count and stanzas together. */
export const MAX_STANZA_BYTES = 8 * 1024 * 1024;
const COUNT_BYTES = 2;
/** Type and length. */
const HEAD_BYTES = 4;
/** Types from here on are post-quantum. */
const POST_QUANTUM = 0x8000;
/** What the bodies of known types have: enc 32 or 1120, or salt 16 | sealed file key 48. */
const BODY: Readonly<Record<number, { readonly name: string; readonly length: number }>> = {
  [STANZA_X25519]: { name: "X25519", length: 80 },
  [STANZA_XWING]: { name: "X-Wing", length: 1168 },
  [STANZA_PASSPHRASE]: { name: "passphrase", length: 64 },
};

export interface Stanza {
  readonly type: number;
  readonly body: Bytes;
}

/** Stanzas, and their bytes with the count. */
export interface Stanzas {
  readonly stanzas: readonly Stanza[];
  readonly bytes: Bytes;
}

export function isPostQuantum(type: number): boolean {
  return type >= POST_QUANTUM;
}

export function encodeStanzas(stanzas: readonly Stanza[]): Bytes {
  return concat(u16(stanzas.length), ...stanzas.flatMap(({ type, body }) => [headOf(type, body.length), body]));
}

function headOf(type: number, length: number): Bytes {
  return Uint8Array.of(type >> 8, type, length >> 8, length);
}

/**
 * Parses count and stanzas, each field checked before those behind it. Throws `malformed`; `tampered` where the input
 * ends. With a field it takes what is certain to follow, where that is at hand: each stanza that is left begins with
 * four bytes.
 */
export function* parseStanzas(): Parser<Stanzas> {
  const sent = new Sent(MAX_STANZA_BYTES);
  yield* sent.ask(COUNT_BYTES, 0);
  const count = checkCount(sent.u16(0));
  const types: number[] = [];
  const ends: number[] = [];
  const kinds = new Set<boolean>();
  for (let [at, left] = [COUNT_BYTES, count - 1]; left >= 0; left--) {
    const head = at + HEAD_BYTES;
    const more = (end: number) => Math.max(0, Math.min(left * HEAD_BYTES, MAX_STANZA_BYTES - end));
    if (!sent.has(at + 2)) yield* sent.ask(at + 2, 2 + more(head));
    const type = sent.u16(at);
    checkType(type, kinds.add(isPostQuantum(type)));
    if (!sent.has(head)) yield* sent.ask(head, more(head));
    const length = sent.u16(at + 2);
    at = head + length;
    checkLength(type, length, at);
    if (!sent.has(at)) yield* sent.ask(at, more(at));
    types.push(type);
    ends.push(at);
  }
  const bytes = sent.first(ends.at(-1)!);
  const bodyOf = (i: number) => bytes.subarray((ends[i - 1] ?? COUNT_BYTES) + HEAD_BYTES, ends[i]);
  return { stanzas: types.map((type, i) => ({ type, body: bodyOf(i) })), bytes };
}

function malformed(message: string): SealError {
  return new SealError("malformed", message);
}

function checkCount(count: number): number {
  if (count >= 1 && count <= MAX_STANZAS) return count;
  throw malformed(`${count} stanzas; 1 to ${MAX_STANZAS} are possible`);
}

function checkType(type: number, kinds: ReadonlySet<boolean>): void {
  if (type === 0) throw malformed("a stanza of type 0");
  // Classic and post-quantum recipients in one header would give the latter's file key to who breaks X25519.
  if (kinds.size > 1) throw malformed("classic and post-quantum stanzas together");
}

function checkLength(type: number, length: number, total: number): void {
  if (length > MAX_BODY) throw malformed(`a stanza of ${length} bytes; ${MAX_BODY} are possible`);
  const due = BODY[type];
  if (due && length !== due.length) {
    throw malformed(`a stanza (${due.name}) of ${length} bytes instead of ${due.length}`);
  }
  if (total > MAX_STANZA_BYTES) throw malformed(`more than ${MAX_STANZA_BYTES} bytes of stanzas`);
}
