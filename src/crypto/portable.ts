// The suite over noble, for a Node without the native primitives and as the second opinion on every byte of the first.

import { ctr, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 as nobleX25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { shake256 as nobleShake256, sha3_256 } from "@noble/hashes/sha3.js";
import { type Bytes, concat, equal } from "../bytes.js";
import { SealError } from "../errors.js";
import { encodesSmallOrder } from "./ed25519-check.js";
import { COUNTER_BYTES, expectAeadKey, expectLength, KEY_BYTES, SIGNATURE_BYTES, TAG_BYTES } from "./lengths.js";
import { copySecret, erase, newSecret, ownSecret, type Secret } from "./secret.js";
import { isValidSigner } from "./strict.js";
import type { AgreementKey, Digest, MlKem, RecordKey, SigningKey, Suite, VerifyingKey } from "./suite.js";
import { hasSmallOrder } from "./x25519-check.js";

/** The most that one call of getRandomValues gives. */
const RANDOM_LIMIT = 65536;

function randomBytes(length: number): Bytes {
  return filled(new Uint8Array(length));
}

function randomSecret(length: number): Secret {
  return filled(newSecret(length));
}

function filled<T extends Bytes>(out: T): T {
  for (let at = 0; at < out.length; at += RANDOM_LIMIT) {
    crypto.getRandomValues(new Uint8Array(out.buffer, at, Math.min(RANDOM_LIMIT, out.length - at)));
  }
  return out;
}

function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function sha256Stream(): Digest {
  const hash = nobleSha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    finish: () => hash.digest(),
  };
}

function hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Secret {
  const mac = hmac.create(nobleSha256, key);
  for (const part of parts) mac.update(part);
  return ownSecret(mac.digest());
}

function sha512(secret: Secret): Secret {
  return ownSecret(nobleSha512(secret));
}

function hmacSha1(key: Uint8Array, message: Uint8Array): Bytes {
  return hmac(sha1, key, message);
}

function aesCtr(key: Secret, counter: Uint8Array, bytes: Uint8Array): Secret {
  expectLength("AES-256 key", key, KEY_BYTES);
  expectLength("AES counter", counter, COUNTER_BYTES);
  return ownSecret(ctr(key, counter).decrypt(bytes));
}

function sha3(...parts: readonly Uint8Array[]): Secret {
  const hash = sha3_256.create();
  for (const part of parts) hash.update(part);
  return ownSecret(hash.digest());
}

function shake256(secret: Secret, length: number): Secret {
  return ownSecret(nobleShake256(secret, { dkLen: length }));
}

async function mlKem(): Promise<MlKem> {
  return (await import("./portable-ml-kem.js")).mlKem;
}

function agreementKey(secret: Secret): AgreementKey {
  expectLength("X25519 secret", secret, KEY_BYTES);
  const own = copySecret(secret);
  return {
    publicKey: nobleX25519.getPublicKey(own),
    agree: (publicKey) => {
      expectLength("X25519 public key", publicKey, KEY_BYTES);
      return hasSmallOrder(publicKey) ? null : ownSecret(nobleX25519.getSharedSecret(own, publicKey));
    },
  };
}

function ephemeralKey(): AgreementKey {
  const secret = randomSecret(KEY_BYTES);
  try {
    return agreementKey(secret);
  } finally {
    erase(secret);
  }
}

function aeadSeal(key: Secret, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes {
  expectAeadKey(key, nonce);
  return gcm(key, nonce, aad).encrypt(plaintext);
}

function aeadOpen(key: Secret, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Secret | null {
  expectAeadKey(key, nonce);
  if (sealed.length < TAG_BYTES) return null;
  try {
    return ownSecret(gcm(key, nonce, aad).decrypt(sealed));
  } catch (error) {
    // noble reports a wrong tag as a plain Error. Anything else, as memory that ran out, is no verdict on the tag.
    if (error instanceof Error && error.name === "Error") return null;
    throw error;
  }
}

/** noble's GCM takes and gives the whole at once. */
function sealChunk(
  key: Secret,
  nonce: Uint8Array,
  plaintext: Iterable<Uint8Array>,
  write: (sealed: Uint8Array) => void,
  hashed: boolean,
): Bytes | null {
  const whole = joined(plaintext);
  const sealed = aeadSeal(key, nonce, whole);
  erase(whole);
  const digest = hashed ? sha256(sealed) : null;
  write(sealed);
  return digest;
}

function openChunk(
  key: Secret,
  nonce: Uint8Array,
  ciphertext: Iterable<Uint8Array>,
  tag: () => Uint8Array,
  hold: (plaintext: Uint8Array) => void,
  hashed: boolean,
): { digest: Bytes | null; authentic: boolean } {
  const sealed = concat(joined(ciphertext), tag());
  const plaintext = aeadOpen(key, nonce, sealed);
  if (plaintext) hold(plaintext);
  return { digest: hashed ? sha256(sealed) : null, authentic: plaintext !== null };
}

/** Each piece is good only until the next is asked for. */
function joined(pieces: Iterable<Uint8Array>): Bytes {
  return concat(...Array.from(pieces, (piece) => piece.slice()));
}

function signingKey(seed: Secret): SigningKey {
  expectLength("Ed25519 seed", seed, KEY_BYTES);
  const secret = copySecret(seed);
  return {
    publicKey: ed25519.getPublicKey(secret),
    sign: (message) => ed25519.sign(message, secret),
  };
}

function recordKey(): RecordKey {
  const seed = randomSecret(KEY_BYTES);
  let isErased = false;
  return {
    publicKey: ed25519.getPublicKey(seed),
    sign: (message) => {
      if (isErased) throw new SealError("internal", "a record is to be signed by a key that was erased");
      return ed25519.sign(message, seed);
    },
    erase: () => {
      isErased = true;
      erase(seed);
    },
  };
}

function verifyingKey(publicKey: Uint8Array): VerifyingKey | null {
  return isValidSigner(publicKey) ? checkedVerifyingKey(publicKey) : null;
}

function checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey {
  expectLength("Ed25519 public key", publicKey, KEY_BYTES);
  const encoded = new Uint8Array(publicKey);
  return {
    publicKey: encoded,
    verify: (message, signature) => signature.length === SIGNATURE_BYTES && isSigned(encoded, message, signature),
  };
}

/**
 * noble's own verification is cofactored and accepts more, so the equation is written out here. All of it is public.
 */
function isSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, KEY_BYTES);
  const s = littleEndian(signature.subarray(KEY_BYTES));
  if (encodesSmallOrder(r) || s >= Point.Fn.ORDER) return false;
  const k = littleEndian(nobleSha512(concat(r, publicKey, message))) % Point.Fn.ORDER;
  try {
    const minusA = Point.fromBytes(publicKey, false).negate();
    const expected = Point.BASE.multiplyUnsafe(s).add(minusA.multiplyUnsafe(k));
    return equal(expected.toBytes(), r);
  } catch {
    return false; // not a point
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

async function scrypt(passphrase: Secret, salt: Uint8Array): Promise<Secret> {
  return ownSecret(await scryptAsync(passphrase, salt, { N: 2 ** 17, r: 8, p: 1, dkLen: KEY_BYTES }));
}

/** The suite over noble. Its functions need no `this`. */
export const portable: Suite = {
  name: "portable",
  randomBytes,
  randomSecret,
  sha256,
  sha256Stream,
  hmacSha256,
  sha512,
  hmacSha1,
  aesCtr,
  sha3,
  shake256,
  mlKem,
  agreementKey,
  ephemeralKey,
  forgetting: () => async () => {},
  aeadSeal,
  aeadOpen,
  sealChunk,
  openChunk,
  signingKey,
  recordKey,
  isValidSigner,
  verifyingKey,
  checkedVerifyingKey,
  scrypt,
};
