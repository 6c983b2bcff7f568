// ML-KEM-768 over noble: for the portable suite, and for a Node that has none of its own.

import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { type Bytes, own } from "../bytes.js";
import { expectLength, KEY_BYTES, ML_KEM_CIPHERTEXT_BYTES, ML_KEM_KEY_BYTES, ML_KEM_SEED_BYTES } from "./lengths.js";
import { erase, newSecret, ownSecret, type Secret } from "./secret.js";
import type { MlKem, MlKemKey } from "./suite.js";

function key(seed: Secret): MlKemKey {
  expectLength("ML-KEM seed", seed, ML_KEM_SEED_BYTES);
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return {
    publicKey: own(publicKey),
    decapsulate: (ciphertext) => {
      expectLength("ML-KEM ciphertext", ciphertext, ML_KEM_CIPHERTEXT_BYTES);
      return ownSecret(ml_kem768.decapsulate(ciphertext, secretKey));
    },
  };
}

/** The message is drawn here: noble would draw it in V8's heap, which keeps copies (docs/THREATS.md, "Memory"). */
function encapsulate(publicKey: Uint8Array): { ciphertext: Bytes; sharedSecret: Secret } {
  expectLength("ML-KEM public key", publicKey, ML_KEM_KEY_BYTES);
  const message = crypto.getRandomValues(newSecret(KEY_BYTES));
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message);
  erase(message);
  return { ciphertext: own(cipherText), sharedSecret: ownSecret(sharedSecret) };
}

export const mlKem: MlKem = { key, encapsulate };
