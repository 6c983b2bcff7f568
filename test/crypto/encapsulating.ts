// X-Wing with its randomness given, which no suite of ours takes: for vectors, and to compare the suites.

import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { Bytes } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";

/** The suite with 64 bytes in the place of what it would draw for an encapsulation. */
export function encapsulatingWith(suite: Suite, randomness: Uint8Array): Suite {
  return {
    ...suite,
    ephemeralKey: () => suite.agreementKey(copySecret(randomness.subarray(32))),
    mlKem: async () => ({
      ...(await suite.mlKem()),
      encapsulate: (publicKey) => {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, randomness.subarray(0, 32));
        return { ciphertext: cipherText as Bytes, sharedSecret: copySecret(sharedSecret) };
      },
    }),
  };
}
