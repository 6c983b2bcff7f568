// docs/FORMAT.md, "Chunk records" and "Opening", 8, as a verifier sees them, once more and in another way: over the
// whole file, from the sizes. The signatures are checked by the suite.

import { createHash } from "node:crypto";
import type { Suite, VerifyingKey } from "../../src/crypto/suite.js";
import { EXPONENT, FIXED, LABEL_LENGTH, RECORD_KEY } from "../layout.js";

/** The digest of the file, or the index of the record at which it is tampered. */
export type RecordsVerdict = { readonly digest: string } | { readonly chunk: number };

const TAG = 16;
const TRAILER = 112;

/** What a verifier says of the records of a signed file whose header has `headerLength` bytes, and is good. */
export function judgeRecords(file: Uint8Array, headerLength: number, suite: Suite): RecordsVerdict {
  const coreHash = sha256(file.subarray(0, FIXED + file[LABEL_LENGTH]!));
  const full = 2 ** file[EXPONENT]! + TRAILER;
  const recordKey = suite.checkedVerifyingKey(file.slice(...RECORD_KEY));
  let chain = coreHash;
  for (let index = 0; ; index++) {
    const record = file.subarray(headerLength + index * full, headerLength + (index + 1) * full);
    const final = record.length < full;
    const next = judgeRecord(record, { coreHash, chain, index, final }, recordKey);
    if (!next) return { chunk: index };
    chain = next;
    if (final) return { digest: chain.toString("hex") };
  }
}

interface Due {
  readonly coreHash: Uint8Array;
  readonly chain: Uint8Array;
  readonly index: number;
  readonly final: boolean;
}

/** The chain value after a record; null where it is not the one that is due. */
export function judgeRecord(
  record: Uint8Array,
  { coreHash, chain, index, final }: Due,
  recordKey: VerifyingKey,
): Buffer | null {
  if (record.length < TRAILER) return null;
  const body = record.length - TRAILER;
  const digest = sha256(record.subarray(0, body + TAG));
  const message = Buffer.alloc(115);
  message.write("seal.v1 chunk\0", "latin1");
  message.set(coreHash, 14);
  message.writeUInt32BE(index, 46);
  message.writeUInt8(final ? 1 : 0, 50);
  message.set(chain, 51);
  message.set(digest, 83);
  const carried = record.subarray(body + TAG, body + TAG + 32);
  const isDue = Buffer.from(carried).equals(chain) && recordKey.verify(message, record.subarray(body + TAG + 32));
  return isDue ? sha256(chain, digest) : null;
}

export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
