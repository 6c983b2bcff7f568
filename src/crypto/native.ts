// The suite over node:crypto. Nothing here loads noble, but for the key check of verifyingKey().

import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type DecipherGCM,
  getFips,
  type KeyObject,
  randomFillSync,
  scrypt,
} from "node:crypto";
import type { Bytes } from "../bytes.js";
import { expectAeadKey, KEY_LENGTH, NONCE_LENGTH, TAG_LENGTH } from "./lengths.js";
import { agreementKey, checkedVerifyingKey, own, signingKey } from "./native-curves.js";
import type { Digest, Suite, VerifyingKey } from "./suite.js";

const ALGORITHM = "aes-256-gcm";
// Without it, decryption takes a tag of 4 bytes.
const TAGGED = { authTagLength: TAG_LENGTH };

const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 160 * 2 ** 20 };

function randomBytes(length: number): Bytes {
  return randomFillSync(new Uint8Array(length));
}

function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return own(hash.digest());
}

function sha256Stream(): Digest {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    finish: () => own(hash.digest()),
  };
}

// Keys go in as bytes, of which nothing stays; a KeyObject is a copy, which stays until the garbage collector comes by. Yet from Node 24 on, bytes take a
// detour that costs several times the operation itself.
const takesBytes = Number.parseInt(process.versions.node, 10) < 24;

function keyOf(key: Uint8Array): Uint8Array | KeyObject {
  return takesBytes ? key : createSecretKey(key);
}

function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes {
  const mac = createHmac("sha256", keyOf(key));
  for (const part of parts) mac.update(part);
  return own(mac.digest());
}

function cipherOf(key: Uint8Array, nonce: Uint8Array): CipherGCM {
  return createCipheriv(ALGORITHM, keyOf(key), nonce, TAGGED);
}

function decipherOf(key: Uint8Array, nonce: Uint8Array, tag: Uint8Array): DecipherGCM {
  return createDecipheriv(ALGORITHM, keyOf(key), nonce, TAGGED).setAuthTag(tag);
}

function aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes {
  expectAeadKey(key, nonce);
  const cipher = cipherOf(key, nonce);
  if (aad) cipher.setAAD(aad);
  const out = new Uint8Array(plaintext.length + TAG_LENGTH);
  out.set(cipher.update(plaintext));
  cipher.final();
  out.set(cipher.getAuthTag(), plaintext.length);
  return out;
}

function aeadOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Bytes | null {
  expectAeadKey(key, nonce);
  if (sealed.length < TAG_LENGTH) return null;
  const length = sealed.length - TAG_LENGTH;
  const decipher = decipherOf(key, nonce, sealed.subarray(length));
  if (aad) decipher.setAAD(aad);
  const plaintext = own(decipher.update(sealed.subarray(0, length)));
  if (tagFits(decipher)) return plaintext;
  plaintext.fill(0);
  return null;
}

/** Every other fault has shown by now (a wrong length, a missing algorithm), so an error here is the tag's. */
function tagFits(decipher: DecipherGCM): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

function sealChunk(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Iterable<Uint8Array>,
  write: (sealed: Uint8Array) => void,
  hashed: boolean,
): Bytes | null {
  expectAeadKey(key, nonce);
  const cipher = cipherOf(key, nonce);
  const hash = hashed ? createHash("sha256") : null;
  for (const piece of plaintext) {
    const sealed = cipher.update(piece);
    hash?.update(sealed);
    write(sealed);
  }
  cipher.final();
  const tag = cipher.getAuthTag();
  hash?.update(tag);
  write(tag);
  return hash && own(hash.digest());
}

function openChunk(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Iterable<Uint8Array>,
  tag: () => Uint8Array,
  hold: (plaintext: Uint8Array) => void,
  hashed: boolean,
): { digest: Bytes | null; authentic: boolean } {
  expectAeadKey(key, nonce);
  const decipher = createDecipheriv(ALGORITHM, keyOf(key), nonce, TAGGED);
  const hash = hashed ? createHash("sha256") : null;
  for (const piece of ciphertext) {
    hash?.update(piece);
    hold(decipher.update(piece));
  }
  const expected = tag();
  decipher.setAuthTag(expected);
  return { digest: hash && own(hash.update(expected).digest()), authentic: tagFits(decipher) };
}

async function verifyingKey(publicKey: Uint8Array): Promise<VerifyingKey | null> {
  const { isValidSigner } = await import("./strict.js");
  return isValidSigner(publicKey) ? checkedVerifyingKey(publicKey) : null;
}

function scryptOf(passphrase: Uint8Array, salt: Uint8Array): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEY_LENGTH, SCRYPT, (error, key) => (error ? reject(error) : resolve(own(key))));
  });
}

/** The suite over node:crypto. Its functions need no `this`. */
export const native: Suite = {
  name: "native",
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
  scrypt: scryptOf,
};

/**
 * Whether this Node has every primitive of the suite. One built or set for FIPS may lack X25519 and Ed25519, and says so
 * only when they are used; it always lacks scrypt, which is too dear to try out. What is tried costs little, as sealing
 * would have to load the same algorithms anyway.
 */
export function nativeAvailable(): boolean {
  if (getFips() !== 0 || typeof scrypt !== "function") return false;
  try {
    const bytes = sha256(randomBytes(KEY_LENGTH));
    signingKey(bytes).sign(bytes);
    aeadSeal(bytes, hmacSha256(bytes).subarray(0, NONCE_LENGTH), bytes);
    const key = agreementKey(bytes);
    return key.agree(key.publicKey) !== null;
  } catch {
    return false;
  }
}
