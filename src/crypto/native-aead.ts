// AES over node:crypto: AES-256-GCM of bytes and of chunks, and AES-256-CTR.

import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  type Decipher,
  type DecipherGCM,
} from "node:crypto";
import type { Bytes } from "../bytes.js";
import { COUNTER_BYTES, expectAeadKey, expectLength, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./lengths.js";
import { copied } from "./native-curves.js";
import { erase, newSecret, ownSecret, type Secret } from "./secret.js";
import { untraced } from "./untraced.js";

const ALGORITHM = "aes-256-gcm";
// Without it, decryption takes a tag of 4 bytes.
const TAGGED = { authTagLength: TAG_BYTES };

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

/** Bytes after which another takes its place: GCM has a bound. */
const COVERS = 2 ** 30;
let cover: { readonly cipher: CipherGCM; left: number } | null = null;

/** A cipher under a key of zeros: what it makes is nobody's secret, and it can go on making more. */
function coverFor(length: number): CipherGCM {
  if (!cover || cover.left < length) {
    cover = { cipher: cipherOf(newSecret(KEY_BYTES), new Uint8Array(NONCE_BYTES)), left: COVERS };
  }
  cover.left -= length;
  return cover.cipher;
}

/**
 * Node has OpenSSL write into memory of a byte more than it needs, copies that, and frees it as it is (`Update` in
 * crypto_cipher.cc). Who asks for as much next is given the same memory: so as much ciphertext is made right behind it.
 */
function decrypted(decipher: Decipher, bytes: Uint8Array): Secret {
  const covering = coverFor(bytes.length);
  const plaintext = decipher.update(bytes);
  covering.update(bytes);
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

function aesCtr(key: Secret, counter: Uint8Array, bytes: Uint8Array): Secret {
  expectLength("AES-256 key", key, KEY_BYTES);
  expectLength("AES counter", counter, COUNTER_BYTES);
  const decipher = untraced(() => createDecipheriv("aes-256-ctr", key, counter));
  const plaintext = decrypted(decipher, bytes);
  // Gives nothing more, but has OpenSSL erase its copy of the key.
  decipher.final();
  return plaintext;
}

/** What the suite has of it. */
export const nativeAes = { aesCtr, aeadSeal, aeadOpen, sealChunk, openChunk };
