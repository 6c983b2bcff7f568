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
import { erase, joinSecret, ownSecret, type Secret } from "./secret.js";
import type { AgreementKey, Decapsulation, KeyHandle, RecordKey, SigningKey, VerifyingKey } from "./suite.js";
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

/** The bytes of a key as they are; the types of the oldest Node that we support do not know of them. */
type Raw =
  | { readonly format: "raw-private"; readonly asymmetricKeyType: "x25519" }
  | { readonly format: "raw-seed"; readonly asymmetricKeyType: "ml-kem-768" };

let givesRaw: boolean | undefined;

/** Whether this Node gives the bytes of keys as they are. Other encodings leave copies behind. */
export function hasRaw(): boolean {
  givesRaw ??= succeeds(() => publicKeyObject("X25519", BASE_POINT).export({ format: "raw-public" } as never));
  return givesRaw;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** For a thread that is not to wait for another that decapsulates by the key. Only where there is `hasRaw`. */
export function copyOfKey(key: KeyObject, raw: Raw): KeyObject {
  const secret = ownSecret(key.export(raw as never) as unknown as Buffer);
  try {
    return untraced(() => createPrivateKey({ key: secret, ...raw } as never));
  } finally {
    erase(secret);
  }
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

type Done = (error: Error | null, sharedKey: Buffer) => void;

/** What the types of the oldest Node that we support do not know. */
export interface NodeKem {
  encapsulate(publicKey: KeyObject): { sharedKey: Buffer; ciphertext: Buffer };
  decapsulate(privateKey: KeyObject, ciphertext: Uint8Array): Buffer;
  decapsulate(privateKey: KeyObject, ciphertext: Uint8Array, done: Done): void;
}

/** From Node 24.7 on. */
export const nodeKem: Partial<NodeKem> = process.getBuiltinModule("node:crypto") as Partial<NodeKem>;

const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(KEY_BYTES - 1));

let hasDhkem: boolean | undefined;

/** Not every Node has it, nor every OpenSSL: it is tried once. */
function dhkemOf(key: KeyObject): Decapsulation | null {
  hasDhkem ??= succeeds(() => erase(nodeKem.decapsulate!(key, BASE_POINT)));
  if (!hasDhkem) return null;
  return {
    decapsulate: (enc) => (isOfSmallOrder(enc) ? null : ownSecret(nodeKem.decapsulate!(key, enc))),
    ...(hasRaw() && { decapsulateAside: decapsulatorAside(key) }),
  };
}

function isOfSmallOrder(enc: Uint8Array): boolean {
  expectLength("X25519 encapsulation", enc, KEY_BYTES);
  return hasSmallOrder(enc);
}

/** As many as Node's pool has threads by default. Of more, some wait for each other. */
const COPIES = 4;

/** By one copy of the key after the other. */
function decapsulatorAside(key: KeyObject): (enc: Uint8Array) => Promise<Secret | null> {
  let copies: KeyObject[] | null = null;
  let next = 0;
  const copy = () => copyOfKey(key, { format: "raw-private", asymmetricKeyType: "x25519" });
  return (enc) =>
    new Promise((resolve, reject) => {
      if (isOfSmallOrder(enc)) return resolve(null);
      copies ??= Array.from({ length: COPIES }, copy);
      const done: Done = (error, secret) => (error ? reject(error) : resolve(ownSecret(secret)));
      nodeKem.decapsulate!(copies[next++ % COPIES]!, enc, done);
    });
}

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
