// What the tests of a JournalStore are made of.

import { expect } from "vitest";
import type { Bytes } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { JournalStore, Outcome, Piece, Tail } from "../../src/journal/store.js";

/** Where one journal may be. */
export interface StorePlace {
  /** Opens it as its writer. */
  open(): Promise<JournalStore>;
  /** Opens it as its writer though another has it: as if that one were taken for dead. */
  takeOver(): Promise<JournalStore>;
  remove(): Promise<void>;
}

export const ascending = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => from + i);
export const [HEADER, FRAME, CURSOR] = [ascending(100), ascending(50, 100), Uint8Array.of(7, 8, 9)];
export const START = new Uint8Array(32);
export const chainOf = (...parts: Uint8Array[]) => native.sha256(...parts);
export const freshTerm = () => crypto.getRandomValues(new Uint8Array(16));

export const header: Piece = { position: 0, chain: START, bytes: HEADER, after: chainOf(HEADER) };
export const frame: Piece = { position: 100, chain: header.after, bytes: FRAME, after: chainOf(HEADER, FRAME) };
export const endOf = (position: number, bytes: Bytes): Tail => ({
  position,
  length: bytes.length,
  hash: chainOf(bytes),
});

export const all = async (store: JournalStore) => [...(await store.readAt(0, await store.size()))];
export const done = async (outcome: Promise<Outcome>) => expect(await outcome).toEqual({ is: "done" });
export const isFenced = async (outcome: Promise<Outcome>) =>
  expect(await outcome).toMatchObject({ is: "fenced", error: { code: "fenced" } });

/** Tests with a store in a place of its own: as it is opened, and with a term. */
export function storeTests(place: () => Promise<StorePlace>) {
  const withStore = (work: (store: JournalStore, place: StorePlace) => Promise<void>) => async () => {
    const there = await place();
    const store = await there.open();
    try {
      await work(store, there);
    } finally {
      await store.close();
      await there.remove();
    }
  };
  /** With a term. */
  const owned = (work: (store: JournalStore, place: StorePlace) => Promise<void>) =>
    withStore(async (store, there) => {
      await done(store.takeTerm(freshTerm()));
      await work(store, there);
    });
  return { withStore, owned };
}
