// Copies of protected key files that the user lets this browser keep. A passkey may stand in for the passphrase; the
// saved file and its passphrase open the key too, always.

import * as database from "./database.js";
import type { Wrapped } from "./passkey.js";

export interface KeptKey {
  /** The public key whose copy it is: `seal1…` or `sealsig1…`. */
  readonly of: string;
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
  /** The passphrase under a passkey's secret; null where no passkey was made. */
  readonly passkey: Wrapped | null;
}

/** What is damaged is left out: the saved file is there. */
export async function keptKeys(): Promise<KeptKey[]> {
  return (await database.all("keys")).filter(isKept);
}

function isKept(value: unknown): value is KeptKey {
  const { of, name, file } = (value ?? {}) as Partial<Record<keyof KeptKey, unknown>>;
  return typeof of === "string" && typeof name === "string" && file instanceof Uint8Array;
}

export async function keepKey(key: KeptKey): Promise<void> {
  await database.put("keys", key.of, key);
}

export function forgetKey(of: string): Promise<void> {
  return database.remove("keys", of);
}
