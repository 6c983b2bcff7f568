// What HPKE needs of a KEM, as one small interface, behind which two stand. A public key's length tells for which of
// them it is.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { KEY_BYTES, XWING_ENC_BYTES, XWING_KEY_BYTES } from "./lengths.js";
import type { Secret } from "./secret.js";
import type { KeyHandle } from "./suite.js";

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180, and X-Wing. */
export type KemName = "x25519" | "xwing";

/** How HPKE names them (RFC 9180, 7.1). */
export const KEM_ID: Readonly<Record<KemName, number>> = { x25519: 0x0020, xwing: 0x647a };

/** Bytes of an encapsulation. */
export const ENC_BYTES: Readonly<Record<KemName, number>> = { x25519: KEY_BYTES, xwing: XWING_ENC_BYTES };

/** A secret key of a KEM, ready for use. */
export interface KemKey {
  readonly kem: KemName;
  /** 32 bytes (x25519), or 1216 (xwing). */
  readonly publicKey: Bytes;
  /**
   * The shared secret of an encapsulation of 32 bytes (x25519), or 1120 (xwing): 32 bytes, which nobody else has where
   * it was not made for this key. null where X25519 gives all zeros.
   */
  decapsulate(enc: Uint8Array): Secret | null;
  /** The same beside this thread, several at a time. Missing where that cannot be. */
  decapsulateAside?: ((enc: Uint8Array) => Promise<Secret | null>) | undefined;
  /** What another thread makes the same key of; missing where it cannot. */
  readonly shared?: SharedKemKey | undefined;
}

/** A secret key of a KEM on its way to another thread. */
export interface SharedKemKey {
  readonly kem: KemName;
  readonly publicKey: Bytes;
  /** That of X25519, behind ML-KEM's where there is one. */
  readonly handles: readonly KeyHandle[];
}

/** A fresh shared secret, 32 bytes, and what gives it to the one with the secret key. */
export interface Encapsulated {
  /** 32 bytes (x25519), or 1120 (xwing). */
  readonly enc: Bytes;
  readonly sharedSecret: Secret;
}

export interface Kem {
  readonly name: KemName;
  /** The key of an X25519 secret, or of an X-Wing seed: 32 bytes, which stay the caller's, to be erased. */
  key(secret: Secret): KemKey;
  /** The key that another thread has. */
  sharedKey(shared: SharedKemKey): KemKey;
  /**
   * A fresh shared secret for a public key that has passed isValidRecipient or isValidXWingRecipient (one of small
   * order is `internal`).
   */
  encapsulate(publicKey: Uint8Array): Encapsulated;
}

/** Which KEM a public key is for: 32 bytes, or 1216; another length is `internal`. */
export function kemOf({ length }: Uint8Array): KemName {
  if (length === KEY_BYTES) return "x25519";
  if (length === XWING_KEY_BYTES) return "xwing";
  throw new SealError("internal", `public key of ${length} bytes instead of ${KEY_BYTES} or ${XWING_KEY_BYTES}`);
}
