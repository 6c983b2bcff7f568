// Making a mutated file right again, from some level on, with the keys that whoever mutates it has: the forger's signing key, and what the
// reader can open. So mutations are seen by the code behind the signature, too.

import { type Bytes, concat, equal, toHex, u32 } from "../../src/bytes.js";
import { chunkMessage, chunkNonce, nextChain } from "../../src/chunk/record.js";
import { hpkeOpen, hpkeSeal } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { commitment, headerMac, headerMessage, payloadKey, recipientInfo } from "../../src/format/header.js";
import { STANZA_X25519 } from "../../src/format/stanza.js";
import { bytesOf, forger, reader, repeatable } from "../actors.js";
import type { Random } from "../random.js";
import { coreOf, type HeaderParts, type Parts, recordSize, type StanzaPart, stanzasOf } from "./parts.js";

/** From which level on a file is made right: all that stands behind depends on it. */
export type Level = "authenticator" | "stanzas" | "records";

export function repaired(parts: Parts, level: Level, random: Random): Parts {
  const out = { ...parts, stanzas: [...parts.stanzas] };
  const unsigned = parts.algorithm === 0;
  if (parts.algorithm === 1) out.signer = forger.identity.signingKey.publicKey;
  let fileKey: Bytes | null = null;
  if (level !== "authenticator" || unsigned) {
    fileKey = bytesOf(`fuzz file key ${random.below(4)}`);
    if (!random.oneIn(8)) out.commitment = commitment(native, fileKey);
    out.stanzas = addressed(out, fileKey, random);
  }
  out.authenticator = authenticatorOf(out, fileKey);
  if (level === "records" && fileKey) out.records = sealedRecords(out, fileKey, random);
  return out;
}

/** One of the stanzas becomes the reader's. */
function addressed(parts: Parts, fileKey: Bytes, random: Random): StanzaPart[] {
  const coreHash = native.sha256(coreOf(parts));
  const suite = repeatable(toHex(coreHash));
  const { enc, ciphertext } = hpkeSeal(suite, reader.identity.publicKey, recipientInfo(coreHash), fileKey);
  const own = { type: STANZA_X25519, length: null, body: concat(enc, ciphertext) };
  const at = random.below(parts.stanzas.length);
  return parts.stanzas.length === 0 ? [own] : parts.stanzas.toSpliced(at, random.oneIn(4) ? 0 : 1, own);
}

function authenticatorOf(parts: Parts, fileKey: Bytes | null): Bytes {
  const [core, stanzas] = [coreOf(parts), stanzasOf(parts)];
  if (parts.algorithm !== 0) return forger.identity.signingKey.sign(headerMessage(native, core, stanzas));
  return headerMac(native, fileKey!, native.sha256(core), core, stanzas);
}

/** Records of the lengths that there are, all of them right, but for a slip now and then. */
function sealedRecords(parts: Parts, fileKey: Bytes, random: Random): Bytes[] {
  const coreHash = native.sha256(coreOf(parts));
  const key = payloadKey(native, fileKey, coreHash);
  const overhead = parts.algorithm === 0 ? 16 : 112;
  const size = recordSize(parts.exponent, parts.algorithm);
  const slip = random.oneIn(3) ? random.below(parts.records.length) : -1;
  let chain: Bytes = coreHash;
  return parts.records.map((old, place) => {
    const twist = slip === place ? random.below(4) : -1;
    const position = {
      index: twist === 0 ? random.pick([place + 1, 0, 2 ** 32 - 1]) : place,
      final: old.length < size !== (twist === 1),
    };
    const plaintext = bytesOf(`fuzz plaintext ${place}`, Math.max(0, old.length - overhead));
    const sealed = native.aeadSeal(key, chunkNonce(position), plaintext);
    if (parts.algorithm === 0) return sealed;
    const digest = native.sha256(sealed);
    const carried = twist === 2 ? digest : chain;
    const signature = forger.identity.signingKey.sign(chunkMessage(coreHash, position, carried, digest));
    chain = twist === 3 ? chain : nextChain(native, chain, digest);
    return concat(sealed, carried, signature);
  });
}

/** The file key, where the reader can open it. */
export function keyOf(parts: HeaderParts, coreHash: Bytes): Bytes | null {
  for (const { type, body } of parts.stanzas) {
    if (type !== STANZA_X25519 || body.length !== 80) continue;
    const info = recipientInfo(coreHash);
    const key = hpkeOpen(native, reader.identity, body.subarray(0, 32), info, body.subarray(32));
    if (key && equal(commitment(native, key), parts.commitment)) return key;
  }
  return null;
}

/**
 * What an insider can do to somebody else's file: other plaintext in a record, under the right key, with the right chain, and a signature
 * that the insider has or can make. The records stay as they are where the reader cannot open the file.
 */
export function byInsider(parts: Parts, random: Random): Parts {
  const coreHash = native.sha256(coreOf(parts));
  const key = keyOf(parts, coreHash);
  if (!key || parts.records.length === 0) return parts;
  const at = random.below(parts.records.length);
  const overhead = parts.algorithm === 0 ? 16 : 112;
  const length = Math.max(0, parts.records[at]!.length - overhead);
  const final = at === parts.records.length - 1;
  const plaintext = bytesOf(`insider ${random.below(4)}`, length);
  const position = { index: at, final: random.oneIn(8) ? !final : final };
  const sealed = native.aeadSeal(payloadKey(native, key, coreHash), chunkNonce(position), plaintext);
  if (parts.algorithm === 0) return { ...parts, records: parts.records.toSpliced(at, 1, sealed) };
  const old = parts.records[at]!.slice(-96);
  const digest = native.sha256(sealed);
  const chain = old.slice(0, 32);
  const signatures = [
    () => old.slice(32),
    () => parts.authenticator,
    () => random.pick(parts.records).slice(-64),
    () => forger.identity.signingKey.sign(chunkMessage(coreHash, position, chain, digest)),
    () => concat(u32(1), new Uint8Array(60)),
  ];
  const record = concat(sealed, chain, random.pick(signatures)());
  return { ...parts, records: parts.records.toSpliced(at, 1, record) };
}
