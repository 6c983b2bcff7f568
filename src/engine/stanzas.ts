// Stanzas for some of a file's recipients, on the thread that calls it.

import { concat } from "../bytes.js";
import { hpkeSeal } from "../crypto/hpke.js";
import { loadKem } from "../crypto/kems.js";
import { erase } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { StanzaMaker, StanzasResult, StanzasTask } from "./engine.js";

/** The file key is erased, however it ends. */
export async function runStanzas(
  suite: Suite,
  { kem: name, recipients, info, fileKey, forgets }: StanzasTask,
): Promise<StanzasResult> {
  try {
    const kem = await loadKem(suite, name);
    const bodies = recipients.map((recipient) => {
      const { enc, ciphertext } = hpkeSeal(suite, kem, recipient, info, fileKey);
      return concat(enc, ciphertext);
    });
    return { bodies };
  } finally {
    erase(fileKey);
    if (forgets) await suite.forget();
  }
}

/** Without threads. What is left of ephemeral keys is the caller's to have collected. */
export function stanzasHere(suite: Suite): StanzaMaker {
  return { width: 1, make: (task) => runStanzas(suite, { ...task, forgets: false }) };
}
