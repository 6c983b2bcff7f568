// docs/FORMAT.md, "Journals" and "Reading a journal", as a verifier sees them, once more and in another way: the whole journal is at hand. The
// signatures are checked by the suite.

import type { VerifyingKey } from "../../src/crypto/suite.js";
import { judgeHeader } from "./header.js";
import { judgeRecord, sha256 } from "./records.js";

/** What is in the journal; or where what is refused begins, and its index where it is a frame. */
export type JournalVerdict =
  | { readonly epochs: number; readonly frames: number; readonly tail: number; readonly digest: string }
  | { readonly at: number; readonly frame: number | null };

const MAGIC = "89 53 45 41 4c 0d 0a 1a".split(" ").map((byte) => Number.parseInt(byte, 16));

/** What a verifier says of a journal whose signer, a good key, is accepted. */
export function judgeJournal(journal: Uint8Array, signer: VerifyingKey): JournalVerdict {
  const most = 2 ** journal[10]!;
  let coreHash: Uint8Array = new Uint8Array(32);
  let chain: Uint8Array = coreHash;
  let [at, epochs, frames, index] = [0, 0, 0, 0];
  for (;;) {
    const rest = journal.subarray(at);
    const tail = { epochs, frames, tail: rest.length, digest: Buffer.from(chain).toString("hex") };
    if (rest.length === 0) return tail;
    if (epochs === 0 || rest[0]! >= 0x80) {
      const length = judgeEpoch(rest, journal, chain, signer);
      if (length === "tail") return tail;
      if (length === "refused") return { at, frame: null };
      coreHash = sha256(rest.subarray(0, coreLength(rest)));
      chain = coreHash;
      at += length;
      epochs += 1;
      index = 0;
      continue;
    }
    if (rest.length < 4) return tail;
    const length = Buffer.from(rest.subarray(0, 4)).readUInt32BE();
    if (length < 1 || length > most) return { at, frame: index };
    if (rest.length < length + 116) return tail;
    const next = judgeRecord(rest.subarray(4, length + 116), { coreHash, chain, index, final: false }, signer);
    if (!next) return { at, frame: index };
    chain = next;
    at += length + 116;
    frames += 1;
    index += 1;
  }
}

const coreLength = (header: Uint8Array) => 85 + header[84]! + 32;

/** The length of the header that stands there, unless it is refused, or incomplete. */
function judgeEpoch(
  rest: Uint8Array,
  journal: Uint8Array,
  chain: Uint8Array,
  signer: VerifyingKey,
): number | "tail" | "refused" {
  if (MAGIC.some((byte, i) => i < rest.length && rest[i] !== byte)) return "refused";
  if (rest.length < MAGIC.length) return "tail";
  const verdict = judgeHeader(rest, 2n);
  if (verdict === "malformed") return "refused";
  if (rest.length >= coreLength(rest) && !continues(rest, journal, chain)) return "refused";
  if (verdict === "tampered") return "tail";
  const signed = rest.subarray(0, verdict.length - 64);
  const message = Buffer.concat([Buffer.from("seal.v1 header\0"), sha256(signed)]);
  return signer.verify(message, rest.subarray(signed.length, verdict.length)) ? verdict.length : "refused";
}

/** Whether a core has the signer, label and chunk size of the first, and names the chain value due. */
function continues(core: Uint8Array, first: Uint8Array, chain: Uint8Array): boolean {
  const field = (from: number, to: number) =>
    Buffer.from(core.subarray(from, to)).equals(Buffer.from(first.subarray(from, to)));
  const label = 85 + core[84]!;
  return (
    field(10, 11) && field(12, 44) && field(84, label) && Buffer.from(core.subarray(label, label + 32)).equals(chain)
  );
}
