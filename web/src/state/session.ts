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

export function hold(next: Holder | null): void {
  holder = next;
  for (const listener of listeners) listener();
}

export function whenHeld(listener: () => void): void {
  listeners.add(listener);
}
