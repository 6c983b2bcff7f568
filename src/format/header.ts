// The header as a whole: what is signed or authenticated, and the keys that follow from the file key
// (docs/FORMAT.md, "Header authenticator" and "Keys of a file").

import { type Bytes, concat, utf8 } from "../bytes.js";
import { deriveKey } from "../crypto/hkdf.js";
import { SIGNATURE_BYTES } from "../crypto/lengths.js";
import { disclose, erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { Core } from "./core.js";
import type { Stanza } from "./stanza.js";

export const FILE_KEY_BYTES = 32;
const MAC_BYTES = 32;

/** A parsed header, with the bytes that it was parsed from. */
export interface Header {
  readonly core: Core;
  readonly coreBytes: Bytes;
  /** SHA-256 of the core: 32 bytes. */
  readonly coreHash: Bytes;
  readonly stanzas: readonly Stanza[];
  /** Count and stanzas. */
  readonly stanzaBytes: Bytes;
  /** Signature (64) or MAC (32). */
  readonly authenticator: Bytes;
}

export function authenticatorLength(core: Core): number {
  return core.signer ? SIGNATURE_BYTES : MAC_BYTES;
}

export function headerLength(header: Header): number {
  return header.coreBytes.length + header.stanzaBytes.length + header.authenticator.length;
}

/** What the header signature covers: "seal.v1 header\0" ∥ SHA-256(core ∥ stanzas). */
export function headerMessage(suite: Suite, coreBytes: Uint8Array, stanzaBytes: Uint8Array): Bytes {
  return concat(utf8("seal.v1 header\0"), suite.sha256(coreBytes, stanzaBytes));
}

/** chain_0 of an epoch, which stands for its recipients too: SHA-256("seal.v1 epoch\0" ∥ core ∥ stanzas). */
export function epochChain(suite: Suite, coreBytes: Uint8Array, stanzaBytes: Uint8Array): Bytes {
  return suite.sha256(utf8("seal.v1 epoch\0"), coreBytes, stanzaBytes);
}

/** The authenticator of an unsigned header. */
export function headerMac(
  suite: Suite,
  fileKey: Secret,
  coreHash: Uint8Array,
  coreBytes: Uint8Array,
  stanzaBytes: Uint8Array,
): Bytes {
  const key = deriveKey(suite, fileKey, "seal.v1 header", coreHash);
  try {
    return disclose(suite.hmacSha256(key, coreBytes, stanzaBytes));
  } finally {
    erase(key);
  }
}

export function commitment(suite: Suite, fileKey: Secret): Bytes {
  return disclose(deriveKey(suite, fileKey, "seal.v1 commitment", new Uint8Array()));
}

export function payloadKey(suite: Suite, fileKey: Secret, coreHash: Uint8Array): Secret {
  return deriveKey(suite, fileKey, "seal.v1 payload", coreHash);
}

/** The HPKE info of an X25519 stanza. */
export function recipientInfo(coreHash: Uint8Array): Bytes {
  return concat(utf8("seal.v1 recipient"), coreHash);
}
