// The suite over node:crypto. Nothing here loads noble, but for ML-KEM where this Node has none.

import { createHash, createHmac, getFips, hash, randomFillSync, scrypt, scryptSync } from "node:crypto";
import type { Bytes } from "../bytes.js";
import { Age } from "./collect.js";
import { KEY_BYTES, NONCE_BYTES } from "./lengths.js";
import { nativeAes } from "./native-aead.js";
import {
  agreementKey,
  checkedVerifyingKey,
  copied,
  ephemeralKey,
  recordKey,
  sharedAgreementKey,
  sharedSigningKey,
  signingKey,
} from "./native-curves.js";
import { nativeMlKem } from "./native-ml-kem.js";
import { isValidSignerByX25519 } from "./native-signer.js";
import { copySecret, erase, joinSecret, newSecret, ownSecret, partOf, type Secret } from "./secret.js";
import type { Digest, MlKem, Suite, VerifyingKey } from "./suite.js";
import { untraced } from "./untraced.js";

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

/** What is hashed, where it is short: memory outside of V8's heap takes as long to get as the hashing. */
const SCRATCH = newSecret(1024);

/**
 * RFC 2104 with two calls that leave nothing behind. A Hmac, which takes a key, and a Hash, which holds its result, do
 * until the garbage collector comes by.
 */
function hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Secret {
  if (key.length > BLOCK) return hmacOfLongKey(key, parts);
  const innerHash = hashBehind(key, 0x36, parts);
  try {
    return hashBehind(key, 0x5c, [innerHash]);
  } finally {
    erase(innerHash);
  }
}

/** The hash of the key, with zeros up to a block and each byte XORed with `pad`, and the parts behind it. */
function hashBehind(key: Secret, pad: number, parts: readonly Uint8Array[]): Secret {
  let length = BLOCK;
  for (const part of parts) length += part.length;
  const bytes = length <= SCRATCH.length ? partOf(SCRATCH, 0, length) : newSecret(length);
  try {
    bytes.fill(pad, 0, BLOCK);
    for (let i = 0; i < key.length; i++) bytes[i] = key[i]! ^ pad;
    let at = BLOCK;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return hashSecret(bytes);
  } finally {
    erase(bytes);
  }
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

function forgetting(): () => Promise<void> {
  const age = new Age();
  return () => age.collect();
}

/** OpenSSL's where this Node has it, from 24.7 on; else noble's. */
async function mlKem(): Promise<MlKem> {
  return nativeMlKem() ?? (await import("./portable-ml-kem.js")).mlKem;
}

function verifyingKey(publicKey: Uint8Array): VerifyingKey | null {
  return isValidSignerByX25519(publicKey) ? checkedVerifyingKey(publicKey) : null;
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
  sha3,
  shake256,
  mlKem,
  agreementKey,
  sharedAgreementKey,
  ephemeralKey,
  forgetting,
  ...nativeAes,
  signingKey,
  sharedSigningKey,
  recordKey,
  isValidSigner: isValidSignerByX25519,
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
    nativeAes.aeadSeal(bytes, sha256(bytes).subarray(0, NONCE_BYTES), bytes);
    const key = agreementKey(bytes);
    return key.agree(key.publicKey) !== null;
  } catch {
    return false;
  }
}
