// The KEM of a key. That of X-Wing loads what it needs when it is asked for.

import { dhkem } from "./dhkem.js";
import type { Kem, KemKey, KemName } from "./kem.js";
import type { Secret } from "./secret.js";
import type { Suite } from "./suite.js";
import { xwing } from "./xwing.js";

export async function loadKem(suite: Suite, name: KemName): Promise<Kem> {
  return name === "x25519" ? dhkem(suite) : xwing(suite, await suite.mlKem());
}

/** The key of an X25519 secret, or of an X-Wing seed: 32 bytes, which stay the caller's, to be erased. */
export async function kemKey(suite: Suite, name: KemName, secret: Secret): Promise<KemKey> {
  return (await loadKem(suite, name)).key(secret);
}
