// X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 together, so that a shared secret stays secret as long
// as one of them holds.

import { concat, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import type { Encapsulated, Kem, KemKey } from "./kem.js";
import {
  expectLength,
  KEY_BYTES,
  ML_KEM_CIPHERTEXT_BYTES,
  ML_KEM_KEY_BYTES,
  ML_KEM_SEED_BYTES,
  XWING_ENC_BYTES,
  XWING_KEY_BYTES,
} from "./lengths.js";
import { erase, partOf, type Secret } from "./secret.js";
import type { AgreementKey, MlKem, MlKemKey, Suite } from "./suite.js";

const LABEL = utf8("\\.//^\\");

export function xwing(suite: Suite, mlKem: MlKem): Kem {
  return {
    name: "xwing",
    key: (seed) => keyOfSeed(suite, mlKem, seed),
    sharedKey: ({ publicKey, handles: [lattice, curve] }) =>
      keyOf(
        suite,
        mlKem.sharedKey!(lattice!, publicKey.slice(0, ML_KEM_KEY_BYTES)),
        suite.sharedAgreementKey!(curve!, publicKey.slice(ML_KEM_KEY_BYTES)),
      ),
    encapsulate: (publicKey) => encapsulate(suite, mlKem, publicKey),
  };
}

/** SHAKE256 expands the seed to ML-KEM's 64 | X25519 secret 32. */
function keyOfSeed(suite: Suite, mlKem: MlKem, seed: Secret): KemKey {
  expectLength("X-Wing seed", seed, KEY_BYTES);
  const expanded = suite.shake256(seed, ML_KEM_SEED_BYTES + KEY_BYTES);
  const lattice = mlKem.key(partOf(expanded, 0, ML_KEM_SEED_BYTES));
  const curve = suite.agreementKey(partOf(expanded, ML_KEM_SEED_BYTES));
  erase(expanded);
  return keyOf(suite, lattice, curve);
}

function keyOf(suite: Suite, lattice: MlKemKey, curve: AgreementKey): KemKey {
  const publicKey = concat(lattice.publicKey, curve.publicKey);
  const handles = lattice.handle && curve.handle && [lattice.handle, curve.handle];
  return {
    kem: "xwing",
    publicKey,
    shared: handles && { kem: "xwing", publicKey, handles },
    decapsulate: (enc) => {
      expectLength("X-Wing encapsulation", enc, XWING_ENC_BYTES);
      const share = enc.subarray(ML_KEM_CIPHERTEXT_BYTES);
      const agreed = curve.agree(share);
      if (!agreed) return null;
      const decapsulated = lattice.decapsulate(enc.subarray(0, ML_KEM_CIPHERTEXT_BYTES));
      return combined(suite, decapsulated, agreed, share, curve.publicKey);
    },
  };
}

/** The X25519 key is drawn last, so that it is collected while it is young. */
function encapsulate(suite: Suite, mlKem: MlKem, recipient: Uint8Array): Encapsulated {
  expectLength("X-Wing public key", recipient, XWING_KEY_BYTES);
  const curve = recipient.subarray(ML_KEM_KEY_BYTES);
  const { ciphertext, sharedSecret } = mlKem.encapsulate(recipient.subarray(0, ML_KEM_KEY_BYTES));
  const { publicKey: share, agree } = suite.ephemeralKey();
  const agreed = agree(curve);
  if (!agreed) throw new SealError("internal", "recipient's public key of small order");
  return { enc: concat(ciphertext, share), sharedSecret: combined(suite, sharedSecret, agreed, share, curve) };
}

/** The combiner. Both secrets are overwritten. */
function combined(suite: Suite, lattice: Secret, agreed: Secret, share: Uint8Array, curve: Uint8Array): Secret {
  try {
    return suite.sha3(lattice, agreed, share, curve, LABEL);
  } finally {
    erase(lattice, agreed);
  }
}
