// The core: the fixed first part of a header (docs/FORMAT.md, "Core").

import { type Bytes, concat, equal, fromUtf8, isZero, type Owned, readU64, u64, utf8 } from "../bytes.js";
import { isRecordKey } from "../crypto/ed25519-check.js";
import { type ErrorDetails, SealError } from "../errors.js";
import { MAX_SEALED_AT } from "../time.js";
import { MAGIC, refuseMagic } from "./magic.js";
import { atMost, exactly, type Parser } from "./parser.js";

export const VERSION = 1;
export const KIND_FILE = 1;
export const KIND_JOURNAL = 2;
/** What a journal that was shortened begins with (format/base.ts). */
export const KIND_BASE = 3;
export type Kind = typeof KIND_FILE | typeof KIND_JOURNAL;
/** What the records hold: the plaintext as it is. */
const PLAIN = 0;
export const MIN_CHUNK_EXPONENT = 12;
export const MAX_CHUNK_EXPONENT = 24;
export const DEFAULT_CHUNK_EXPONENT = 22;
export const MAX_LABEL_BYTES = 255;

export interface Core {
  /** The chunk size is 2^chunkExponent bytes; 12 … 24. */
  readonly chunkExponent: number;
  /** The signer's Ed25519 public key, 32 bytes; null in an unsigned file. */
  readonly signer: Bytes | null;
  /** The Ed25519 public key that signs the records, 32 bytes; null in an unsigned file. */
  readonly recordKey: Bytes | null;
  /** 32 bytes. */
  readonly commitment: Bytes;
  /** Unix seconds. */
  readonly sealedAt: number;
  readonly label: string;
  /**
   * Only in an epoch of a journal (kind 2): the chain value at the end of the epoch before, 32 bytes, zero in the
   * first.
   */
  readonly previous?: Bytes | undefined;
}

/** Control, bidirectional and invisible characters. \p{Cc} is U+0000–001F and U+007F–009F. */
export const INVISIBLE =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** What is wrong with a label, in words; null where it can be sealed. */
export function labelFault(label: string): string | null {
  if (!label.isWellFormed()) return "has a lone surrogate";
  if (INVISIBLE.test(label)) return "has a control, bidirectional or invisible character";
  const length = utf8(label).length;
  return length > MAX_LABEL_BYTES ? `is ${length} bytes long; at most ${MAX_LABEL_BYTES} are allowed` : null;
}

export function encodeCore(core: Core): Bytes {
  const label = utf8(core.label);
  return concat(
    MAGIC,
    Uint8Array.of(VERSION, coreKind(core), core.chunkExponent, core.signer ? 1 : 0, PLAIN),
    core.signer ?? new Uint8Array(32),
    core.recordKey ?? new Uint8Array(32),
    core.commitment,
    u64(core.sealedAt),
    Uint8Array.of(label.length),
    label,
    core.previous ?? new Uint8Array(),
  );
}

export function coreKind(core: Core): Kind {
  return core.previous ? KIND_JOURNAL : KIND_FILE;
}

/**
 * Parses a core of a kind that is `expected` and checks every field against its bounds, each as soon as its bytes are
 * there. Whether the signer is a valid key, and one to be trusted, is not decided here, nor what `previous` has to be.
 * Throws `malformed`; `unsupported` for what a later version may mean; `tampered` where the input ends after a good
 * magic.
 */
export function* parseCore(expected: Kind | "any" = KIND_FILE): Parser<{ core: Core; bytes: Bytes }> {
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
  const kind = checkKind((yield* field(1))[0]!, expected);
  const chunkExponent = checkChunkExponent((yield* field(1))[0]!);
  const signed = checkAlgorithm((yield* field(1))[0]!, kind);
  checkContent((yield* field(1))[0]!);
  const signer = checkSigner(signed, yield* field(32));
  const recordKey = checkRecordKey(signed, yield* field(32));
  const commitment = yield* field(32);
  const sealedAt = checkSealedAt(yield* field(8));
  const labelLength = (yield* field(1))[0]!;
  const label = checkLabel(yield* field(labelLength));
  const core = { chunkExponent, signer, recordKey, commitment, sealedAt, label };
  if (kind === KIND_FILE) return { core, bytes: concat(...parts) };
  const previous = yield* field(32);
  return { core: { ...core, previous }, bytes: concat(...parts) };
}

function malformed(message: string, details?: ErrorDetails): SealError {
  return new SealError("malformed", message, details);
}

/** The error for what a later version of the format may mean. */
export function unsupported(what: string): SealError {
  return new SealError("unsupported", `a newer seal made this: ${what} is not known here`, {
    hint: "Upgrade seal, then try again.",
  });
}

export function checkVersion(version: number): void {
  if (version !== VERSION) throw unsupported(`version ${version} of the format`);
}

function checkKind(kind: number, expected: Kind | "any"): Kind {
  if (kind === KIND_BASE && expected !== KIND_FILE) throw malformed("a base of a journal where an epoch belongs");
  if (kind === KIND_FILE && expected === KIND_JOURNAL)
    throw malformed("a sealed file, not a journal", { reason: "is-file", hint: "Open it as a file." });
  if ((kind === KIND_JOURNAL || kind === KIND_BASE) && expected === KIND_FILE)
    throw malformed("a journal, not a sealed file", { reason: "is-journal", hint: "Read it as a journal." });
  if (kind === KIND_FILE || kind === KIND_JOURNAL) return kind;
  throw unsupported(`kind ${kind} of sealed input`);
}

function checkChunkExponent(exponent: number): number {
  if (exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT) return exponent;
  throw malformed(
    `the chunk size, 2^${exponent}, is out of bounds (2^${MIN_CHUNK_EXPONENT} to 2^${MAX_CHUNK_EXPONENT})`,
  );
}

function checkAlgorithm(algorithm: number, kind: Kind): boolean {
  if (algorithm > 1) throw unsupported(`signature algorithm ${algorithm}`);
  if (algorithm === 0 && kind === KIND_JOURNAL) throw malformed("an unsigned journal");
  return algorithm === 1;
}

function checkSigner(signed: boolean, key: Owned): Owned | null {
  if (signed === isZero(key)) {
    throw malformed(signed ? "a signed file with an all-zero signer key" : "an unsigned file that names a signer");
  }
  return signed ? key : null;
}

function checkContent(content: number): void {
  if (content !== PLAIN) throw unsupported(`content ${content}`);
}

function checkRecordKey(signed: boolean, key: Owned): Owned | null {
  if (signed && !isRecordKey(key)) throw malformed("the record key is of small order or not canonical");
  if (!signed && !isZero(key)) throw malformed("an unsigned file with a record key");
  return signed ? key : null;
}

export function checkSealedAt(bytes: Uint8Array): number {
  const seconds = readU64(bytes);
  if (seconds > BigInt(MAX_SEALED_AT)) throw malformed("the time of sealing is after the year 9999");
  return Number(seconds);
}

export function checkLabel(bytes: Uint8Array): string {
  const label = fromUtf8(bytes);
  if (label === null) throw malformed("the label is not valid UTF-8");
  const fault = labelFault(label);
  if (fault) throw malformed(`the label ${fault}`);
  return label;
}
