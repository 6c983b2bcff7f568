// docs/FORMAT.md, "Journals" and "Reading a journal", as a verifier sees them, once more and in another way: the whole
// journal is at hand. The signatures are checked by the suite.

import type { Suite, VerifyingKey } from "../../src/crypto/suite.js";
import { EXPONENT, FIXED, isBase, LABEL_LENGTH, RECORD_KEY, SIGNER } from "../layout.js";
import { judgeBase } from "./base.js";
import { judgeHeader } from "./header.js";
import { judgeRecord, sha256 } from "./records.js";

/** What is in the journal; or the offset where what is refused begins, and its index where it is a frame. */
export type JournalVerdict =
  | { readonly epochs: number; readonly frames: number; readonly tail: number; readonly digest: string }
  | { readonly at: number; readonly frame: number | null };

const MAGIC = "89 53 45 41 4c 0d 0a 1a".split(" ").map((byte) => Number.parseInt(byte, 16));

/** What all epochs of a journal have in common; no chunk size yet behind a base. */
interface Common {
  readonly exponent: number | null;
  readonly signer: Uint8Array;
  readonly label: Uint8Array;
}

/** What a verifier says of a journal whose signer, a good key, is accepted. */
export function judgeJournal(journal: Uint8Array, signer: VerifyingKey, suite: Suite): JournalVerdict {
  if (!isBase(journal)) return judgeEpochs(journal, { start: new Uint8Array(32), base: null }, signer, suite);
  const base = judgeBase(journal, signer);
  if (base === "refused") return { at: 0, frame: null };
  const first = { start: base.previous, base: { ...base, exponent: null } };
  const verdict = judgeEpochs(journal.subarray(base.length), first, signer, suite);
  return "at" in verdict ? { ...verdict, at: verdict.at + base.offset } : verdict;
}

/** The same of its epochs; places count from the first. `start` is the chain value that is due there. */
function judgeEpochs(
  journal: Uint8Array,
  { start, base }: { readonly start: Uint8Array; readonly base: Common | null },
  signer: VerifyingKey,
  suite: Suite,
): JournalVerdict {
  const most = 2 ** journal[EXPONENT]!;
  let recordKey = signer;
  let coreHash: Uint8Array = new Uint8Array(32);
  let chain = start;
  let [at, epochs, frames, index] = [0, 0, 0, 0];
  for (;;) {
    const rest = journal.subarray(at);
    const tail = { epochs, frames, tail: rest.length, digest: Buffer.from(chain).toString("hex") };
    if (rest.length === 0) return tail;
    if (base && epochs === 0 && zerosAtEnd(rest) === rest.length) return tail;
    if (epochs === 0 || rest[0]! >= 0x80) {
      const common = epochs === 0 && base ? base : commonOf(journal);
      // What has no magic is not known to be a journal.
      const isKnown = at > 0 || base !== null || rest.length - zerosAtEnd(rest) >= MAGIC.length;
      const length = (isKnown && judgeTorn(rest, common, chain, signer)) || judgeEpoch(rest, common, chain, signer);
      if (length === "tail") return tail;
      if (length === "refused") return { at, frame: null };
      recordKey = suite.checkedVerifyingKey(rest.slice(...RECORD_KEY));
      coreHash = sha256(rest.subarray(0, coreLength(rest)));
      chain = sha256(Buffer.from("seal.v1 epoch\0"), rest.subarray(0, length - 64));
      at += length;
      epochs += 1;
      index = 0;
      continue;
    }
    if (rest.length < 4 || zerosAtEnd(rest) === rest.length) return tail;
    const length = Buffer.from(rest.subarray(0, 4)).readUInt32BE();
    if (length < 12 || length > most) return { at, frame: index };
    if (rest.length < 8) return tail;
    const check = sha256(Buffer.from("seal.v1 length\0"), chain, rest.subarray(0, 4));
    if (!check.subarray(0, 4).equals(rest.subarray(4, 8))) return { at, frame: index };
    if (rest.length < length + 120 || zerosAtEnd(rest) >= rest.length - length - 56) return tail;
    const record = rest.subarray(8, length + 120);
    if (!judgeRecord(record, { coreHash, chain, index, final: false }, recordKey)) return { at, frame: index };
    chain = sha256(chain, sha256(record.subarray(0, length + 16)), record.subarray(length + 48));
    at += length + 120;
    frames += 1;
    index += 1;
  }
}

function zerosAtEnd(bytes: Uint8Array): number {
  let zeros = 0;
  while (zeros < bytes.length && bytes[bytes.length - 1 - zeros] === 0) zeros += 1;
  return zeros;
}

const coreLength = (header: Uint8Array) => FIXED + header[LABEL_LENGTH]! + 32;

/** The length of the header that stands there, unless it is refused, or incomplete. */
function judgeEpoch(
  rest: Uint8Array,
  first: Common,
  chain: Uint8Array,
  signer: VerifyingKey,
): number | "tail" | "refused" {
  if (MAGIC.some((byte, i) => i < rest.length && rest[i] !== byte)) return "refused";
  if (rest.length < MAGIC.length) return "tail";
  const verdict = judgeHeader(rest, 2n);
  if (verdict === "malformed" || verdict === "unsupported") return "refused";
  if (rest.length >= coreLength(rest) && !continues(rest, first, chain)) return "refused";
  if (verdict === "tampered") return "tail";
  const signed = rest.subarray(0, verdict.length - 64);
  const message = Buffer.concat([Buffer.from("seal.v1 header\0"), sha256(signed)]);
  return signer.verify(message, rest.subarray(signed.length, verdict.length)) ? verdict.length : "refused";
}

/** "tail" where a loss of power has left zeros in place of the end of a header, its signature included; else null. */
function judgeTorn(rest: Uint8Array, first: Common, chain: Uint8Array, signer: VerifyingKey): "tail" | null {
  const written = rest.subarray(0, rest.length - zerosAtEnd(rest));
  if (rest.length - written.length < 64 || endsInSignature(written)) return null;
  return judgeEpoch(written, first, chain, signer) === "tail" ? "tail" : null;
}

/** Whether 63 bytes more make a header of it: then it has at least one of its signature. */
function endsInSignature(written: Uint8Array): boolean {
  return typeof judgeHeader(Buffer.concat([written, Buffer.alloc(63, 1)]), 2n) === "object";
}

function commonOf(core: Uint8Array): Common {
  const label = core.subarray(FIXED, FIXED + core[LABEL_LENGTH]!);
  return { exponent: core[EXPONENT]!, signer: core.subarray(...SIGNER), label };
}

/** Whether a core has the signer, label and chunk size that all have, and names the chain value due. */
function continues(core: Uint8Array, first: Common, chain: Uint8Array): boolean {
  const { exponent, signer, label } = commonOf(core);
  const isSame = (one: Uint8Array, other: Uint8Array) => Buffer.from(one).equals(other);
  const previous = core.subarray(FIXED + label.length, FIXED + label.length + 32);
  const isDue = first.exponent === null || first.exponent === exponent;
  return isDue && isSame(signer, first.signer) && isSame(label, first.label) && isSame(previous, chain);
}
