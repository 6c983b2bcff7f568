// The key that is unlocked now. It lives in this page's memory, and goes when the page is closed or locked.

import type { Identity } from "../library.js";

export interface Holder {
  readonly identity: Identity;
  /** What the user calls it: the file's name. */
  readonly name: string;
  /** The key file as it was saved, under its passphrase; null where it is not protected. It may be kept. */
  readonly file: Uint8Array<ArrayBuffer> | null;
}

let holder: Holder | null = null;
const listeners = new Set<() => void>();

export function held(): Holder | null {
  return holder;
}

/** Whether this is the key that is unlocked now: who began with another has nothing to go on with. */
export function isHeld(identity: Identity): boolean {
  return holder?.identity === identity;
}

export function hold(next: Holder | null): void {
  // So nothing is left of a key when the next one comes.
  if (holder && next) hold(null);
  holder = next;
  for (const listener of listeners) listener();
}

export function whenHeld(listener: () => void): void {
  listeners.add(listener);
}
