// The suite over noble, for a Node without the native primitives and as the second opinion on every byte of the first.

import { gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 as nobleX25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal } from "../bytes.js";
import { encodesSmallOrder } from "./ed25519-check.js";
import { expectAeadKey, expectLength, KEY_LENGTH, SIGNATURE_LENGTH, TAG_LENGTH } from "./lengths.js";
import { isValidSigner } from "./strict.js";
import type { AgreementKey, Digest, SigningKey, Suite, VerifyingKey } from "./suite.js";
import { hasSmallOrder } from "./x25519-check.js";

/** The most that one call of getRandomValues gives. */
const RANDOM_LIMIT = 65536;

function randomBytes(length: number): Bytes {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_LIMIT) crypto.getRandomValues(out.subarray(at, at + RANDOM_LIMIT));
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

function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes {
  const mac = hmac.create(nobleSha256, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function agreementKey(secret: Uint8Array): AgreementKey {
  expectLength("X25519 secret", secret, KEY_LENGTH);
  const own = new Uint8Array(secret);
  return {
    publicKey: nobleX25519.getPublicKey(own),
    agree: (publicKey) => {
      expectLength("X25519 public key", publicKey, KEY_LENGTH);
      return hasSmallOrder(publicKey) ? null : nobleX25519.getSharedSecret(own, publicKey);
    },
  };
}

function aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes {
  expectAeadKey(key, nonce);
  return gcm(key, nonce, aad).encrypt(plaintext);
}

function aeadOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Bytes | null {
  expectAeadKey(key, nonce);
  if (sealed.length < TAG_LENGTH) return null;
  try {
    return gcm(key, nonce, aad).decrypt(sealed);
  } catch (error) {
    // noble reports a wrong tag as a plain Error. Anything else, as memory that ran out, is no verdict on the tag.
    if (error instanceof Error && error.name === "Error") return null;
    throw error;
  }
}

/** noble's GCM takes and gives the whole at once. */
function sealChunk(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Iterable<Uint8Array>,
  write: (sealed: Uint8Array) => void,
  hashed: boolean,
): Bytes | null {
  const whole = joined(plaintext);
  const sealed = aeadSeal(key, nonce, whole);
  whole.fill(0);
  write(sealed);
  return hashed ? sha256(sealed) : null;
}

function openChunk(
  key: Uint8Array,
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

function signingKey(seed: Uint8Array): SigningKey {
  expectLength("Ed25519 seed", seed, KEY_LENGTH);
  const secret = new Uint8Array(seed);
  return {
    publicKey: ed25519.getPublicKey(secret),
    sign: (message) => ed25519.sign(message, secret),
  };
}

async function verifyingKey(publicKey: Uint8Array): Promise<VerifyingKey | null> {
  return isValidSigner(publicKey) ? checkedVerifyingKey(publicKey) : null;
}

function checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey {
  expectLength("Ed25519 public key", publicKey, KEY_LENGTH);
  const encoded = new Uint8Array(publicKey);
  return {
    publicKey: encoded,
    verify: (message, signature) => signature.length === SIGNATURE_LENGTH && isSigned(encoded, message, signature),
  };
}

/** noble's own verification is cofactored and accepts more, so the equation is written out here. All of it is public. */
function isSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, KEY_LENGTH);
  const s = littleEndian(signature.subarray(KEY_LENGTH));
  if (encodesSmallOrder(r) || s >= Point.Fn.ORDER) return false;
  const k = littleEndian(sha512(concat(r, publicKey, message))) % Point.Fn.ORDER;
  try {
    const minusA = Point.fromBytes(publicKey, false).negate();
    const expected = Point.BASE.multiplyUnsafe(s).add(minusA.multiplyUnsafe(k));
    return equal(expected.toBytes(), r);
  } catch {
    return false; // not a point: the key was not checked
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

async function scrypt(passphrase: Uint8Array, salt: Uint8Array): Promise<Bytes> {
  return scryptAsync(passphrase, salt, { N: 2 ** 17, r: 8, p: 1, dkLen: KEY_LENGTH });
}

/** The suite over noble. Its functions need no `this`. */
export const portable: Suite = {
  name: "portable",
  randomBytes,
  sha256,
  sha256Stream,
  hmacSha256,
  agreementKey,
  aeadSeal,
  aeadOpen,
  sealChunk,
  openChunk,
  signingKey,
  verifyingKey,
  checkedVerifyingKey,
  scrypt,
};
