// DHKEM(X25519, HKDF-SHA256) of RFC 9180, 4.1.

import { concat, u16, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { type Encapsulated, KEM_ID, type Kem, type KemKey } from "./kem.js";
import { labeledExpand, labeledExtract, NO_SALT } from "./labeled.js";
import { KEY_BYTES } from "./lengths.js";
import { erase, type Secret } from "./secret.js";
import type { AgreementKey, Suite } from "./suite.js";

const SUITE_ID = concat(utf8("KEM"), u16(KEM_ID.x25519));

export function dhkem(suite: Suite): Kem {
  return {
    name: "x25519",
    key: (secret) => keyOf(suite, suite.agreementKey(secret)),
    sharedKey: ({ publicKey, handles: [curve] }) => keyOf(suite, suite.sharedAgreementKey!(curve!, publicKey)),
    encapsulate: (publicKey) => encapsulate(suite, publicKey),
  };
}

function keyOf(suite: Suite, { publicKey, agree, dhkem, handle }: AgreementKey): KemKey {
  const decapsulate = (enc: Uint8Array) => {
    const dh = agree(enc);
    return dh && extractAndExpand(suite, dh, concat(enc, publicKey));
  };
  return {
    kem: "x25519",
    publicKey,
    shared: handle && { kem: "x25519", publicKey, handles: [handle] },
    decapsulate,
    ...dhkem?.(),
  };
}

function encapsulate(suite: Suite, recipient: Uint8Array): Encapsulated {
  const { publicKey: enc, agree } = suite.ephemeralKey();
  const dh = agree(recipient);
  if (!dh) throw new SealError("internal", "recipient's public key of small order");
  return { enc, sharedSecret: extractAndExpand(suite, dh, concat(enc, recipient)) };
}

/** From the Diffie-Hellman result, which is overwritten, to the shared secret. */
function extractAndExpand(suite: Suite, dh: Secret, kemContext: Uint8Array): Secret {
  const prk = labeledExtract(suite, SUITE_ID, NO_SALT, "eae_prk", dh);
  const secret = labeledExpand(suite, SUITE_ID, prk, "shared_secret", kemContext, KEY_BYTES);
  erase(dh, prk);
  return secret;
}
