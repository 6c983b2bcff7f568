// The core: the fixed first part of a header (docs/FORMAT.md, "Core").

import { type Bytes, concat, equal, fromUtf8, isZero, readU64, u64, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { MAGIC, refuseMagic } from "./magic.js";
import { exactly, type Parser } from "./parser.js";

export const VERSION = 1;
export const KIND_FILE = 1;
export const KIND_JOURNAL = 2;
export type Kind = typeof KIND_FILE | typeof KIND_JOURNAL;
export const MIN_CHUNK_EXPONENT = 12;
export const MAX_CHUNK_EXPONENT = 24;
export const DEFAULT_CHUNK_EXPONENT = 22;
/** 9999-12-31T23:59:59Z, in Unix seconds. */
export const MAX_SEALED_AT = 253402300799;
export const MAX_LABEL_BYTES = 255;

export interface Core {
  /** The chunk size is 2^chunkExponent bytes; 12 … 24. */
  readonly chunkExponent: number;
  /** The signer's Ed25519 public key, 32 bytes; null in an unsigned file. */
  readonly signer: Bytes | null;
  /** 32 bytes. */
  readonly commitment: Bytes;
  /** Unix seconds. */
  readonly sealedAt: number;
  readonly label: string;
  /** Only in an epoch of a journal (kind 2): the chain value at the end of the epoch before, 32 bytes, zero in the first. */
  readonly previous?: Bytes | undefined;
}

/** \p{Cc} is U+0000–001F and U+007F–009F. */
const FORBIDDEN_IN_LABEL = /[\p{Cc}\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** What is wrong with a label, in words; null where it can be sealed. */
export function labelFault(label: string): string | null {
  if (!label.isWellFormed()) return "has a lone surrogate";
  if (FORBIDDEN_IN_LABEL.test(label)) return "has a control or bidirectional character";
  const length = utf8(label).length;
  return length > MAX_LABEL_BYTES ? `is ${length} bytes long, at most ${MAX_LABEL_BYTES} are possible` : null;
}

export function encodeCore(core: Core): Bytes {
  const label = utf8(core.label);
  return concat(
    MAGIC,
    Uint8Array.of(VERSION, kindOf(core), core.chunkExponent, core.signer ? 1 : 0),
    core.signer ?? new Uint8Array(32),
    core.commitment,
    u64(core.sealedAt),
    Uint8Array.of(label.length),
    label,
    core.previous ?? new Uint8Array(),
  );
}

export function kindOf(core: Core): Kind {
  return core.previous ? KIND_JOURNAL : KIND_FILE;
}

/**
 * Parses a core of a kind that is `expected` and checks every field against its bounds, each as soon as its bytes are there. Whether the
 * signer is a valid key, and one to be trusted, is not decided here, nor what `previous` has to be.
 * Throws `malformed`; `tampered` where the input ends after a good magic.
 */
export function* parseCore(expected: Kind | "any" = KIND_FILE): Parser<{ core: Core; bytes: Bytes }> {
  const parts: Uint8Array[] = [];
  const field = function* (length: number): Parser<Uint8Array> {
    const bytes = yield* exactly(length);
    parts.push(bytes);
    return bytes;
  };

  const magic = yield MAGIC.length;
  if (!equal(magic, MAGIC)) throw refuseMagic(magic);
  parts.push(magic);
  checkVersion((yield* field(1))[0]!);
  const kind = checkKind((yield* field(1))[0]!, expected);
  const chunkExponent = checkChunkExponent((yield* field(1))[0]!);
  const signed = checkAlgorithm((yield* field(1))[0]!, kind);
  const signer = checkSigner(signed, yield* field(32));
  const commitment = Uint8Array.from(yield* field(32));
  const sealedAt = checkSealedAt(yield* field(8));
  const labelLength = (yield* field(1))[0]!;
  const label = checkLabel(yield* field(labelLength));
  const core = { chunkExponent, signer, commitment, sealedAt, label };
  if (kind === KIND_FILE) return { core, bytes: concat(...parts) };
  const previous = Uint8Array.from(yield* field(32));
  return { core: { ...core, previous }, bytes: concat(...parts) };
}

function malformed(message: string, hint?: string): SealError {
  return new SealError("malformed", message, { hint });
}

function checkVersion(version: number): void {
  if (version === VERSION) return;
  throw malformed(
    `sealed-format version ${version}, which this program does not know`,
    // Stryker disable next-line EqualityOperator: the version itself has been let through.
    version > VERSION ? "It may come from a newer seal: upgrade this one." : undefined,
  );
}

function checkKind(kind: number, expected: Kind | "any"): Kind {
  if (kind !== KIND_FILE && kind !== KIND_JOURNAL) throw malformed(`unknown kind ${kind} of sealed input`);
  if (expected === "any" || kind === expected) return kind;
  throw kind === KIND_JOURNAL
    ? malformed("a journal, not a sealed file", "Read it with seal journal read.")
    : malformed("a sealed file, not a journal", "Open it with seal open.");
}

function checkChunkExponent(exponent: number): number {
  if (exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT) return exponent;
  throw malformed(
    `the chunk size, 2^${exponent}, is out of bounds (2^${MIN_CHUNK_EXPONENT} to 2^${MAX_CHUNK_EXPONENT})`,
  );
}

function checkAlgorithm(algorithm: number, kind: Kind): boolean {
  if (algorithm > 1) throw malformed(`unknown signature algorithm ${algorithm}`);
  if (algorithm === 0 && kind === KIND_JOURNAL) throw malformed("an unsigned journal");
  return algorithm === 1;
}

function checkSigner(signed: boolean, key: Uint8Array): Bytes | null {
  if (signed === isZero(key)) {
    throw malformed(signed ? "a signed file with an all-zero signer key" : "an unsigned file that names a signer");
  }
  return signed ? Uint8Array.from(key) : null;
}

function checkSealedAt(bytes: Uint8Array): number {
  const seconds = readU64(bytes);
  if (seconds > BigInt(MAX_SEALED_AT)) throw malformed("the time of sealing is after the year 9999");
  return Number(seconds);
}

function checkLabel(bytes: Uint8Array): string {
  const label = fromUtf8(bytes);
  if (label === null) throw malformed("the label is not valid UTF-8");
  const fault = labelFault(label);
  if (fault) throw malformed(`the label ${fault}`);
  return label;
}
