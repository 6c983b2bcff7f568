// Finding the file key among the stanzas (docs/FORMAT.md, "Opening", 6 and 7).

import { type Bytes, equal } from "../bytes.js";
import { hpkeOpen } from "../crypto/hpke.js";
import type { AgreementKey, Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { commitment, type Header, headerMac, recipientInfo } from "../format/header.js";
import { STANZA_X25519 } from "../format/stanza.js";

/**
 * The file key, and which of `keys` opened it. The first stanza that opens decides.
 * Throws `no-key` where none opens, `tampered` where what it holds is not the committed key or the header's MAC is wrong.
 */
export function findFileKey(
  suite: Suite,
  header: Header,
  keys: readonly AgreementKey[],
): { fileKey: Bytes; keyIndex: number } {
  const found = openFirst(suite, header, keys);
  if (!found) {
    throw new SealError("no-key", "none of the keys given opens this file", {
      hint: "It was sealed for other recipients. Ask the sender to seal it for your public key.",
    });
  }
  const { fileKey } = found;
  if (!equal(commitment(suite, fileKey), header.core.commitment)) {
    fileKey.fill(0);
    throw new SealError("tampered", "the file key is not the one that the header commits to");
  }
  if (!header.core.signer && !equal(macOf(suite, header, fileKey), header.authenticator)) {
    fileKey.fill(0);
    throw new SealError("tampered", "the header does not authenticate");
  }
  return found;
}

function openFirst(
  suite: Suite,
  header: Header,
  keys: readonly AgreementKey[],
): { fileKey: Bytes; keyIndex: number } | null {
  const info = recipientInfo(header.coreHash);
  for (const { type, body } of header.stanzas) {
    if (type !== STANZA_X25519) continue;
    const enc = body.subarray(0, 32);
    const sealed = body.subarray(32);
    for (const [keyIndex, key] of keys.entries()) {
      const fileKey = hpkeOpen(suite, key, enc, info, sealed);
      if (fileKey) return { fileKey, keyIndex };
    }
  }
  return null;
}

function macOf(suite: Suite, header: Header, fileKey: Uint8Array): Bytes {
  return headerMac(suite, fileKey, header.coreHash, header.coreBytes, header.stanzaBytes);
}
