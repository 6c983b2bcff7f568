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
/** How often a key was asked for, came or went. */
let turn = 0;
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
  turn += 1;
  holder = next;
  for (const listener of listeners) listener();
}

/**
 * Holds what `work` gives, which takes a while. Who has asked for another key meanwhile, or locked one, gets nothing of
 * it.
 */
export async function holdSoon(work: () => Promise<Holder>): Promise<void> {
  turn += 1;
  const mine = turn;
  const next = await work();
  if (mine === turn) hold(next);
}

export function whenHeld(listener: () => void): void {
  listeners.add(listener);
}
