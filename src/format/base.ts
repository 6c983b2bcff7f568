// A base: what a journal that was shortened begins with (docs/FORMAT.md, "A base").

import { type Bytes, concat, equal, isZero, type Owned, readU64, u64, utf8 } from "../bytes.js";
import { SIGNATURE_BYTES } from "../crypto/lengths.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { checkLabel, checkSealedAt, checkVersion, KIND_BASE, MAX_LABEL_BYTES, unsupported, VERSION } from "./core.js";
import { MAGIC, refuseMagic } from "./magic.js";
import { atMost, exactly, type Parser } from "./parser.js";
import { CHAIN_BYTES } from "./sizes.js";

const ED25519 = 1;
/** Bytes of the longest base. */
export const MAX_BASE_BYTES = 124 + MAX_LABEL_BYTES + SIGNATURE_BYTES;
/** Whatever is behind a base, offsets stay below 2^53: exact, and ones that a cursor can have. */
export const MAX_BASE_OFFSET = 2 ** 52;
/** Magic, version and kind: they tell a base from a core. */
const START = concat(MAGIC, Uint8Array.of(VERSION, KIND_BASE));
/** How many bytes tell whether an input begins with a base. */
export const BASE_START_BYTES = START.length;

export interface Base {
  /** The signer of the journal, 32 bytes. */
  readonly signer: Bytes;
  /** The journal id, 32 bytes. */
  readonly journal: Bytes;
  /** The chain value that the first epoch kept names, 32 bytes. */
  readonly previous: Bytes;
  /** Where that epoch begins, as if nothing had been removed; 1 … 2^52. */
  readonly offset: number;
  /** Unix seconds. */
  readonly removedAt: number;
  readonly label: string;
}

export interface ParsedBase {
  readonly base: Base;
  /** What is signed, and the signature. */
  readonly bytes: Bytes;
  readonly signature: Bytes;
}

/** Bytes of a base in a journal. */
export function baseLength({ bytes, signature }: ParsedBase): number {
  return bytes.length + signature.length;
}

/** All of a base but its signature. */
export function encodeBase({ signer, journal, previous, offset, removedAt, label }: Base): Bytes {
  const text = utf8(label);
  return concat(
    START,
    Uint8Array.of(ED25519),
    signer,
    journal,
    previous,
    u64(offset),
    u64(removedAt),
    Uint8Array.of(text.length),
    text,
  );
}

/** What a base's signature covers: "seal.v1 base\0" ∥ SHA-256(what is before it). */
export function baseMessage(suite: Suite, bytes: Uint8Array): Bytes {
  return concat(utf8("seal.v1 base\0"), suite.sha256(bytes));
}

/** Whether an input that begins so begins with a base. */
export function beginsBase(start: Uint8Array): boolean {
  return equal(start.subarray(0, START.length), START);
}

/**
 * Parses a base, each field checked as soon as its bytes are there; not the signer, nor the signature. Throws
 * `malformed`, `unsupported`; `tampered` where the input ends in it.
 */
export function* parseBase(): Parser<ParsedBase> {
  const parts: Owned[] = [];
  const field = function* (length: number): Parser<Owned> {
    const bytes = yield* exactly(length);
    parts.push(bytes);
    return bytes;
  };
  const magic = yield* atMost(MAGIC.length);
  if (!equal(magic, MAGIC)) throw refuseMagic(magic);
  parts.push(magic);
  checkVersion((yield* field(1))[0]!);
  if ((yield* field(1))[0] !== KIND_BASE) throw malformed("no base of a journal");
  const algorithm = (yield* field(1))[0]!;
  if (algorithm === 0) throw malformed("an unsigned base");
  if (algorithm !== ED25519) throw unsupported(`signature algorithm ${algorithm}`);
  const signer = yield* field(32);
  if (isZero(signer)) throw malformed("a base with an all-zero signer key");
  const journal = yield* field(CHAIN_BYTES);
  const previous = yield* field(CHAIN_BYTES);
  if (isZero(previous)) throw malformed("a base before which there was nothing");
  const offset = checkOffset(yield* field(8));
  const removedAt = checkSealedAt(yield* field(8));
  const label = checkLabel(yield* field((yield* field(1))[0]!));
  const base = { signer, journal, previous, offset, removedAt, label };
  return { base, bytes: concat(...parts), signature: yield* exactly(SIGNATURE_BYTES) };
}

function checkOffset(bytes: Owned): number {
  const offset = readU64(bytes);
  if (offset < 1n || offset > BigInt(MAX_BASE_OFFSET)) throw malformed("a base at an offset out of bounds");
  return Number(offset);
}

function malformed(message: string): SealError {
  return new SealError("malformed", message);
}
