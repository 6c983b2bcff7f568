// docs/FORMAT.md, "Opening", 6, once more and in another way: what becomes of the file key of a header that is good,
// for who has the reader's keys and the passphrase. Stanzas of keys are opened by HPKE as it is.

import { createDecipheriv, createHash, createHmac } from "node:crypto";
import type { Bytes } from "../../src/bytes.js";
import { hpkeOpen } from "../../src/crypto/hpke.js";
import { disclose } from "../../src/crypto/secret.js";
import { PASSPHRASE, reader, SUITES } from "../actors.js";
import { coreOf, takeHeader } from "../sealed/parts.js";
import { sha256 } from "./records.js";

export function judgeUnlocking(file: Bytes): "opens" | "no-key" | "tampered" {
  const { parts } = takeHeader(file)!;
  const coreHash = sha256(coreOf(parts));
  const byKeys = parts.stanzas.map(({ type, body }) => byKey(type, body, coreHash));
  const byPassphrase = parts.stanzas
    .filter(({ type }) => type === 0x8002)
    .slice(0, 4)
    .map(({ body }) => opened(body, coreHash));
  const fileKey = [...byKeys, ...byPassphrase].find((key) => key !== null);
  if (!fileKey) return "no-key";
  const commitment = createHmac("sha256", fileKey).update("seal.v1 commitment\x01").digest();
  return commitment.equals(parts.commitment) ? "opens" : "tampered";
}

function byKey(type: number, body: Bytes, coreHash: Buffer): Buffer | null {
  const key = { 1: reader.identity, 32769: reader.xwing.native }[type];
  if (!key) return null;
  const info = Buffer.concat([Buffer.from("seal.v1 recipient"), coreHash]);
  const fileKey = hpkeOpen(SUITES.native, key, body.subarray(0, -48), info, body.subarray(-48));
  return fileKey && Buffer.from(disclose(fileKey));
}

function opened(body: Bytes, coreHash: Buffer): Buffer | null {
  const salt = body.subarray(0, 16);
  const key = createHash("sha256").update(PASSPHRASE).update(salt).digest();
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.alloc(12), { authTagLength: 16 });
  cipher.setAAD(Buffer.concat([Buffer.from("seal.v1 passphrase\0"), coreHash, salt]));
  cipher.setAuthTag(body.subarray(48));
  try {
    return Buffer.concat([cipher.update(body.subarray(16, 48)), cipher.final()]);
  } catch {
    return null;
  }
}
