// All keys of a sealed file or journal, from a recipient's secret key: what its sealer must not keep. Of node:crypto
// and noble's ML-KEM alone, so that it shares no fault with what it looks into.

import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  scryptSync,
} from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { drawnFor } from "./ml-kem.js";

const hmac = (key: Buffer, ...parts: Buffer[]) =>
  parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key)).digest();
const text = (value: string) => Buffer.from(value, "latin1");
const u16 = (value: number) => Buffer.of(value >> 8, value & 255);

/** K of docs/FORMAT.md. */
export const derive = (key: Buffer, label: string, data: Buffer = Buffer.alloc(0)) =>
  hmac(key, text(label), data, Buffer.of(1));

const DHKEM = 0x20;
const XWING = 0x647a;
const KEM = Buffer.concat([text("KEM"), u16(DHKEM)]);

function extract(suite: Buffer, salt: Buffer, label: string, material: Buffer): Buffer {
  return hmac(salt, text("HPKE-v1"), suite, text(label), material);
}

function expand(suite: Buffer, key: Buffer, label: string, info: Buffer, length: number): Buffer {
  return hmac(key, u16(length), text("HPKE-v1"), suite, text(label), info, Buffer.of(1)).subarray(0, length);
}

function privateKey(secret: Buffer): KeyObject {
  const key = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secret]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

const rawPublic = (key: KeyObject) => createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);

function publicKey(raw: Buffer): KeyObject {
  const key = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), raw]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

export interface Secrets {
  readonly [name: string]: Buffer;
}

/** A header: where it begins and ends, and what opens it. */
export interface Head {
  readonly coreHash: Buffer;
  readonly commitment: Buffer;
  /** The public half of the key that signs the records. */
  readonly recordKey: Buffer;
  readonly fileKey: Buffer;
  /** The public half of the ephemeral key. */
  readonly enc: Buffer;
  readonly end: number;
  /** Of the encapsulation: each value on the way from the Diffie-Hellman result to the file key. */
  readonly hpke: Secrets;
  readonly trial: Trial;
}

/** What a thief can try on a stanza. */
export interface Trial {
  /** HPKE's base nonce for this encapsulation. */
  readonly nonce: Buffer;
  /** The file key that comes out by an AEAD key and a nonce; null where none does. */
  opened(key: Buffer, nonce: Buffer): Buffer | null;
  /** The same, by what HPKE's key schedule makes of a shared secret. */
  openedBy(sharedSecret: Buffer): Buffer | null;
}

type Opened = Pick<Head, "fileKey" | "enc" | "hpke" | "trial">;

/** The header at `offset`, with its first stanza that opens. `secret`: X25519's, or X-Wing's seed. */
export function readHead(file: Buffer, offset: number, secret: Buffer): Head {
  const isJournal = file[offset + 9] === 2;
  const isSigned = file[offset + 11] === 1;
  const label = file[offset + 117]!;
  const coreEnd = offset + 118 + label + (isJournal ? 32 : 0);
  const coreHash = createHash("sha256").update(file.subarray(offset, coreEnd)).digest();
  const count = file.readUInt16BE(coreEnd);
  let at = coreEnd + 2;
  let opened: Opened | null = null;
  for (let i = 0; i < count; i++) {
    const length = file.readUInt16BE(at + 2);
    const body = file.subarray(at + 4, at + 4 + length);
    opened ??= opening(body, length === 1168 ? hybrid(body, secret) : classic(body, secret), coreHash);
    at += 4 + length;
  }
  if (!opened) throw new Error("the recipient's key does not open it");
  const recordKey = file.subarray(offset + 45, offset + 77);
  return {
    coreHash,
    recordKey,
    commitment: file.subarray(offset + 77, offset + 109),
    end: at + (isSigned ? 64 : 32),
    ...opened,
  };
}

interface Decapsulated {
  readonly kem: number;
  /** The X25519 public key of the stanza. */
  readonly enc: Buffer;
  readonly sharedSecret: Buffer;
  readonly hpke: Secrets;
}

function classic(body: Buffer, secret: Buffer): Decapsulated {
  const own = privateKey(secret);
  const enc = body.subarray(0, 32);
  const dh = diffieHellman({ privateKey: own, publicKey: publicKey(enc) });
  const eaePrk = extract(KEM, Buffer.alloc(0), "eae_prk", dh);
  const sharedSecret = expand(KEM, eaePrk, "shared_secret", Buffer.concat([enc, rawPublic(own)]), 32);
  return { kem: DHKEM, enc, sharedSecret, hpke: { "Diffie-Hellman result": dh, "KEM's PRK": eaePrk } };
}

function hybrid(body: Buffer, seed: Buffer): Decapsulated {
  const expanded = createHash("shake256", { outputLength: 96 }).update(seed).digest();
  const { secretKey } = ml_kem768.keygen(Uint8Array.from(expanded.subarray(0, 64)));
  const drawn = drawnFor(body.subarray(0, 1088), secretKey);
  const own = privateKey(expanded.subarray(64));
  const enc = body.subarray(1088, 1120);
  const dh = diffieHellman({ privateKey: own, publicKey: publicKey(enc) });
  const sharedSecret = createHash("sha3-256")
    .update(Buffer.concat([drawn.sharedSecret, dh, enc, rawPublic(own), text("\\.//^\\")]))
    .digest();
  return {
    kem: XWING,
    enc,
    sharedSecret,
    hpke: {
      "Diffie-Hellman result": dh,
      "ML-KEM's message": drawn.message,
      "ML-KEM's shared secret": drawn.sharedSecret,
      "ML-KEM's randomness": drawn.randomness,
    },
  };
}

function opening(body: Buffer, { kem, enc, sharedSecret, hpke }: Decapsulated, coreHash: Buffer): Opened | null {
  const suite = Buffer.concat([text("HPKE"), u16(kem), u16(1), u16(2)]);
  const empty = Buffer.alloc(0);
  const infoHash = extract(suite, empty, "info_hash", Buffer.concat([text("seal.v1 recipient"), coreHash]));
  const context = Buffer.concat([Buffer.of(0), extract(suite, empty, "psk_id_hash", empty), infoHash]);
  const schedule = (shared: Buffer) => {
    const scheduled = extract(suite, shared, "secret", empty);
    const key = expand(suite, scheduled, "key", context, 32);
    return { scheduled, key, nonce: expand(suite, scheduled, "base_nonce", context, 12) };
  };
  const opened = (key: Buffer, nonce: Buffer) => decrypted(key, nonce, body.subarray(-48));
  const { scheduled, key, nonce } = schedule(sharedSecret);
  const openedBy = (shared: Buffer) => {
    const found = schedule(shared);
    return opened(found.key, found.nonce);
  };
  const fileKey = opened(key, nonce);
  const more = { "shared secret": sharedSecret, "HPKE secret": scheduled, "HPKE key": key };
  return fileKey && { enc, fileKey, hpke: { ...hpke, ...more }, trial: { nonce, opened, openedBy } };
}

/** null where the tag does not fit. */
function decrypted(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | null {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAuthTag(sealed.subarray(-16));
  const plain = decipher.update(sealed.subarray(0, -16));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return null;
  }
}

/** What opens a file. */
export function fileSecrets(file: Buffer, secret: Buffer): Secrets {
  const { fileKey, coreHash, hpke } = readHead(file, 0, secret);
  return {
    ...hpke,
    "file key": fileKey,
    "payload key": derive(fileKey, "seal.v1 payload", coreHash),
    "header's MAC key": derive(fileKey, "seal.v1 header", coreHash),
  };
}

/** What opens a file that is sealed for a passphrase alone. */
export function passphraseSecrets(file: Buffer, passphrase: string): Secrets {
  const coreEnd = 118 + file[117]!;
  const coreHash = createHash("sha256").update(file.subarray(0, coreEnd)).digest();
  // Behind the count of stanzas, the one stanza's type and length.
  const body = file.subarray(coreEnd + 6, coreEnd + 6 + 64);
  const salt = body.subarray(0, 16);
  const key = scryptSync(passphrase, salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 });
  const aad = Buffer.concat([text("seal.v1 passphrase\0"), coreHash, salt]);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.alloc(12), { authTagLength: 16 });
  decipher.setAAD(aad).setAuthTag(body.subarray(-16));
  const fileKey = Buffer.concat([decipher.update(body.subarray(16, -16)), decipher.final()]);
  return {
    "scrypt's output": key,
    "file key": fileKey,
    "payload key": derive(fileKey, "seal.v1 payload", coreHash),
    "header's MAC key": derive(fileKey, "seal.v1 header", coreHash),
  };
}

/** What opens the frames of a journal of one epoch, but for the next one's chain key, which its writer needs. */
export function journalSecrets(journal: Buffer, secret: Buffer): { secrets: Secrets; next: Buffer; head: Head } {
  const head = readHead(journal, 0, secret);
  const secrets: Record<string, Buffer> = { ...head.hpke, "file key": head.fileKey };
  let chain = derive(head.fileKey, "seal.v1 ratchet", head.coreHash);
  let index = 0;
  for (let at = head.end; at < journal.length && journal[at]! < 128; index++) {
    secrets[`chain key ${index}`] = chain;
    secrets[`frame key ${index}`] = derive(chain, "seal.v1 frame");
    chain = derive(chain, "seal.v1 next");
    at += 8 + journal.readUInt32BE(at) + 112;
    if (at > journal.length) throw new Error(`frame ${index} does not end in the journal`);
  }
  return { secrets, next: chain, head };
}
