// The suite over node:crypto. Nothing here loads noble, but for the key check of verifyingKey(), and for ML-KEM where
// this Node has none.

import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  type Decipher,
  type DecipherGCM,
  getFips,
  hash,
  randomFillSync,
  scrypt,
  scryptSync,
} from "node:crypto";
import type { Bytes } from "../bytes.js";
import { collectYoung } from "./collect.js";
import { COUNTER_BYTES, expectAeadKey, expectLength, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./lengths.js";
import { agreementKey, checkedVerifyingKey, copied, ephemeralKey, recordKey, signingKey } from "./native-curves.js";
import { nativeMlKem } from "./native-ml-kem.js";
import { copySecret, erase, joinSecret, newSecret, ownSecret, type Secret } from "./secret.js";
import type { Digest, MlKem, Suite, VerifyingKey } from "./suite.js";
import { untraced } from "./untraced.js";

const ALGORITHM = "aes-256-gcm";
// Without it, decryption takes a tag of 4 bytes.
const TAGGED = { authTagLength: TAG_BYTES };

const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 160 * 2 ** 20 };

function randomBytes(length: number): Bytes {
  return randomFillSync(new Uint8Array(length));
}

function randomSecret(length: number): Secret {
  return randomFillSync(newSecret(length));
}

function sha256(...parts: readonly Uint8Array[]): Bytes {
  const running = createHash("sha256");
  for (const part of parts) running.update(part);
  return copied(running.digest());
}

function sha256Stream(): Digest {
  const running = createHash("sha256");
  return {
    update: (bytes) => void running.update(bytes),
    finish: () => copied(running.digest()),
  };
}

const BLOCK = 64;
const HASH = 32;

/**
 * RFC 2104 with two calls that leave nothing behind. A Hmac, which takes a key, and a Hash, which holds its result, do
 * until the garbage collector comes by.
 */
function hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Secret {
  if (key.length > BLOCK) return hmacOfLongKey(key, parts);
  const inner = joinSecret(key, new Uint8Array(BLOCK - key.length), ...parts);
  const outer = newSecret(BLOCK + HASH);
  outer.set(key);
  for (let i = 0; i < BLOCK; i++) {
    inner[i]! ^= 0x36;
    outer[i]! ^= 0x5c;
  }
  const innerHash = hashSecret(inner);
  outer.set(innerHash, BLOCK);
  const mac = hashSecret(outer);
  erase(inner, outer, innerHash);
  return mac;
}

function hmacOfLongKey(key: Secret, parts: readonly Uint8Array[]): Secret {
  const hashed = hashSecret(key);
  try {
    return hmacSha256(hashed, ...parts);
  } finally {
    erase(hashed);
  }
}

function hashSecret(secret: Secret): Secret {
  return ownSecret(hash("sha256", secret, "buffer"));
}

function sha512(secret: Secret): Secret {
  return ownSecret(hash("sha512", secret, "buffer"));
}

function hmacSha1(key: Uint8Array, message: Uint8Array): Bytes {
  return copied(
    untraced(() => createHmac("sha1", key))
      .update(message)
      .digest(),
  );
}

function aesCtr(key: Secret, counter: Uint8Array, bytes: Uint8Array): Secret {
  expectLength("AES-256 key", key, KEY_BYTES);
  expectLength("AES counter", counter, COUNTER_BYTES);
  const decipher = untraced(() => createDecipheriv("aes-256-ctr", key, counter));
  const plaintext = decrypted(decipher, bytes);
  // Gives nothing more, but has OpenSSL erase its copy of the key.
  decipher.final();
  return plaintext;
}

function sha3(...parts: readonly Uint8Array[]): Secret {
  const joined = joinSecret(...parts);
  try {
    return ownSecret(hash("sha3-256", joined, "buffer"));
  } finally {
    erase(joined);
  }
}

/** What the Hash holds of it stays until it is collected. */
function shake256(secret: Secret, length: number): Secret {
  return ownSecret(createHash("shake256", { outputLength: length }).update(secret).digest());
}

/** OpenSSL's where this Node has it, from 24.7 on; else noble's. */
async function mlKem(): Promise<MlKem> {
  return nativeMlKem() ?? (await import("./portable-ml-kem.js")).mlKem;
}

function cipherOf(key: Secret, nonce: Uint8Array): CipherGCM {
  return untraced(() => createCipheriv(ALGORITHM, key, nonce, TAGGED));
}

function decipherOf(key: Secret, nonce: Uint8Array): DecipherGCM {
  return untraced(() => createDecipheriv(ALGORITHM, key, nonce, TAGGED));
}

function aeadSeal(key: Secret, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes {
  expectAeadKey(key, nonce);
  const cipher = cipherOf(key, nonce);
  if (aad) cipher.setAAD(aad);
  const out = new Uint8Array(plaintext.length + TAG_BYTES);
  out.set(cipher.update(plaintext));
  cipher.final();
  out.set(cipher.getAuthTag(), plaintext.length);
  return out;
}

function aeadOpen(key: Secret, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Secret | null {
  expectAeadKey(key, nonce);
  if (sealed.length < TAG_BYTES) return null;
  const length = sealed.length - TAG_BYTES;
  const decipher = decipherOf(key, nonce).setAuthTag(sealed.subarray(length));
  if (aad) decipher.setAAD(aad);
  const plaintext = decrypted(decipher, sealed.subarray(0, length));
  if (tagFits(decipher)) return plaintext;
  erase(plaintext);
  return null;
}

const COVER = newSecret(KEY_BYTES);

/**
 * Node has OpenSSL write into memory of a byte more than it needs, copies that, and frees it as it is (`Update` in
 * crypto_cipher.cc). Who asks for as much next is given the same memory: so as much ciphertext is made right behind it.
 */
function decrypted(decipher: Decipher, bytes: Uint8Array): Secret {
  const cover = cipherOf(COVER, new Uint8Array(NONCE_BYTES));
  const plaintext = decipher.update(bytes);
  cover.update(bytes);
  return ownSecret(plaintext);
}

/** Every other fault has shown by now (a wrong length, a missing algorithm), so an error here is the tag's. */
function tagFits(decipher: DecipherGCM): boolean {
  try {
    untraced(() => decipher.final());
    return true;
  } catch {
    return false;
  }
}

function sealChunk(
  key: Secret,
  nonce: Uint8Array,
  plaintext: Iterable<Uint8Array>,
  write: (sealed: Uint8Array) => void,
  hashed: boolean,
): Bytes | null {
  expectAeadKey(key, nonce);
  const cipher = cipherOf(key, nonce);
  const digest = hashed ? createHash("sha256") : null;
  for (const piece of plaintext) {
    const sealed = cipher.update(piece);
    digest?.update(sealed);
    write(sealed);
  }
  cipher.final();
  const tag = cipher.getAuthTag();
  digest?.update(tag);
  write(tag);
  return digest && copied(digest.digest());
}

function openChunk(
  key: Secret,
  nonce: Uint8Array,
  ciphertext: Iterable<Uint8Array>,
  tag: () => Uint8Array,
  hold: (plaintext: Uint8Array) => void,
  hashed: boolean,
): { digest: Bytes | null; authentic: boolean } {
  expectAeadKey(key, nonce);
  const decipher = decipherOf(key, nonce);
  const running = hashed ? createHash("sha256") : null;
  for (const piece of ciphertext) {
    running?.update(piece);
    hold(decipher.update(piece));
  }
  const expected = tag();
  decipher.setAuthTag(expected);
  return { digest: running && copied(running.update(expected).digest()), authentic: tagFits(decipher) };
}

async function verifyingKey(publicKey: Uint8Array): Promise<VerifyingKey | null> {
  const { isValidSigner } = await import("./strict.js");
  return isValidSigner(publicKey) ? checkedVerifyingKey(publicKey) : null;
}

/** From Node 25 on, a thread of the pool leaves a copy of what it has derived; the one that calls does not. */
const POOL_LEAVES = Number.parseInt(process.versions.node, 10) > 24;

function scryptOf(passphrase: Secret, salt: Uint8Array): Promise<Secret> {
  return new Promise((resolve, reject) => {
    if (POOL_LEAVES) return resolve(ownSecret(scryptSync(passphrase, salt, KEY_BYTES, SCRYPT)));
    scrypt(passphrase, salt, KEY_BYTES, SCRYPT, (error, key) => (error ? reject(error) : resolve(ownSecret(key))));
  });
}

/** The suite over node:crypto. Its functions need no `this`. */
export const native: Suite = {
  name: "native",
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
  forget: collectYoung,
  aeadSeal,
  aeadOpen,
  sealChunk,
  openChunk,
  signingKey,
  recordKey,
  verifyingKey,
  checkedVerifyingKey,
  scrypt: scryptOf,
};

let tried: boolean | undefined;

/**
 * Whether this Node has every primitive of the suite. One built or set for FIPS may lack X25519 and Ed25519, and says
 * so only when they are used; it always lacks scrypt, which is too dear to try out. What is tried costs little, as
 * sealing would have to load the same algorithms anyway.
 */
export function nativeAvailable(): boolean {
  if (getFips() !== 0 || typeof scrypt !== "function") return false;
  tried ??= works();
  return tried;
}

function works(): boolean {
  try {
    const bytes = copySecret(sha256(randomBytes(KEY_BYTES)));
    signingKey(bytes).sign(bytes);
    shake256(sha3(bytes), 1);
    aeadSeal(bytes, sha256(bytes).subarray(0, NONCE_BYTES), bytes);
    const key = agreementKey(bytes);
    return key.agree(key.publicKey) !== null;
  } catch {
    return false;
  }
}
