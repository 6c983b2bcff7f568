// What every JournalStore has to do. Another store is run through it with its own `place`.

import { describe, expect, test } from "vitest";
import type { JournalStore } from "../../src/journal/store.js";
import { failure } from "../support.js";
import { append, openWriter, recordsOf } from "./writing.js";

/** Where one journal may be. */
export interface StorePlace {
  /** Opens it as its writer. */
  open(): Promise<JournalStore>;
  remove(): Promise<void>;
}

const ascending = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => from + i);
const [HEADER, FRAME, CURSOR] = [ascending(100), ascending(50, 100), Uint8Array.of(7, 8, 9)];

export function storeContract(name: string, place: () => Promise<StorePlace>): void {
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
  const all = async (store: JournalStore) => [...(await store.readAt(0, await store.size()))];

  describe(`${name}, as a journal's store`, () => {
    test(
      "is empty at first, without a cursor",
      withStore(async (store) => {
        expect(await store.size()).toBe(0);
        expect(await store.cursor()).toBeNull();
        expect([...(await store.readAt(0, 10))]).toEqual([]);
      }),
    );

    test(
      "keeps headers, frames and the cursor, also when it is opened again",
      withStore(async (store, place) => {
        await store.openEpoch(0, HEADER, CURSOR);
        await store.append(100, FRAME);
        const check = async (opened: JournalStore) => {
          expect(await opened.size()).toBe(150);
          expect(await all(opened)).toEqual([...HEADER, ...FRAME]);
          expect([...(await opened.cursor())!]).toEqual([...CURSOR]);
        };
        await check(store);
        await store.close();
        const again = await place.open();
        await check(again).finally(() => again.close());
      }),
    );

    test(
      "reads by position, fewer bytes only at the end",
      withStore(async (store) => {
        await store.append(0, HEADER);
        expect([...(await store.readAt(90, 5))]).toEqual([90, 91, 92, 93, 94]);
        expect([...(await store.readAt(98, 5))]).toEqual([98, 99]);
        expect([...(await store.readAt(100, 5))]).toEqual([]);
        expect([...(await store.readAt(1000, 5))]).toEqual([]);
      }),
    );

    test(
      "takes large frames whole",
      withStore(async (store) => {
        const large = Uint8Array.from({ length: 9 * 2 ** 20 + 1 }, (_, i) => i >> 12);
        await store.append(0, large);
        expect(Buffer.compare(await store.readAt(0, large.length), large)).toBe(0);
      }),
    );

    test(
      "appends at the end and nowhere else",
      withStore(async (store) => {
        await store.append(0, HEADER);
        for (const position of [0, 99, 101, 1000]) {
          expect((await failure(store.append(position, FRAME))).code).toBe("io");
          expect((await failure(store.openEpoch(position, FRAME, CURSOR))).code).toBe("io");
        }
        expect(await all(store)).toEqual([...HEADER]);
        expect(await store.cursor()).toBeNull();
      }),
    );

    test(
      "has done with what it was handed when it answers",
      withStore(async (store) => {
        const [header, frame, cursor] = [HEADER.slice(), FRAME.slice(), CURSOR.slice()];
        await store.openEpoch(0, header, cursor);
        await store.append(100, frame);
        for (const bytes of [header, frame, cursor]) bytes.fill(0);
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
        expect([...(await store.cursor())!]).toEqual([...CURSOR]);
        (await store.readAt(0, 150)).fill(0);
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
      }),
    );

    test(
      "replaces the cursor, and removes it",
      withStore(async (store, place) => {
        await store.saveCursor(null);
        await store.saveCursor(CURSOR);
        await store.saveCursor(Uint8Array.of(1));
        expect([...(await store.cursor())!]).toEqual([1]);
        await store.saveCursor(null);
        expect(await store.cursor()).toBeNull();
        await store.close();
        const again = await place.open();
        expect(await again.cursor().finally(() => again.close())).toBeNull();
      }),
    );

    test(
      "moves an end aside, once, and goes on from there",
      withStore(async (store) => {
        await store.append(0, HEADER);
        expect(await store.setAside(100)).toBeNull();
        const first = await store.setAside(60);
        await store.append(60, FRAME);
        expect(await store.setAside(110)).toBeNull();
        const second = await store.setAside(60);
        expect(typeof first).toBe("string");
        expect(typeof second).toBe("string");
        expect(first).not.toBe(second);
        expect(await all(store)).toEqual([...HEADER.subarray(0, 60)]);
        await store.setAside(0);
        expect(await store.size()).toBe(0);
      }),
    );

    test(
      "has one writer at a time",
      withStore(async (store, place) => {
        expect((await failure(place.open())).code).toBe("io");
        await store.close();
        await (await place.open()).close();
      }),
    );

    test(
      "closes as often as it is asked to",
      withStore(async (store) => {
        await store.close();
        await store.close();
      }),
    );

    test(
      "carries a journal through two runs of a writer",
      withStore(async (store, place) => {
        const first = await openWriter(store);
        await Promise.all([append(first, "a", "b"), append(first, "c")]);
        first.nextEpoch();
        await append(first, "d");
        await first.close();
        const second = await openWriter(await place.open());
        expect(second.recovered).toEqual({ aside: null, frames: [] });
        await append(second, "e");
        await second.close();
        const reading = await place.open();
        const bytes = Uint8Array.from(await reading.readAt(0, await reading.size()));
        await reading.close();
        expect(recordsOf({ bytes })).toEqual(["a", "b", "c", "d", "e"]);
      }),
    );
  });
}
