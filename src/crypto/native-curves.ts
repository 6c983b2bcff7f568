// X25519 and Ed25519 over node:crypto. Node knows keys of these curves only as KeyObjects, and how one is built decides
// how fast they are: a scalar multiplication takes 50 µs, reading one key from DER under OpenSSL 3.0 up to 500.

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { type Bytes, concat, fromHex } from "../bytes.js";
import { encodesSmallOrder } from "./ed25519-check.js";
import { expectLength, KEY_LENGTH, SIGNATURE_LENGTH } from "./lengths.js";
import type { AgreementKey, SigningKey, VerifyingKey } from "./suite.js";
import { hasSmallOrder } from "./x25519-check.js";

type Curve = "X25519" | "Ed25519";

// RFC 8410 PKCS #8: SEQUENCE { version 0, SEQUENCE { OID 1.3.101.110 or .112 }, OCTET STRING { OCTET STRING of 32 } }.
const PKCS8_PREFIX: Record<Curve, Bytes> = {
  X25519: fromHex("302e020100300506032b656e04220420"),
  Ed25519: fromHex("302e020100300506032b657004220420"),
};

// There, a private key as JWK is ten times as fast as DER, but leaves the secret behind as a string, which nothing can
// overwrite (docs/THREATS.md). Later versions read DER as fast, so they are spared that.
const slowDer = process.versions.openssl.startsWith("3.0.");

/** `agree` refuses by table before OpenSSL sees the secret: it would throw there, with an error that others share. */
export function agreementKey(secret: Uint8Array): AgreementKey {
  expectLength("X25519 secret", secret, KEY_LENGTH);
  const key = privateKey("X25519", secret);
  return {
    publicKey: publicBytes(key),
    agree: (publicKey) => {
      expectLength("X25519 public key", publicKey, KEY_LENGTH);
      if (hasSmallOrder(publicKey)) return null;
      return own(diffieHellman({ privateKey: key, publicKey: publicKeyObject("X25519", publicKey) }));
    },
  };
}

export function signingKey(seed: Uint8Array): SigningKey {
  expectLength("Ed25519 seed", seed, KEY_LENGTH);
  const key = privateKey("Ed25519", seed);
  return {
    publicKey: publicBytes(key),
    sign: (message) => own(sign(null, message, key)),
  };
}

/** OpenSSL requires S < L and compares the encoding of [S]B − [k]A with R; that R is not of small order is added here. */
export function checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey {
  expectLength("Ed25519 public key", publicKey, KEY_LENGTH);
  const key = publicKeyObject("Ed25519", publicKey);
  return {
    publicKey: new Uint8Array(publicKey),
    verify: (message, signature) =>
      signature.length === SIGNATURE_LENGTH &&
      !encodesSmallOrder(signature.subarray(0, KEY_LENGTH)) &&
      verify(null, message, key, signature),
  };
}

function privateKey(crv: Curve, secret: Uint8Array): KeyObject {
  // `x` is required but not looked at: OpenSSL computes the public key itself.
  if (slowDer) {
    const key: JsonWebKey = { kty: "OKP", crv, d: base64url(secret), x: "" };
    return leavingNoBuffers(() => createPrivateKey({ key, format: "jwk" }));
  }
  const key = Buffer.from(concat(PKCS8_PREFIX[crv], secret).buffer);
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } finally {
    key.fill(0);
  }
}

/**
 * Overwrites what `work` leaves behind in the memory that Node shares among small Buffers: it decodes a JWK's secret to there. Nobody else can have taken of it
 * meanwhile, as nothing else runs. Where a new piece of memory was begun, what is left of the old one is free too.
 */
function leavingNoBuffers<T>(work: () => T): T {
  const before = Buffer.allocUnsafe(1);
  try {
    return work();
  } finally {
    const after = Buffer.allocUnsafe(1);
    const start = before.byteOffset + 1;
    if (after.buffer === before.buffer) new Uint8Array(before.buffer, start, after.byteOffset - start).fill(0);
    else {
      new Uint8Array(before.buffer, start).fill(0);
      new Uint8Array(after.buffer, 0, after.byteOffset).fill(0);
    }
  }
}

function publicKeyObject(crv: Curve, publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv, x: base64url(publicKey) }, format: "jwk" });
}

function publicBytes(key: KeyObject): Bytes {
  const { x } = createPublicKey(key).export({ format: "jwk" }) as JsonWebKey & { x: string };
  return new Uint8Array(Buffer.from(x, "base64url"));
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

/**
 * The bytes of a Buffer that OpenSSL has filled, without leaving a copy. Such a Buffer has its memory to itself; one from
 * Node's pool, which must not be handed on, is copied and overwritten.
 */
export function own(buffer: Buffer): Bytes {
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.length) return new Uint8Array(memory);
  const bytes = new Uint8Array(buffer);
  buffer.fill(0);
  return bytes;
}
