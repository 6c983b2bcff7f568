// docs/FORMAT.md, "A base", once more and in another way. The signature is checked by the suite.

import type { VerifyingKey } from "../../src/crypto/suite.js";
import { BASE, baseLength } from "../layout.js";
import { isLabel } from "./header.js";
import { sha256 } from "./records.js";

/** A base that is good, and what the epochs behind it have to be. */
export interface JudgedBase {
  readonly length: number;
  readonly offset: number;
  readonly previous: Uint8Array;
  readonly signer: Uint8Array;
  readonly label: Uint8Array;
}

/** What the format says of the base at the beginning of a journal whose signer, a good key, is accepted. */
export function judgeBase(journal: Uint8Array, signer: VerifyingKey): JudgedBase | "refused" {
  const length = baseLength(journal);
  if (journal.length < length || journal[10] !== 1) return "refused";
  const field = ([from, to]: readonly [number, number]) => Buffer.from(journal.subarray(from, to));
  const [previous, label] = [field(BASE.previous), field([BASE.label, length - 64])];
  const [offset, removedAt] = [field(BASE.offset).readBigUInt64BE(), field([115, 123]).readBigUInt64BE()];
  const isThere = [field(BASE.signer), previous].every((bytes) => bytes.some((byte) => byte > 0));
  const isWithin = offset >= 1n && offset <= 2n ** 52n && removedAt <= 253402300799n;
  if (!isThere || !isWithin || !isLabel(label)) return "refused";
  const message = Buffer.concat([Buffer.from("seal.v1 base\0"), sha256(journal.subarray(0, length - 64))]);
  if (!signer.verify(message, journal.subarray(length - 64, length))) return "refused";
  return { length, offset: Number(offset), previous, signer: field(BASE.signer), label };
}
