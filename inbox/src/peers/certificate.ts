// A certificate of a service's own, for the connections between services: X.509 (RFC 5280) around a fresh Ed25519 key
// (RFC 8410), which leaves the process never. Nobody vouches for it but the signature under which it is published.

import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";

export interface Certificate {
  /** DER. */
  readonly bytes: Buffer;
  readonly key: KeyObject;
}

const [INTEGER, BIT_STRING, OID, UTF8, SEQUENCE, SET] = [0x02, 0x03, 0x06, 0x0c, 0x30, 0x31];
const [SHORT_TIME, LONG_TIME] = [0x17, 0x18];

const HOUR = 3_600_000;
/** Milliseconds for which one is good from when it was made; a service makes another long before that. */
const LIFE = 24 * HOUR;
/** It is good before it was made, too: clocks of services differ. */
const BACK = 3 * HOUR;
/** None of ours is good for longer, its beginning included. */
const MOST = LIFE + BACK;

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

/** Of two digits where the year has these, as RFC 5280 has it. */
function derTime(time: number): Buffer {
  const text = new Date(time).toISOString().replace(/\.\d+|[-:T]/g, "");
  const isLong = text >= "2050";
  return der(isLong ? LONG_TIME : SHORT_TIME, Buffer.from(isLong ? text : text.slice(2), "latin1"));
}

/** `now`: Unix milliseconds. */
export function makeCertificate(now = Date.now()): Certificate {
  // Never exported from the pair (src/crypto/native-curves.ts).
  const { publicKey: spki, privateKey } = generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const key = createPrivateKey(privateKey);
  const serial = randomBytes(16);
  // Positive, and of one encoding.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const valid = der(SEQUENCE, derTime(now - BACK), derTime(now + LIFE));
  const body = der(SEQUENCE, der(INTEGER, serial), ED25519, NAME, valid, NAME, spki);
  const signature = der(BIT_STRING, Uint8Array.of(0), sign(null, body, key));
  return { bytes: der(SEQUENCE, body, ED25519, signature), key };
}

/** Until when it is good, in Unix milliseconds; null where it is not good now, or for longer than ours are. */
export function endOf(certificate: Uint8Array, now: number): number | null {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from <= now && now < to && to - from <= MOST ? to : null;
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
