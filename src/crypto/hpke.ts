// HPKE (RFC 9180), as little of it as the format uses: base mode, one of two KEMs, HKDF-SHA256, AES-256-GCM, one
// message with empty AAD for each encapsulation. With sequence number 0, the nonce is the base nonce.

import { type Bytes, concat, equal, u16, utf8 } from "../bytes.js";
import { KEM_ID, type Kem, type KemKey, type KemName } from "./kem.js";
import { labeledExpand, labeledExtract, NO_SALT } from "./labeled.js";
import { KEY_BYTES, NONCE_BYTES } from "./lengths.js";
import { erase, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const MODE_BASE = 0;

const EMPTY = new Uint8Array(0);

export interface HpkeSealed {
  /** The encapsulated key: 32 bytes (x25519), or 1120 (xwing). */
  readonly enc: Bytes;
  /** 16 bytes longer than the plaintext. */
  readonly ciphertext: Bytes;
}

/**
 * Seals to a recipient's public key, which has passed isValidRecipient or isValidXWingRecipient (one of small order is
 * `internal`).
 */
export function hpkeSeal(
  suite: Suite,
  kem: Kem,
  recipient: Uint8Array,
  info: Uint8Array,
  plaintext: Secret,
): HpkeSealed {
  const { enc, sharedSecret } = kem.encapsulate(recipient);
  const ciphertext = withKeys(suite, kem.name, sharedSecret, info, (key, nonce) =>
    suite.aeadSeal(key, nonce, plaintext),
  );
  return { enc, ciphertext };
}

/** The plaintext; null where it does not open with this key, also where X25519 gives all zeros. */
export function hpkeOpen(
  suite: Suite,
  { kem, decapsulate }: KemKey,
  enc: Uint8Array,
  info: Uint8Array,
  ciphertext: Uint8Array,
): Secret | null {
  return hpkeOpenBy(suite, kem, decapsulate(enc), info, ciphertext);
}

/** The same by what decapsulating gave, which is overwritten. */
export function hpkeOpenBy(
  suite: Suite,
  kem: KemName,
  sharedSecret: Secret | null,
  info: Uint8Array,
  ciphertext: Uint8Array,
): Secret | null {
  if (!sharedSecret) return null;
  return withKeys(suite, kem, sharedSecret, info, (key, nonce) => suite.aeadOpen(key, nonce, ciphertext));
}

/** From the shared secret to key and nonce for one use. All three are overwritten afterwards. */
function withKeys<T>(
  suite: Suite,
  kem: KemName,
  sharedSecret: Secret,
  info: Uint8Array,
  use: (key: Secret, nonce: Secret) => T,
): T {
  const { key, baseNonce } = keySchedule(suite, kem, sharedSecret, info);
  try {
    return use(key, baseNonce);
  } finally {
    erase(sharedSecret, key, baseNonce);
  }
}

function suiteIdOf(kem: KemName, aead: number): Bytes {
  return concat(utf8("HPKE"), u16(KEM_ID[kem]), u16(KDF_ID), u16(aead));
}

const SUITE_ID = { x25519: suiteIdOf("x25519", AEAD_ID), xwing: suiteIdOf("xwing", AEAD_ID) };

/**
 * KeySchedule of RFC 9180, 5.1, in base mode, without the exporter. Another AEAD is only in published vectors.
 * @internal
 */
export function keySchedule(
  suite: Suite,
  kem: KemName,
  sharedSecret: Secret,
  info: Uint8Array,
  aead = AEAD_ID,
): { key: Secret; baseNonce: Secret } {
  const suiteId = aead === AEAD_ID ? SUITE_ID[kem] : suiteIdOf(kem, aead);
  const context = contextOf(suite, suiteId, info);
  const secret = labeledExtract(suite, suiteId, sharedSecret, "secret", EMPTY);
  const key = labeledExpand(suite, suiteId, secret, "key", context, KEY_BYTES);
  const baseNonce = labeledExpand(suite, suiteId, secret, "base_nonce", context, NONCE_BYTES);
  erase(secret);
  return { key, baseNonce };
}

/** Of the last info: all stanzas of a header have the same, and its hashes are a quarter of what trying one takes. */
let last: { readonly suiteId: Bytes; readonly info: Uint8Array; readonly context: Bytes } | null = null;

/** key_schedule_context of RFC 9180, 5.1, of which nothing is secret. */
function contextOf(suite: Suite, suiteId: Bytes, info: Uint8Array): Bytes {
  if (last && last.suiteId === suiteId && equal(last.info, info)) return last.context;
  const infoHash: Uint8Array = labeledExtract(suite, suiteId, NO_SALT, "info_hash", info);
  const pskIdHash: Uint8Array = labeledExtract(suite, suiteId, NO_SALT, "psk_id_hash", EMPTY);
  last = { suiteId, info: concat(info), context: concat(Uint8Array.of(MODE_BASE), pskIdHash, infoHash) };
  return last.context;
}
