// What the format needs of cryptography, as one small interface. Two suites stand behind it: `native` (node:crypto)
// and `portable` (@noble/*). They give the same bytes and refuse the same inputs.

import type { Bytes } from "../bytes.js";

/** An X25519 secret key, ready for use. */
export interface AgreementKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** The shared secret, 32 bytes; null where it is all zero (a public key of small order). */
  agree(publicKey: Uint8Array): Bytes | null;
}

/** An Ed25519 signing key, ready for use. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** RFC 8032 Ed25519, deterministic: 64 bytes. */
  sign(message: Uint8Array): Bytes;
}

/** An Ed25519 public key that has passed the strict key check. */
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

  /** Fresh bytes from the system's generator. */
  randomBytes(length: number): Bytes;

  /** SHA-256 of the parts, one after the other: 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Bytes;
  sha256Stream(): Digest;

  /** HMAC-SHA-256 of the parts, one after the other: 32 bytes. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes;

  /** The X25519 key of any 32-byte secret (RFC 7748 clamps it). */
  agreementKey(secret: Uint8Array): AgreementKey;

  /** AES-256-GCM: ciphertext ∥ 16-byte tag. Key 32 bytes, nonce 12. */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Bytes;
  /** The plaintext, or null where the tag does not fit (also for an input shorter than a tag). */
  aeadOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Bytes | null;

  /**
   * AES-256-GCM of a chunk: takes the plaintext in pieces, each of which it uses before it asks for the next, and hands ciphertext ∥ tag to
   * `write` in pieces. Returns SHA-256(ciphertext ∥ tag) if `hashed`, else null.
   */
  sealChunk(
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Iterable<Uint8Array>,
    write: (sealed: Uint8Array) => void,
    hashed: boolean,
  ): Bytes | null;
  /**
   * The reverse: takes the ciphertext in pieces, each of which it uses before it hands over plaintext for it or asks for the next, then calls `tag`
   * for the 16 bytes behind it. What `hold` is handed is not to be used unless the answer is `authentic`.
   */
  openChunk(
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Iterable<Uint8Array>,
    tag: () => Uint8Array,
    hold: (plaintext: Uint8Array) => void,
    hashed: boolean,
  ): { digest: Bytes | null; authentic: boolean };

  /** The signing key of a 32-byte seed. */
  signingKey(seed: Uint8Array): SigningKey;
  /**
   * The verifying key of 32 bytes; null where they are not a canonical encoding of a torsion-free point other than the
   * identity (docs/FORMAT.md, "Signatures").
   */
  verifyingKey(publicKey: Uint8Array): Promise<VerifyingKey | null>;
  /** The same without the key check, for 32 bytes that have passed it elsewhere in this process. */
  checkedVerifyingKey(publicKey: Uint8Array): VerifyingKey;

  /** scrypt with N = 2^17, r = 8, p = 1 (docs/FORMAT.md, "Protected identities"): 32 bytes. Takes 128 MiB. */
  scrypt(passphrase: Uint8Array, salt: Uint8Array): Promise<Bytes>;
}
