// HPKE (RFC 9180), as little of it as the format uses: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM,
// one message with empty AAD for each encapsulation. With sequence number 0, the nonce is the base nonce.

import { type Bytes, concat, u16, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { hkdfExpand, hkdfExtract } from "./hkdf.js";
import { KEY_LENGTH, NONCE_LENGTH } from "./lengths.js";
import type { AgreementKey, Suite } from "./suite.js";

const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const MODE_BASE = 0;

const VERSION = utf8("HPKE-v1");
const KEM_SUITE = concat(utf8("KEM"), u16(KEM_ID));
const HPKE_SUITE = concat(utf8("HPKE"), u16(KEM_ID), u16(KDF_ID), u16(AEAD_ID));
const EMPTY = new Uint8Array(0);

export interface HpkeSealed {
  /** The encapsulated key: an ephemeral X25519 public key, 32 bytes. */
  readonly enc: Bytes;
  /** 16 bytes longer than the plaintext. */
  readonly ciphertext: Bytes;
}

/**
 * Seals to a recipient's public key, which has passed isValidRecipient (one of small order is `internal`). Draws exactly
 * once, 32 bytes, and uses them as the ephemeral secret as they are.
 */
export function hpkeSeal(
  suite: Suite,
  recipientPublic: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
): HpkeSealed {
  const ephemeral = suite.randomBytes(KEY_LENGTH);
  try {
    const { publicKey: enc, agree } = suite.agreementKey(ephemeral);
    const dh = agree(recipientPublic);
    if (!dh) throw new SealError("internal", "recipient's public key of small order");
    const sealed = withKeys(suite, dh, concat(enc, recipientPublic), info, (key, nonce) =>
      suite.aeadSeal(key, nonce, plaintext),
    );
    return { enc, ciphertext: sealed };
  } finally {
    ephemeral.fill(0);
  }
}

/** The plaintext; null where it does not open with this key, also where the shared secret would be zero. */
export function hpkeOpen(
  suite: Suite,
  { publicKey, agree }: AgreementKey,
  enc: Uint8Array,
  info: Uint8Array,
  ciphertext: Uint8Array,
): Bytes | null {
  const dh = agree(enc);
  if (!dh) return null;
  return withKeys(suite, dh, concat(enc, publicKey), info, (key, nonce) => suite.aeadOpen(key, nonce, ciphertext));
}

/** From the Diffie-Hellman result to key and nonce for one use. All three are overwritten afterwards. */
function withKeys<T>(
  suite: Suite,
  dh: Bytes,
  kemContext: Bytes,
  info: Uint8Array,
  use: (key: Bytes, nonce: Bytes) => T,
): T {
  const sharedSecret = extractAndExpand(suite, dh, kemContext);
  const { key, baseNonce } = keySchedule(suite, sharedSecret, info);
  try {
    return use(key, baseNonce);
  } finally {
    wipe(dh, sharedSecret, key, baseNonce);
  }
}

/**
 * ExtractAndExpand of RFC 9180, 4.1: the KEM's shared secret.
 * @internal
 */
export function extractAndExpand(suite: Suite, dh: Uint8Array, kemContext: Uint8Array): Bytes {
  const prk = labeledExtract(suite, KEM_SUITE, EMPTY, "eae_prk", dh);
  const secret = labeledExpand(suite, KEM_SUITE, prk, "shared_secret", kemContext, KEY_LENGTH);
  wipe(prk);
  return secret;
}

/**
 * KeySchedule of RFC 9180, 5.1, in base mode, without the exporter.
 * @internal
 */
export function keySchedule(
  suite: Suite,
  sharedSecret: Uint8Array,
  info: Uint8Array,
): { key: Bytes; baseNonce: Bytes } {
  const infoHash = labeledExtract(suite, HPKE_SUITE, EMPTY, "info_hash", info);
  const context = concat(Uint8Array.of(MODE_BASE), emptyPskIdHash(suite), infoHash);
  const secret = labeledExtract(suite, HPKE_SUITE, sharedSecret, "secret", EMPTY);
  const key = labeledExpand(suite, HPKE_SUITE, secret, "key", context, KEY_LENGTH);
  const baseNonce = labeledExpand(suite, HPKE_SUITE, secret, "base_nonce", context, NONCE_LENGTH);
  wipe(secret);
  return { key, baseNonce };
}

let pskIdHash: Bytes | undefined;

/** The same in every file, as there is no pre-shared key: computed once. */
function emptyPskIdHash(suite: Suite): Bytes {
  pskIdHash ??= labeledExtract(suite, HPKE_SUITE, EMPTY, "psk_id_hash", EMPTY);
  return pskIdHash;
}

function labeledExtract(
  suite: Suite,
  suiteId: Uint8Array,
  salt: Uint8Array,
  label: string,
  material: Uint8Array,
): Bytes {
  return hkdfExtract(suite, salt, VERSION, suiteId, utf8(label), material);
}

function labeledExpand(
  suite: Suite,
  suiteId: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Bytes {
  return hkdfExpand(suite, prk, concat(u16(length), VERSION, suiteId, utf8(label), info), length);
}

function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
