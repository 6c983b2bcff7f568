// X25519 and Ed25519 over node:crypto. Node knows keys of these curves only as KeyObjects: copies, which the garbage
// collector erases when it comes by (docs/THREATS.md, "Memory").

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { type Bytes, fromHex } from "../bytes.js";
import { SealError } from "../errors.js";
import { encodesSmallOrder } from "./ed25519-check.js";
import { expectLength, KEY_BYTES, SIGNATURE_BYTES } from "./lengths.js";
import { dhkemOf } from "./native-dhkem.js";
import { erase, joinSecret, ownSecret, type Secret } from "./secret.js";
import type { AgreementKey, KeyHandle, RecordKey, SigningKey, VerifyingKey } from "./suite.js";
import { untraced } from "./untraced.js";
import { hasSmallOrder } from "./x25519-check.js";

type Curve = "X25519" | "Ed25519";

// RFC 8410 PKCS #8: SEQUENCE { version 0, SEQUENCE { OID 1.3.101.110 or .112 }, OCTET STRING { OCTET STRING of 32 } }.
const PKCS8_PREFIX: Record<Curve, Bytes> = {
  X25519: fromHex("302e020100300506032b656e04220420"),
  Ed25519: fromHex("302e020100300506032b657004220420"),
};

/** `agree` refuses by table before OpenSSL sees the secret: it would throw there, with an error that others share. */
export function agreementKey(secret: Secret): AgreementKey {
  expectLength("X25519 secret", secret, KEY_BYTES);
  return agreementOf(privateKey("X25519", secret));
}

/** A secret key as another thread takes it: structured clone gives it a KeyObject of the same key. */
export function handleOf(key: KeyObject): KeyHandle {
  return key as unknown as KeyHandle;
}

export function keyObjectOf(handle: KeyHandle): KeyObject {
  return handle as unknown as KeyObject;
}

/** The key of another thread's handle. It has no `dhkem`: threads that decapsulate by one key wait for each other. */
export function sharedAgreementKey(handle: KeyHandle, publicKey: Bytes): AgreementKey {
  const { dhkem: _, ...key } = agreementOf(keyObjectOf(handle), publicKey);
  return key;
}

/** OpenSSL draws it: the secret never comes to JavaScript. */
export function ephemeralKey(): AgreementKey {
  const { key, publicKey } = drawnPair("x25519");
  return agreementOf(key, publicKey);
}

/**
 * A new pair, whose public key Node gives at once. To export it later may stop Node 20 for ever: to do so it locks the
 * key while it gets memory of V8, and a collection that comes then locks the key once more, to be rid of the job that
 * drew it.
 */
function drawnPair(type: "x25519" | "ed25519"): { key: KeyObject; publicKey: Bytes } {
  const { privateKey, publicKey } = generate(type, { publicKeyEncoding: { format: "jwk" } });
  return { key: privateKey, publicKey: bytesOf(publicKey) };
}

/** Its types do not know of one key as an object, and the other in an encoding. */
const generate = generateKeyPairSync as unknown as (
  type: "x25519" | "ed25519",
  options: { readonly publicKeyEncoding: { readonly format: "jwk" } },
) => { readonly privateKey: KeyObject; readonly publicKey: JsonWebKey };

function agreementOf(key: KeyObject, publicKey = publicBytes(key)): AgreementKey {
  return {
    publicKey,
    handle: handleOf(key),
    dhkem: () => dhkemOf(key),
    agree: (publicKey) => {
      expectLength("X25519 public key", publicKey, KEY_BYTES);
      if (hasSmallOrder(publicKey)) return null;
      return ownSecret(diffieHellman({ privateKey: key, publicKey: publicKeyObject("X25519", publicKey) }));
    },
  };
}

export function signingKey(seed: Secret): SigningKey {
  expectLength("Ed25519 seed", seed, KEY_BYTES);
  const key = privateKey("Ed25519", seed);
  return signingOf(key, publicBytes(key));
}

/** The key of another thread's handle. */
export function sharedSigningKey(handle: KeyHandle, publicKey: Bytes): SigningKey {
  return signingOf(keyObjectOf(handle), publicKey);
}

function signingOf(key: KeyObject, publicKey: Bytes): SigningKey {
  return { publicKey, handle: handleOf(key), sign: (message) => copied(sign(null, message, key)) };
}

/** OpenSSL draws it, as it does an ephemeral key. */
export function recordKey(): RecordKey {
  const pair: { key: KeyObject | null; readonly publicKey: Bytes } = drawnPair("ed25519");
  return {
    publicKey: pair.publicKey,
    sign: (message) => {
      if (!pair.key) throw new SealError("internal", "a record is to be signed by a key that was erased");
      return copied(sign(null, message, pair.key));
    },
    erase: () => {
      pair.key = null;
    },
  };
}

/**
 * OpenSSL requires S < L and compares the encoding of [S]B − [k]A with R; that R is not of small order is added here.
 */
export function checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey {
  expectLength("Ed25519 public key", publicKey, KEY_BYTES);
  const key = publicKeyObject("Ed25519", publicKey);
  return {
    publicKey: new Uint8Array(publicKey),
    verify: (message, signature) =>
      signature.length === SIGNATURE_BYTES &&
      !encodesSmallOrder(signature.subarray(0, KEY_BYTES)) &&
      verify(null, message, key, signature),
  };
}

/**
 * From DER, which is slow under OpenSSL 3.0 (400 µs); a JWK would leave the secret behind as a string, which nothing
 * can overwrite.
 */
function privateKey(crv: Curve, secret: Secret): KeyObject {
  const der = joinSecret(PKCS8_PREFIX[crv], secret);
  try {
    return untraced(() => createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" }));
  } finally {
    erase(der);
  }
}

export function publicKeyObject(crv: Curve, publicKey: Uint8Array): KeyObject {
  return untraced(() => createPublicKey({ key: { kty: "OKP", crv, x: base64url(publicKey) }, format: "jwk" }));
}

function publicBytes(key: KeyObject): Bytes {
  return bytesOf(createPublicKey(key).export({ format: "jwk" }));
}

function bytesOf({ x }: JsonWebKey): Bytes {
  return new Uint8Array(Buffer.from(x!, "base64url"));
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

/**
 * The bytes of a Buffer that OpenSSL has filled, without leaving a copy. Such a Buffer has its memory to itself; one
 * from Node's pool, which must not be handed on, is copied and overwritten.
 */
export function copied(buffer: Buffer): Bytes {
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.length) return new Uint8Array(memory);
  const bytes = new Uint8Array(buffer);
  erase(buffer);
  return bytes;
}
