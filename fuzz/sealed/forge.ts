// Making a mutated file right again, from some level on, with the keys that whoever mutates it has: the forger's
// signing key, and what the reader can open. So mutations are seen by the code behind the signature, too.

import { type Bytes, concat, equal, toHex, u32, utf8 } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { hpkeOpen, hpkeSeal } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { xwing } from "../../src/crypto/xwing.js";
import { commitment, headerMac, headerMessage, payloadKey, recipientInfo } from "../../src/format/header.js";
import { chunkMessage, chunkNonce, nextChain } from "../../src/format/record.js";
import { STANZA_PASSPHRASE, STANZA_X25519, STANZA_XWING } from "../../src/format/stanza.js";
import { bytesOf, forgedKey, forger, PASSPHRASE, reader, repeatable, repeatableMlKem } from "../actors.js";
import type { Random } from "../random.js";
import { coreOf, type HeaderParts, type Parts, recordSize, type StanzaPart, stanzasOf } from "./parts.js";

/** From which level on a file is made right: all that stands behind depends on it. */
export type Level = "authenticator" | "stanzas" | "records";

export function repaired(parts: Parts, level: Level, random: Random): Parts {
  const out = { ...parts, stanzas: [...parts.stanzas] };
  const unsigned = parts.algorithm === 0;
  if (parts.algorithm === 1) out.signer = forger.identity.signingKey.publicKey;
  if (parts.algorithm === 1 && !random.oneIn(8)) out.recordKey = forgedKey.publicKey;
  let fileKey: Bytes | null = null;
  if (level !== "authenticator" || unsigned) {
    fileKey = bytesOf(`fuzz file key ${random.below(4)}`);
    if (!random.oneIn(8)) out.commitment = commitment(native, copySecret(fileKey));
    out.stanzas = addressed(out, fileKey, random);
  }
  out.authenticator = authenticatorOf(out, fileKey);
  if (level === "records" && fileKey) out.records = sealedRecords(out, fileKey, random);
  return out;
}

/** One of the stanzas becomes the reader's: of the kind of the first, but for a slip now and then. */
function addressed(parts: Parts, fileKey: Bytes, random: Random): StanzaPart[] {
  const coreHash = native.sha256(coreOf(parts));
  const suite = repeatable(toHex(coreHash));
  const isHybrid = (parts.stanzas[0]?.type ?? 0) >= 0x8000 !== random.oneIn(16);
  const kem = isHybrid ? xwing(suite, repeatableMlKem(toHex(coreHash))) : dhkem(suite);
  const { publicKey } = isHybrid ? reader.xwing.native : reader.identity;
  const { enc, ciphertext } = hpkeSeal(suite, kem, publicKey, recipientInfo(coreHash), copySecret(fileKey));
  const type = isHybrid ? STANZA_XWING : STANZA_X25519;
  const byKey = { type, length: null, body: concat(enc, ciphertext) };
  const byEither = () => [...byPassphrases(coreHash, fileKey, random), ...(random.oneIn(3) ? [byKey] : [])];
  const own = isHybrid && random.oneIn(3) ? byEither() : [byKey];
  const at = random.below(parts.stanzas.length);
  return parts.stanzas.length === 0 ? own : parts.stanzas.toSpliced(at, random.oneIn(4) ? 0 : 1, ...own);
}

/** The passphrase's stanza, behind some of others; it may hold another file key, or be another file's. */
function byPassphrases(coreHash: Bytes, fileKey: Bytes, random: Random): StanzaPart[] {
  const others = Array.from({ length: random.pick([0, 0, 1, 3, 4]) }, (_, i) => `another ${i}`);
  const key = random.oneIn(6) ? bytesOf("another file key") : fileKey;
  const core = random.oneIn(6) ? bytesOf("another core") : coreHash;
  return [...others, PASSPHRASE].map((passphrase) => {
    const salt = bytesOf(`salt ${random.below(4)}`, 16);
    const stretched = copySecret(native.sha256(utf8(passphrase), salt));
    const aad = concat(utf8("seal.v1 passphrase\0"), core, salt);
    const body = concat(salt, native.aeadSeal(stretched, new Uint8Array(12), key, aad));
    return { type: STANZA_PASSPHRASE, length: null, body };
  });
}

function authenticatorOf(parts: Parts, fileKey: Bytes | null): Bytes {
  const [core, stanzas] = [coreOf(parts), stanzasOf(parts)];
  if (parts.algorithm !== 0) return forger.identity.signingKey.sign(headerMessage(native, core, stanzas));
  return headerMac(native, copySecret(fileKey!), native.sha256(core), core, stanzas);
}

/** Records of the lengths that there are, all of them right, but for a slip now and then. */
function sealedRecords(parts: Parts, fileKey: Bytes, random: Random): Bytes[] {
  const coreHash = native.sha256(coreOf(parts));
  const key = payloadKey(native, copySecret(fileKey), coreHash);
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
    const signature = forgedKey.sign(chunkMessage(coreHash, position, carried, digest));
    chain = twist === 3 ? chain : nextChain(native, chain, digest);
    return concat(sealed, carried, signature);
  });
}

/** The file key, where the reader can open it. */
export function keyOf(parts: HeaderParts, coreHash: Bytes): Bytes | null {
  const info = recipientInfo(coreHash);
  for (const { type, body } of parts.stanzas) {
    const own = type === STANZA_XWING ? reader.xwing.native : reader.identity;
    if (body.length !== { [STANZA_X25519]: 80, [STANZA_XWING]: 1168 }[type]) continue;
    const key = hpkeOpen(native, own, body.subarray(0, -48), info, body.subarray(-48));
    if (key && equal(commitment(native, key), parts.commitment)) return key;
  }
  return null;
}

/**
 * What an insider can do to somebody else's file: other plaintext in a record, under the right key, with the right
 * chain, and a signature that the insider has or can make. The records stay as they are where the reader cannot open
 * the file.
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
  const sealed = native.aeadSeal(payloadKey(native, copySecret(key), coreHash), chunkNonce(position), plaintext);
  if (parts.algorithm === 0) return { ...parts, records: parts.records.toSpliced(at, 1, sealed) };
  const old = parts.records[at]!.slice(-96);
  const digest = native.sha256(sealed);
  const chain = old.slice(0, 32);
  const signatures = [
    () => old.slice(32),
    () => parts.authenticator,
    () => random.pick(parts.records).slice(-64),
    () => forgedKey.sign(chunkMessage(coreHash, position, chain, digest)),
    () => forger.identity.signingKey.sign(chunkMessage(coreHash, position, chain, digest)),
    () => concat(u32(1), new Uint8Array(60)),
  ];
  const record = concat(sealed, chain, random.pick(signatures)());
  return { ...parts, records: parts.records.toSpliced(at, 1, record) };
}
