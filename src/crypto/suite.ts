// What the format needs of cryptography, as one small interface. Two suites stand behind it: `native` (node:crypto)
// and `portable` (@noble/*). They give the same bytes and refuse the same inputs.

import type { Bytes } from "../bytes.js";
import type { Secret } from "./secret.js";

declare const handle: unique symbol;

/** A secret key that threads of one process hand to each other without a copy of it: a KeyObject. */
export interface KeyHandle {
  readonly [handle]: true;
}

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180, 4.1, in one step. */
export interface Decapsulation {
  /** The shared secret of an encapsulation, 32 bytes; null where X25519 gives all zeros. */
  decapsulate(enc: Uint8Array): Secret | null;
  /** The same beside this thread, several at a time. Missing where that cannot be. */
  decapsulateAside?(enc: Uint8Array): Promise<Secret | null>;
}

/** An X25519 secret key, ready for use. */
export interface AgreementKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** The shared secret, 32 bytes; null where it is all zero (a public key of small order). */
  agree(publicKey: Uint8Array): Secret | null;
  /** What it decapsulates by in one step; null, or missing, where there is no such thing. */
  dhkem?(): Decapsulation | null;
  /** Missing where threads cannot hand it to each other. */
  readonly handle?: KeyHandle;
}

/** An ML-KEM-768 key (FIPS 203), expanded and ready for use. */
export interface MlKemKey {
  /** 1184 bytes. */
  readonly publicKey: Bytes;
  /**
   * The shared secret that a ciphertext of 1088 bytes holds: 32 bytes; others, which follow from the key and the
   * ciphertext, where it was not made for this key (implicit rejection).
   */
  decapsulate(ciphertext: Uint8Array): Secret;
  /** Missing where threads cannot hand it to each other. */
  readonly handle?: KeyHandle;
}

/** ML-KEM-768 (FIPS 203). */
export interface MlKem {
  /** The key of a 64-byte seed, d ∥ z. */
  key(seed: Secret): MlKemKey;
  /** The key that another thread's key has the handle of. Missing where keys have none. */
  sharedKey?(handle: KeyHandle, publicKey: Bytes): MlKemKey;
  /** A fresh shared secret, 32 bytes, for a public key of 1184 bytes that is reduced (see isReduced). */
  encapsulate(publicKey: Uint8Array): { readonly ciphertext: Bytes; readonly sharedSecret: Secret };
}

/** Who signs headers: a key in this process, or what asks one elsewhere, as in an agent or a token. */
export interface HeaderSigner {
  /** An Ed25519 public key, 32 bytes, which has passed the strict key check. */
  readonly publicKey: Bytes;
  /** The signature, 64 bytes. It is asked for once for each file or epoch. */
  sign(message: Uint8Array): Bytes | Promise<Bytes>;
  /** Missing where it is no key of this process, or threads cannot hand it to each other. */
  readonly handle?: KeyHandle;
}

/** An Ed25519 signing key, ready for use. */
export interface SigningKey extends HeaderSigner {
  /** RFC 8032 Ed25519, deterministic: 64 bytes. */
  sign(message: Uint8Array): Bytes;
}

/** A fresh signing key, for the records of one file or epoch. */
export interface RecordKey extends SigningKey {
  /** Erases it: nothing can be signed afterwards. What only the garbage collector can erase stays until it does. */
  erase(): void;
}

/** An Ed25519 public key to verify with. */
export interface VerifyingKey {
  readonly publicKey: Bytes;
  /**
   * The predicate of docs/FORMAT.md, "Signatures": R canonical and not of small order, S < L, and
   * encode([S]B − [k]A) equals R byte for byte. False for anything else, a wrong length included; never throws.
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** A running SHA-256. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** 32 bytes; the digest cannot be used afterwards. */
  finish(): Bytes;
}

export interface Suite {
  readonly name: "native" | "portable";

  /** Fresh bytes from the system's generator, for all to see. */
  randomBytes(length: number): Bytes;
  /** The same, to be kept secret. */
  randomSecret(length: number): Secret;

  /** SHA-256 of the parts, one after the other: 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Bytes;
  sha256Stream(): Digest;

  /** HMAC-SHA-256 of the parts, one after the other: 32 bytes. */
  hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Secret;

  /** SHA-512: 64 bytes. */
  sha512(secret: Secret): Secret;
  /** HMAC-SHA-1, 20 bytes: the name of a host in a file of OpenSSH's is hidden under it, and nothing else. */
  hmacSha1(key: Uint8Array, message: Uint8Array): Bytes;
  /** AES-256 in counter mode, which authenticates nothing: OpenSSH has private keys under it. Key 32, counter 16. */
  aesCtr(key: Secret, counter: Uint8Array, bytes: Uint8Array): Secret;

  /** SHA3-256 of the parts, one after the other: 32 bytes. */
  sha3(...parts: readonly Uint8Array[]): Secret;
  /** The first `length` bytes of SHAKE256. */
  shake256(secret: Secret, length: number): Secret;
  /** ML-KEM-768, which not every Node has: it is loaded by the first who asks. */
  mlKem(): Promise<MlKem>;

  /** The X25519 key of any 32-byte secret (RFC 7748 clamps it). */
  agreementKey(secret: Secret): AgreementKey;
  /** The key that another thread's key has the handle of. Missing where keys have none. */
  sharedAgreementKey?(handle: KeyHandle, publicKey: Bytes): AgreementKey;
  /** A fresh X25519 key, for one use. */
  ephemeralKey(): AgreementKey;

  /**
   * Is called before keys are drawn. What it gives has what is left of those that were drawn and dropped since, and
   * that only the garbage collector can erase, erased before it resolves. A suite that cannot does nothing
   * (docs/THREATS.md, "Memory").
   */
  forgetting(): () => Promise<void>;

  /** AES-256-GCM: ciphertext ∥ 16-byte tag. Key 32 bytes, nonce 12. */
  aeadSeal(key: Secret, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes;
  /** The plaintext, or null where the tag does not fit (also for an input shorter than a tag). */
  aeadOpen(key: Secret, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Secret | null;

  /**
   * AES-256-GCM of a chunk: takes the plaintext in pieces, each of which it uses before it asks for the next, and hands
   * ciphertext ∥ tag to `write` in pieces, which are its own to keep or to release. Returns SHA-256(ciphertext ∥ tag)
   * if `hashed`, else null.
   */
  sealChunk(
    key: Secret,
    nonce: Uint8Array,
    plaintext: Iterable<Uint8Array>,
    write: (sealed: Uint8Array) => void,
    hashed: boolean,
  ): Bytes | null;
  /**
   * The reverse: takes the ciphertext in pieces, each of which it uses before it hands over plaintext for it or asks
   * for the next, then calls `tag` for the 16 bytes behind it. What `hold` is handed is its own, but not to be used
   * unless the answer is `authentic`.
   */
  openChunk(
    key: Secret,
    nonce: Uint8Array,
    ciphertext: Iterable<Uint8Array>,
    tag: () => Uint8Array,
    hold: (plaintext: Uint8Array) => void,
    hashed: boolean,
  ): { digest: Bytes | null; authentic: boolean };

  /** The signing key of a 32-byte seed. */
  signingKey(seed: Secret): SigningKey;
  /** The key that another thread's key has the handle of. Missing where keys have none. */
  sharedSigningKey?(handle: KeyHandle, publicKey: Bytes): SigningKey;
  /** A fresh key that signs records. */
  recordKey(): RecordKey;
  /**
   * Whether a signer may have this public key: 32 bytes, the canonical encoding of a point of edwards25519 that lies in
   * the prime-order subgroup and is not the identity (docs/FORMAT.md, "Signatures").
   */
  isValidSigner(publicKey: Uint8Array): boolean;
  /** The verifying key of a valid signer's 32 bytes; else null. */
  verifyingKey(publicKey: Uint8Array): VerifyingKey | null;
  /**
   * The same without the key check: for a signer that has passed it elsewhere in this process, and for the record key
   * of a header, of which any point is exact, and nothing verifies where it is none.
   */
  checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey;

  /** scrypt with N = 2^17, r = 8, p = 1 (docs/FORMAT.md, "Protected identities"): 32 bytes. Takes 128 MiB. */
  scrypt(passphrase: Secret, salt: Uint8Array): Promise<Secret>;
}
