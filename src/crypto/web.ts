// What WebCrypto does of the work on chunks. It is asynchronous, so it is no suite: it stands beside the portable one,
// which does everything that is small, and all of it where a browser has nothing of this (a page without https).

import type { Bytes } from "../bytes.js";
import { isRecordKey } from "./ed25519-check.js";
import { SIGNATURE_BYTES } from "./lengths.js";
import type { Secret } from "./secret.js";
import type { VerifyingKey } from "./suite.js";
import { TRIALS } from "./web-trials.js";

type Subtle = typeof crypto.subtle;
type Key = Awaited<ReturnType<Subtle["importKey"]>>;

/** AES-256-GCM under one key. */
export interface WebAead {
  /** ciphertext ∥ 16-byte tag. */
  seal(nonce: Uint8Array, plaintext: Uint8Array): Promise<Bytes>;
  /** The plaintext, or null where the tag does not fit. */
  open(nonce: Uint8Array, sealed: Uint8Array): Promise<Bytes | null>;
}

/** The predicate of docs/FORMAT.md, as of a `VerifyingKey`. */
export type WebVerify = (message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

export interface WebCrypto {
  sha256(bytes: Uint8Array): Promise<Bytes>;
  /** The key is the caller's to erase: WebCrypto has a copy, which is gone when the collector has found that. */
  aead(key: Secret): Promise<WebAead>;
  /** `portable`: the same key, which has the last word on what is to be refused. */
  verifier(portable: VerifyingKey): Promise<WebVerify>;
}

let loaded: Promise<WebCrypto | null> | undefined;

/** null where this browser has none, or not here: it needs a page from https, from localhost, or a file. */
export function webCrypto(): Promise<WebCrypto | null> {
  loaded ??= webCryptoOf(globalThis.crypto?.subtle);
  return loaded;
}

/**
 * What is made of a `SubtleCrypto`; one that lacks Ed25519, or has another predicate, is not asked about signatures.
 */
export async function webCryptoOf(subtle: Subtle | undefined): Promise<WebCrypto | null> {
  if (!subtle) return null;
  const knows = await knowsPredicate(subtle);
  return {
    sha256: async (bytes) => new Uint8Array(await subtle.digest("SHA-256", memoryOf(bytes))),
    aead: (key) => aead(subtle, key),
    verifier: async (portable) =>
      (knows && (await verifier(subtle, portable))) || (async (...signed) => portable.verify(...signed)),
  };
}

async function aead(subtle: Subtle, secret: Secret): Promise<WebAead> {
  const key = await subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
  const under = (nonce: Uint8Array) => ({ name: "AES-GCM", iv: memoryOf(nonce), tagLength: 128 });
  return {
    seal: async (nonce, plaintext) => new Uint8Array(await subtle.encrypt(under(nonce), key, memoryOf(plaintext))),
    open: async (nonce, sealed) => {
      try {
        return new Uint8Array(await subtle.decrypt(under(nonce), key, memoryOf(sealed)));
      } catch (error) {
        // So it reports a wrong tag. Anything else, as memory that ran out, is no verdict on the tag.
        if (error instanceof Error && error.name === "OperationError") return null;
        throw error;
      }
    },
  };
}

/** null where the key cannot be imported: it may be no point, on which the portable suite judges. */
async function verifier(subtle: Subtle, portable: VerifyingKey): Promise<WebVerify | null> {
  const key = await imported(subtle, portable.publicKey);
  if (!key) return null;
  return async (message, signature) => {
    // R has the demands on a record key: y < p, and of no point of small order, whatever its sign.
    if (signature.length !== SIGNATURE_BYTES || !isRecordKey(signature.subarray(0, 32))) return false;
    // Whoever refuses more than the format does is asked again.
    return (await isVerified(subtle, key, message, signature)) || portable.verify(message, signature);
  };
}

async function imported(subtle: Subtle, publicKey: Uint8Array): Promise<Key | null> {
  try {
    return await subtle.importKey("raw", memoryOf(publicKey), "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}

async function isVerified(subtle: Subtle, key: Key, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await subtle.verify("Ed25519", key, memoryOf(signature), memoryOf(message));
  } catch {
    return false;
  }
}

/** Whether it accepts a signature, and nothing that the format does not. */
async function knowsPredicate(subtle: Subtle): Promise<boolean> {
  const verdicts = await Promise.all(
    TRIALS.map(async ({ publicKey, message, signature, accepted }, i) => {
      const key = await imported(subtle, publicKey);
      const found = key !== null && (await isVerified(subtle, key, message, signature));
      return found === accepted || (i > 0 && accepted);
    }),
  );
  return verdicts.every(Boolean);
}

/** WebCrypto copies what it is given before it returns. It takes no shared memory, and nothing here is such. */
function memoryOf(bytes: Uint8Array): Bytes {
  return bytes as Bytes;
}
