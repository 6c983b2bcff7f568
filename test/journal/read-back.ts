// A reader of its own, from docs/FORMAT.md alone and without a thought of speed: what was written, and the keys that it
// was written under.

import { createDecipheriv, createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { expect } from "vitest";
import { hpkeOpen } from "../../src/crypto/hpke.js";
import type { KemKey } from "../../src/crypto/kem.js";
import { native } from "../../src/crypto/native.js";

export interface ReadFrame {
  readonly position: number;
  readonly end: number;
  readonly sealedAt: number;
  readonly records: readonly string[];
  /** The chain key that it was sealed from, and its own. */
  readonly chainKey: Buffer;
  readonly key: Buffer;
  readonly chain: Buffer;
}

export interface ReadEpoch {
  readonly offset: number;
  readonly core: Buffer;
  /** What stands for core and stanzas in a cursor. */
  readonly hash: Buffer;
  readonly label: string;
  readonly commitment: Buffer;
  readonly stanzas: number;
  readonly fileKey: Buffer;
  readonly frames: readonly ReadFrame[];
}

const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** K of docs/FORMAT.md. */
export const derive = (key: Uint8Array, text: string, data: Uint8Array = Buffer.alloc(0)) =>
  createHmac("sha256", key).update(text).update(data).update(Buffer.of(1)).digest();

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** What a journal holds, all of which must be as it has to be. `signer` is the Ed25519 key of 32 bytes. */
export function readBack(bytes: Uint8Array, recipient: KemKey, signer: Uint8Array): ReadEpoch[] {
  const journal = Buffer.from(bytes);
  const epochs: ReadEpoch[] = [];
  let chain: Buffer = Buffer.alloc(32);
  let at = 0;
  const take = (length: number) => {
    expect(at + length).toBeLessThanOrEqual(journal.length);
    at += length;
    return journal.subarray(at - length, at);
  };
  const checked = (message: Buffer, signature: Buffer, by: Uint8Array) => {
    const x = Buffer.from(by).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, message, key, signature)).toBe(true);
  };

  while (at < journal.length) {
    const offset = at;
    const labelLength = journal[offset + 117]!;
    const core = take(118 + labelLength + 32);
    expect(core.subarray(0, 10).toString("hex")).toBe("895345414c0d0a1a0102");
    expect(core.subarray(13, 45)).toEqual(Buffer.from(signer));
    expect(core.subarray(-32)).toEqual(chain);
    const coreHash = sha256(core);
    const stanzaStart = at;
    const count = take(2).readUInt16BE();
    const bodies = Array.from({ length: count }, () => {
      expect(take(4).toString("hex")).toBe("00010050");
      return take(80);
    });
    const stanzas = journal.subarray(stanzaStart, at);
    checked(Buffer.concat([Buffer.from("seal.v1 header\0"), sha256(core, stanzas)]), take(64), signer);
    const info = Buffer.concat([Buffer.from("seal.v1 recipient"), coreHash]);
    const opened = bodies.map((body) => hpkeOpen(native, recipient, body.subarray(0, 32), info, body.subarray(32)));
    const fileKey = Buffer.from(opened.find((key) => key !== null)!);
    expect(derive(fileKey, "seal.v1 commitment")).toEqual(core.subarray(77, 109));

    const frames: ReadFrame[] = [];
    chain = sha256(Buffer.from("seal.v1 epoch\0"), core, stanzas);
    let chainKey = derive(fileKey, "seal.v1 ratchet", coreHash);
    while (at < journal.length && journal[at] !== 0x89) {
      const position = at;
      const length = take(4);
      expect(take(4)).toEqual(sha256(Buffer.from("seal.v1 length\0"), chain, length).subarray(0, 4));
      const ciphertext = take(length.readUInt32BE());
      const tag = take(16);
      expect(take(32)).toEqual(chain);
      const digest = sha256(ciphertext, tag);
      const index = u32(frames.length);
      const signature = take(64);
      const message = Buffer.concat([Buffer.from("seal.v1 chunk\0"), coreHash, index, Buffer.of(0), chain, digest]);
      checked(message, signature, core.subarray(45, 77));
      const key = derive(chainKey, "seal.v1 frame");
      const batch = decrypt(key, frames.length, ciphertext, tag);
      expect(batch).not.toBeNull();
      chain = sha256(chain, digest, signature);
      frames.push({ position, end: at, ...parse(batch!), chainKey, key, chain });
      chainKey = derive(chainKey, "seal.v1 next");
    }
    const label = core.subarray(118, 118 + labelLength).toString();
    const hash = sha256(Buffer.from("seal.v1 epoch\0"), core, stanzas);
    epochs.push({ offset, core, hash, label, commitment: core.subarray(77, 109), stanzas: count, fileKey, frames });
  }
  return epochs;
}

/** null where the key is another. */
export function decrypt(key: Uint8Array, index: number, ciphertext: Buffer, tag: Buffer): Buffer | null {
  const nonce = Buffer.concat([Buffer.alloc(7), u32(index), Buffer.of(0)]);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
    return plaintext;
  } catch {
    return null;
  }
}

function parse(batch: Buffer): { sealedAt: number; records: string[] } {
  const records: string[] = [];
  let at = 8;
  while (at < batch.length) {
    const end = at + 4 + batch.readUInt32BE(at);
    expect(end).toBeLessThanOrEqual(batch.length);
    records.push(batch.toString("latin1", at + 4, end));
    at = end;
  }
  expect(records.length).toBeGreaterThan(0);
  return { sealedAt: Number(batch.readBigUInt64BE(0)), records };
}

/** All records, in order. */
export function allRecords(epochs: readonly ReadEpoch[]): string[] {
  return epochs.flatMap(({ frames }) => frames.flatMap(({ records }) => records));
}
