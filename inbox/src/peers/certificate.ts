// A certificate of a service's own, for the connections between services: X.509 (RFC 5280) around a fresh Ed25519 key
// (RFC 8410), which leaves the process never. Nobody vouches for it but the signature under which it is published.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** DER. */
  readonly bytes: Buffer;
  readonly key: KeyObject;
}

const [INTEGER, BIT_STRING, OID, UTF8, SEQUENCE, SET, TIME] = [0x02, 0x03, 0x06, 0x0c, 0x30, 0x31, 0x18];

/** Of fewer than 65 536 bytes. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...head), body]);
}

const ED25519 = der(SEQUENCE, der(OID, Uint8Array.of(0x2b, 0x65, 0x70)));
const COMMON_NAME = der(OID, Uint8Array.of(0x55, 0x04, 0x03));
const NAME = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, Buffer.from("seal-inbox")))));
/** For as long as anybody wants: it ends with the process. */
const VALID = der(
  SEQUENCE,
  ...["20000101000000Z", "99991231235959Z"].map((text) => der(TIME, Buffer.from(text, "latin1"))),
);

export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const serial = randomBytes(16);
  // Positive, and of one encoding.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = der(SEQUENCE, der(INTEGER, serial), ED25519, NAME, VALID, NAME, spki);
  const signature = der(BIT_STRING, Uint8Array.of(0), sign(null, body, privateKey));
  return { bytes: der(SEQUENCE, body, ED25519, signature), key: privateKey };
}

export function pemOf(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

export function hashOf(certificate: Uint8Array): Buffer {
  return createHash("sha256").update(certificate).digest();
}
