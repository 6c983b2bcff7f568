// The file key under a passphrase (docs/FORMAT.md, "Keys of a file", type 8002).

import { type Bytes, concat, utf8 } from "../bytes.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { Header } from "../format/header.js";
import { STANZA_PASSPHRASE, type Stanza } from "../format/stanza.js";
import { isPassphrase, passphraseKey, SALT_BYTES, ZERO_NONCE } from "../keys/passphrase.js";

/** Of a header's stanzas for passphrases, so many are tried: each costs a second or so. */
const MOST_TRIED = 4;

/** The stanza for a passphrase, which stays the caller's. */
export async function passphraseStanza(
  suite: Suite,
  passphrase: Secret,
  fileKey: Secret,
  coreHash: Uint8Array,
): Promise<Stanza> {
  const salt = suite.randomBytes(SALT_BYTES);
  const key = await passphraseKey(suite, passphrase, salt);
  try {
    const sealed = suite.aeadSeal(key, ZERO_NONCE, fileKey, associatedData(coreHash, salt));
    return { type: STANZA_PASSPHRASE, body: concat(salt, sealed) };
  } finally {
    erase(key);
  }
}

/** Whether a passphrase may open it. */
export function takesPassphrase({ stanzas }: Pick<Header, "stanzas">): boolean {
  return stanzas.some(({ type }) => type === STANZA_PASSPHRASE);
}

/**
 * The file key, unchecked; null where the passphrase, which stays the caller's, does not open one of the first four
 * stanzas that are for passphrases. Throws the signal's reason.
 */
export async function openByPassphrase(
  suite: Suite,
  { stanzas, coreHash }: Header,
  passphrase: Secret,
  signal: AbortSignal | undefined,
): Promise<Secret | null> {
  if (!isPassphrase(passphrase)) return null;
  const tried = stanzas.filter(({ type }) => type === STANZA_PASSPHRASE).slice(0, MOST_TRIED);
  for (const { body } of tried) {
    const salt = body.subarray(0, SALT_BYTES);
    const key = await passphraseKey(suite, passphrase, salt);
    const fileKey = suite.aeadOpen(key, ZERO_NONCE, body.subarray(SALT_BYTES), associatedData(coreHash, salt));
    erase(key);
    if (fileKey) return fileKey;
    signal?.throwIfAborted();
  }
  return null;
}

function associatedData(coreHash: Uint8Array, salt: Uint8Array): Bytes {
  return concat(utf8("seal.v1 passphrase\0"), coreHash, salt);
}
