// What operations give back, as the library shows it; and what they leave behind.

import { erase, type Secret } from "../crypto/secret.js";
import type { Core } from "../format/core.js";
import { stanzaName } from "../header/stanzas.js";
import { encodeSigner } from "../keys/text.js";

type Shown<T> = Omit<T, "signer" | "sealedAt"> & {
  signer: T extends { signer: Uint8Array } ? string : string | null;
  sealedAt: Date;
};

/** Keys as text, times as dates. */
export function shown<T extends { signer: Uint8Array | null; sealedAt: number }>(result: T): Shown<T> {
  const signer = (result.signer && encodeSigner(result.signer)) as Shown<T>["signer"];
  return { ...result, signer, sealedAt: new Date(result.sealedAt * 1000) };
}

/** What a header says of itself. */
export function toldOf({ signer, label, sealedAt }: Core, stanzaTypes: readonly number[]) {
  const stanzas = stanzaTypes.map((type) => ({ type: stanzaName(type) }));
  return { ...shown({ signer, label, sealedAt }), stanzas };
}

/** Does `work`, whose passphrase is erased then. */
export async function erasing<T>(
  { passphrase }: { readonly passphrase: Secret | undefined },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    if (passphrase) erase(passphrase);
  }
}
