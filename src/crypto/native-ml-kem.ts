// ML-KEM-768 over node:crypto, which has it from Node 24.7 on. As for curves, what OpenSSL holds of a key is erased
// when its KeyObject is collected.

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { type Bytes, concat, equal, fromHex } from "../bytes.js";
import { expectLength, ML_KEM_CIPHERTEXT_BYTES, ML_KEM_KEY_BYTES, ML_KEM_SEED_BYTES } from "./lengths.js";
import { copied, handleOf, keyObjectOf } from "./native-curves.js";
import { copyOfKey, hasRaw, type NodeKem, nodeKem } from "./native-dhkem.js";
import { erase, joinSecret, ownSecret, type Secret } from "./secret.js";
import type { MlKem, MlKemKey } from "./suite.js";
import { untraced } from "./untraced.js";

// RFC 9935: SEQUENCE { version 0, SEQUENCE { OID 2.16.840.1.101.3.4.4.2 }, OCTET STRING { [0] seed of 64 } }, and
// SEQUENCE { SEQUENCE { the same OID }, BIT STRING of 1184 bytes }.
const PKCS8_PREFIX = fromHex("3054020100300b060960864801650304040204428040");
const SPKI_PREFIX = fromHex("308204b2300b0609608648016503040402038204a100");

function mlKem({ encapsulate, decapsulate }: NodeKem): MlKem {
  return {
    key: (seed) => {
      const key = privateKeyOf(seed);
      return keyOf(key, publicBytes(key), decapsulate);
    },
    sharedKey: (handle, publicKey) => {
      const key = keyObjectOf(handle);
      const own = hasRaw() ? copyOfKey(key, { format: "raw-seed", asymmetricKeyType: "ml-kem-768" }) : key;
      return keyOf(own, publicKey, decapsulate);
    },
    encapsulate: (publicKey) => {
      const { sharedKey, ciphertext } = encapsulate(lastPublicKey(publicKey));
      return { ciphertext: copied(ciphertext), sharedSecret: ownSecret(sharedKey) };
    },
  };
}

function keyOf(key: KeyObject, publicKey: Bytes, decapsulate: NodeKem["decapsulate"]): MlKemKey {
  return {
    publicKey,
    handle: handleOf(key),
    decapsulate: (ciphertext) => {
      expectLength("ML-KEM ciphertext", ciphertext, ML_KEM_CIPHERTEXT_BYTES);
      return ownSecret(decapsulate(key, ciphertext));
    },
  };
}

function privateKeyOf(seed: Secret): KeyObject {
  expectLength("ML-KEM seed", seed, ML_KEM_SEED_BYTES);
  const der = joinSecret(PKCS8_PREFIX, seed);
  try {
    return untraced(() => createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" }));
  } finally {
    erase(der);
  }
}

/** Many files in a row are often for one recipient, and to read its key takes as long as to encapsulate. */
let last: { readonly bytes: Bytes; readonly key: KeyObject } | null = null;

function lastPublicKey(publicKey: Uint8Array): KeyObject {
  if (!last || !equal(last.bytes, publicKey)) last = { bytes: concat(publicKey), key: publicKeyOf(publicKey) };
  return last.key;
}

function publicKeyOf(publicKey: Uint8Array): KeyObject {
  expectLength("ML-KEM public key", publicKey, ML_KEM_KEY_BYTES);
  const der = concat(SPKI_PREFIX, publicKey);
  return untraced(() => createPublicKey({ key: Buffer.from(der.buffer), format: "der", type: "spki" }));
}

function publicBytes(key: KeyObject): Bytes {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(SPKI_PREFIX.length));
}

/** null where this Node, or the OpenSSL that it was built with, has no ML-KEM. */
function available(): MlKem | null {
  const { encapsulate, decapsulate } = nodeKem;
  if (!encapsulate || !decapsulate) return null;
  try {
    publicKeyOf(new Uint8Array(ML_KEM_KEY_BYTES));
    return mlKem({ encapsulate, decapsulate });
  } catch {
    return null;
  }
}

let found: MlKem | null | undefined;

/** ML-KEM-768; null where this Node, or the OpenSSL that it was built with, has none. */
export function nativeMlKem(): MlKem | null {
  if (found === undefined) found = available();
  return found;
}
