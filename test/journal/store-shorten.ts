// What every JournalStore has to do that is shortened.

import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { MAGIC } from "../../src/format/magic.js";
import type { Piece } from "../../src/journal/store.js";
import {
  all,
  ascending,
  CURSOR,
  chainOf,
  done,
  FRAME,
  frame,
  freshTerm,
  HEADER,
  header,
  isFenced,
  START,
  type StorePlace,
  storeTests,
} from "./store-place.js";

export function shortenContract(name: string, place: () => Promise<StorePlace>): void {
  const { withStore, owned } = storeTests(place);

  describe(`${name}, as the store of a journal that is shortened`, () => {
    test(
      "puts a base in the place of its front, again and again, and goes on behind it",
      owned(async (store, place) => {
        const [one, other] = [ascending(30, 1), ascending(70, 2)];
        await done(store.append(header));
        await done(store.append(frame));
        await done(store.swapCursor(null, CURSOR));
        await done(store.shorten(null, one, 100));
        expect(await all(store)).toEqual([...one, ...FRAME]);
        // The chain value at the end is what it was.
        const next: Piece = { position: 80, chain: frame.after, bytes: HEADER, after: chainOf(FRAME) };
        await isFenced(store.append({ ...next, position: 150 }));
        await isFenced(store.append({ ...next, chain: START }));
        await done(store.append(next));
        await done(store.settle(0));
        await done(store.shorten(one, other, 80));
        await store.close();
        const again = await place.open();
        expect(await all(again)).toEqual([...other, ...HEADER]);
        expect([...(await again.cursor())!]).toEqual([...CURSOR]);
        await done(again.takeTerm(freshTerm()));
        await done(again.shorten(other, one, 170));
        await done(again.append({ ...frame, position: 30, chain: next.after }));
        expect(await all(again)).toEqual([...one, ...FRAME]);
        await again.close();
      }),
    );

    test(
      "shows who reads while it is shortened the one journal or the other, whole",
      owned(async (store) => {
        const large = new Uint8Array(6 * 2 ** 20).fill(1);
        const base = new Uint8Array(50).fill(2);
        await done(store.append({ ...header, bytes: large }));
        let isShort = false;
        const shortened = store.shorten(null, base, 100).finally(() => {
          isShort = true;
        });
        while (!isShort) {
          const start = await store.readAt(0, 60);
          expect([1, 2]).toContain(start[0]);
          expect([...start]).toEqual([...Array(50).fill(start[0]), ...Array(10).fill(1)]);
        }
        await done(shortened);
        expect(Buffer.compare(await store.readAt(50, large.length), large.subarray(100))).toBe(0);
      }),
    );

    test(
      "is shortened by its owner alone, and no further than to its end",
      withStore(async (store, place) => {
        const base = ascending(30, 1);
        await isFenced(store.shorten(null, base, 0));
        expect(await store.size()).toBe(0);
        await done(store.takeTerm(freshTerm()));
        await done(store.append(header));
        await isFenced(store.shorten(null, base, 101));
        const second = await place.takeOver();
        await done(second.takeTerm(freshTerm()));
        await isFenced(store.shorten(null, base, 100));
        expect(await all(second)).toEqual([...HEADER]);
        await done(second.shorten(null, base, 60));
        // What it begins with now, the first has not read.
        await isFenced(store.shorten(null, base, 60));
        expect(await all(second)).toEqual([...base, ...HEADER.subarray(60)]);
        await second.close();
      }),
    );

    test(
      "is shortened only where it begins with the base that it is thought to have",
      owned(async (store) => {
        const bases = [1, 2, 3].map((n) => concat(MAGIC, Uint8Array.of(1, 3, n), ascending(20 * n)));
        const [one, other, third] = bases as [Bytes, Bytes, Bytes];
        await done(store.append(header));
        await isFenced(store.shorten(one, other, 60));
        expect(await all(store)).toEqual([...HEADER]);
        await done(store.shorten(null, one, 60));
        const shortened = [...one, ...HEADER.subarray(60)];
        for (const before of [null, third]) await isFenced(store.shorten(before, other, one.length + 10));
        expect(await all(store)).toEqual(shortened);
        // What was not heard of is asked for again.
        await done(store.shorten(null, one, 60));
        expect(await all(store)).toEqual(shortened);
        await done(store.shorten(one, other, one.length + 10));
        expect(await all(store)).toEqual([...other, ...HEADER.subarray(70)]);
      }),
    );
  });
}
