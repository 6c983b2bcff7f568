// How far a journal was read, kept in this browser: sealed for the user's own key and signed by it, under a label that
// names the journal. So whoever can write to the browser's storage can remove a place or put an older one back, after
// which records come again, but can make none that skips records.

import { type Identity, openBytes, sealBytes } from "../library.js";
import * as database from "./database.js";
import { PLACE } from "./place.js";

/** "none" where nothing was kept; "bad" where what was kept is not this key's, or not of this journal. */
export type Kept = { readonly is: "cursor"; readonly cursor: Uint8Array } | { readonly is: "none" | "bad" };

/** Whether this identity can keep a place: it takes one that opens and signs, and somewhere to keep it. */
export function keepsCursors({ signer, recipient }: Identity): boolean {
  return PLACE.hasDatabase && signer !== null && recipient !== null;
}

export async function keptCursor(identity: Identity, address: string): Promise<Kept> {
  if (!keepsCursors(identity)) return { is: "none" };
  const name = await nameOf(identity, address);
  const sealed = await database.get("cursors", name).catch(() => undefined);
  if (sealed === undefined) return { is: "none" };
  if (!(sealed instanceof Uint8Array)) return { is: "bad" };
  try {
    const cursor = await openBytes(sealed, { keys: [identity], from: [identity.signer!], label: labelOf(name) });
    return { is: "cursor", cursor };
  } catch {
    return { is: "bad" };
  }
}

export async function keepCursor(identity: Identity, address: string, cursor: Uint8Array): Promise<void> {
  const name = await nameOf(identity, address);
  const sealed = await sealBytes(cursor, { to: [identity.recipient!], sign: identity, label: labelOf(name) });
  await database.put("cursors", name, sealed);
}

export async function forgetCursor(identity: Identity, address: string): Promise<void> {
  await database.remove("cursors", await nameOf(identity, address));
}

function labelOf(name: string): string {
  return `seal page cursor ${name}`;
}

/** A hash, so that the storage names neither the inbox nor the key. */
async function nameOf({ recipient }: Identity, address: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${recipient}\n${address}`));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
