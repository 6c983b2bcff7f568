// Journals made right again with the keys that whoever mutates them has, as sealed/forge.ts does with files.

import { type Bytes, concat, u32 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { baseMessage } from "../../src/format/base.js";
import { encodeBatch } from "../../src/format/batch.js";
import { sealFrame } from "../../src/format/frame.js";
import { epochChain } from "../../src/format/header.js";
import { Ratchet } from "../../src/journal/ratchet.js";
import { bytesOf, forger, forgedKey as recordKey } from "../actors.js";
import { BASE, isBase } from "../layout.js";
import { mutateBytes } from "../mutate/bytes.js";
import type { Random } from "../random.js";
import { keyOf, repaired } from "../sealed/forge.js";
import { coreOf, headerOf, takeHeader } from "../sealed/parts.js";
import { isHeader } from "./parts.js";

/** A batch, now and then one that is none. */
function someBatch(random: Random): Bytes {
  const records = Array.from({ length: 1 + random.below(4) }, (_, i) => bytesOf(`record ${i}`, random.below(12)));
  const batch = encodeBatch(random.pick([0, 1_700_000_000_000, 253402300799999]), records);
  return random.oneIn(4) ? mutateBytes(batch, batch, random).subarray(0, 4096) : batch;
}

interface Begun {
  readonly coreHash: Bytes;
  readonly chain: Bytes;
  readonly ratchet: Ratchet;
}

/** The epoch of a header; null where the reader cannot open it. */
function begun(header: Bytes): Begun | null {
  const parts = takeHeader(header)?.parts;
  if (!parts) return null;
  const core = coreOf(parts);
  const coreHash = native.sha256(core);
  const chain = epochChain(native, core, header.subarray(core.length, -64));
  const fileKey = keyOf(parts, coreHash);
  return fileKey && { coreHash, chain, ratchet: new Ratchet(native, copySecret(fileKey), coreHash) };
}

/** A base of the forger's for the same; now and then for something else. */
function forgedBase(piece: Bytes, random: Random): Bytes {
  const fields = random.oneIn(4) ? mutateBytes(piece, piece, random).slice(0, piece.length) : piece.slice();
  const signed = fields.subarray(0, -64);
  if (signed.length < BASE.label) return fields;
  const { signingKey } = forger.identity;
  signed.set(signingKey.publicKey, BASE.signer[0]);
  return concat(signed, signingKey.sign(baseMessage(native, signed)));
}

/** As many bases, headers and frames, in this order, all of them the forger's and right, but for a slip at times. */
export function byForger(pieces: readonly Bytes[], random: Random): Bytes[] {
  const slip = random.oneIn(2) ? random.below(pieces.length) : -1;
  let epoch: Begun | null = null;
  let chain: Bytes = new Uint8Array(32);
  let index = 0;
  return pieces.map((piece, place) => {
    const twist = slip === place ? random.below(4) : -1;
    if (isBase(piece)) {
      const base = forgedBase(piece, random);
      if (twist < 0) chain = base.slice(...BASE.previous);
      return base;
    }
    if (isHeader(piece)) {
      const parts = takeHeader(piece)?.parts;
      if (!parts) return piece;
      if (parts.previous && twist < 0) parts.previous = chain;
      const header = headerOf(repaired({ ...parts, records: [] }, "stanzas", random));
      epoch = begun(header);
      index = 0;
      chain = epoch?.chain ?? chain;
      return header;
    }
    if (!epoch) return piece;
    const { coreHash, ratchet } = epoch;
    if (twist === 0) ratchet.skip();
    const named = twist === 1 ? random.pick([0, index + 1, 2 ** 32 - 1]) : index;
    const carried = twist === 2 ? native.sha256(chain) : chain;
    const sealed = sealFrame({ suite: native, recordKey, coreHash }, ratchet.next(), named, carried, someBatch(random));
    if (twist !== 3) chain = sealed.chain;
    index += 1;
    return sealed.frame;
  });
}

/**
 * What an insider can do to somebody else's journal: another batch in a frame, under the right key, with the right
 * chain, and a signature that the insider has or can make. The pieces stay as they are where the reader cannot open the
 * epoch.
 */
export function byInsider(pieces: readonly Bytes[], random: Random): readonly Bytes[] {
  const at = random.below(pieces.length);
  const head = pieces.slice(0, at + 1).findLastIndex(isHeader);
  const old = pieces[at]!;
  const epoch = head >= 0 && head < at && old.length >= 112 ? begun(pieces[head]!) : null;
  if (!epoch) return pieces;
  const index = at - head - 1;
  for (let i = 0; i < index; i++) epoch.ratchet.skip();
  const chain = old.slice(-96, -64);
  const { coreHash, ratchet } = epoch;
  const { frame } = sealFrame({ suite: native, recordKey, coreHash }, ratchet.next(), index, chain, someBatch(random));
  const signature = random.pick([old, random.pick(pieces), frame, concat(u32(1), new Uint8Array(60))]).slice(-64);
  return pieces.toSpliced(at, 1, concat(frame.subarray(0, -64), signature));
}
