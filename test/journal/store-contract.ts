// What every JournalStore has to do. Another store is run through it with its own `place`.

import { describe, expect, test } from "vitest";
import { SealError } from "../../src/errors.js";
import type { JournalStore, Tail } from "../../src/journal/store.js";
import { failure } from "../support.js";
import {
  all,
  CURSOR,
  chainOf,
  done,
  endOf,
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
import { shortenContract } from "./store-shorten.js";
import { append, openWriter, recordsOf } from "./writing.js";

export function storeContract(name: string, place: () => Promise<StorePlace>): void {
  const { withStore, owned } = storeTests(place);

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
      owned(async (store, place) => {
        await done(store.append(header));
        await done(store.swapCursor(null, CURSOR));
        await done(store.append(frame));
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
      owned(async (store) => {
        await done(store.append(header));
        expect([...(await store.readAt(90, 5))]).toEqual([90, 91, 92, 93, 94]);
        expect([...(await store.readAt(98, 5))]).toEqual([98, 99]);
        expect([...(await store.readAt(100, 5))]).toEqual([]);
        expect([...(await store.readAt(1000, 5))]).toEqual([]);
      }),
    );

    test(
      "takes large frames whole",
      owned(async (store) => {
        const large = Uint8Array.from({ length: 9 * 2 ** 20 + 1 }, (_, i) => i >> 12);
        await done(store.append({ ...header, bytes: large }));
        expect(Buffer.compare(await store.readAt(0, large.length), large)).toBe(0);
      }),
    );

    test(
      "appends at the end, behind the chain value that is there, and nowhere else",
      owned(async (store) => {
        await done(store.append(header));
        for (const position of [0, 99, 101, 1000]) await isFenced(store.append({ ...frame, position }));
        await isFenced(store.append({ ...frame, chain: START }));
        await isFenced(store.append({ ...header, bytes: HEADER.slice().reverse() }));
        expect(await all(store)).toEqual([...HEADER]);
      }),
    );

    test(
      "changes nothing without a term",
      withStore(async (store) => {
        await isFenced(store.append(header));
        await isFenced(store.swapCursor(null, CURSOR));
        await isFenced(store.settle(0));
        await isFenced(store.shorten(null, HEADER, 0));
        expect((await failure(store.setAside(endOf(0, new Uint8Array())))).code).toBe("fenced");
        expect([await store.size(), await store.cursor()]).toEqual([0, null]);
      }),
    );

    test(
      "has done with what it was handed when it answers",
      owned(async (store) => {
        const [bytes, chain, after, cursor] = [HEADER.slice(), START.slice(), header.after.slice(), CURSOR.slice()];
        await done(store.append({ position: 0, bytes, chain, after }));
        await done(store.swapCursor(null, cursor));
        for (const each of [bytes, chain, after, cursor]) each.fill(0);
        await done(store.append(frame));
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
        expect([...(await store.cursor())!]).toEqual([...CURSOR]);
        (await store.readAt(0, 150)).fill(0);
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
      }),
    );

    test(
      "replaces the cursor that is there, and no other",
      owned(async (store, place) => {
        const other = Uint8Array.of(1);
        await isFenced(store.swapCursor(other, CURSOR));
        expect(await store.cursor()).toBeNull();
        await done(store.swapCursor(null, CURSOR));
        await isFenced(store.swapCursor(null, other));
        await isFenced(store.swapCursor(other, other));
        await done(store.swapCursor(CURSOR, other));
        await store.close();
        const again = await place.open();
        expect([...(await again.cursor().finally(() => again.close()))!]).toEqual([1]);
      }),
    );

    test(
      "moves an end aside that is as described, and no other",
      owned(async (store) => {
        await done(store.append(header));
        const end = endOf(60, HEADER.slice(60));
        const wrong: Tail[] = [
          { ...end, position: 59 },
          { ...end, length: 39 },
          { ...end, length: 41 },
          { ...end, hash: START },
          endOf(60, HEADER.slice(60, 99)),
        ];
        for (const each of wrong) expect((await failure(store.setAside(each))).code).toBe("fenced");
        expect(await all(store)).toEqual([...HEADER]);
        const first = await store.setAside(end);
        expect(await all(store)).toEqual([...HEADER.subarray(0, 60)]);
        expect((await failure(store.setAside(end))).code).toBe("fenced");
        const second = await store.setAside(endOf(0, HEADER.slice(0, 60)));
        expect([typeof first, typeof second, first === second]).toEqual(["string", "string", false]);
        expect(await store.size()).toBe(0);
      }),
    );

    test(
      "takes what was moved aside for gone, and goes on from there under its term",
      owned(async (store) => {
        await done(store.append(header));
        await store.setAside(endOf(60, HEADER.slice(60)));
        await done(store.append({ ...frame, position: 60, chain: chainOf(HEADER.slice(0, 60)) }));
        expect(await all(store)).toEqual([...HEADER.subarray(0, 60), ...FRAME]);
      }),
    );

    test(
      "leaves what it settles as it is, from wherever that is to be done",
      owned(async (store) => {
        await done(store.append(header));
        await done(store.append(frame));
        for (const position of [0, 99, 100, 149, 150, 1000]) await done(store.settle(position));
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
      }),
    );

    test(
      "takes the same term twice, and a fresh one of its own",
      owned(async (store) => {
        const term = freshTerm();
        await done(store.takeTerm(term));
        await done(store.takeTerm(term));
        await done(store.append(header));
        await done(store.takeTerm(freshTerm()));
        await done(store.append(frame));
      }),
    );

    test(
      "takes a piece that is repeated for the one that stands",
      owned(async (store) => {
        await done(store.append(header));
        await done(store.append(header));
        expect(await all(store)).toEqual([...HEADER]);
        await done(store.append(frame));
        await done(store.append(frame));
        await isFenced(store.append(header));
        expect(await all(store)).toEqual([...HEADER, ...FRAME]);
      }),
    );

    test(
      "belongs to whoever took a term last: the one before changes nothing, and takes no further term",
      owned(async (store, place) => {
        await done(store.append(header));
        await done(store.swapCursor(null, CURSOR));
        const second = await place.takeOver();
        await done(second.takeTerm(freshTerm()));
        await isFenced(store.append(frame));
        await isFenced(store.swapCursor(CURSOR, Uint8Array.of(1)));
        await isFenced(store.settle(0));
        expect((await failure(store.setAside(endOf(60, HEADER.slice(60))))).code).toBe("fenced");
        await isFenced(store.takeTerm(freshTerm()));
        expect(await all(second)).toEqual([...HEADER]);
        await done(second.append(frame));
        for (const call of [store.append(frame), store.append({ ...frame, position: 150, chain: frame.after })]) {
          await isFenced(call);
        }
        expect(await all(second)).toEqual([...HEADER, ...FRAME]);
        expect([...(await second.cursor())!]).toEqual([...CURSOR]);
        await second.close();
      }),
    );

    test(
      "is open to one of two, or the first is fenced",
      withStore(async (store, place) => {
        const second = await place.open().catch((error) => error as SealError);
        if (second instanceof SealError) expect(second.code).toBe("io");
        else {
          await done(store.takeTerm(freshTerm()));
          await done(second.takeTerm(freshTerm()));
          await isFenced(store.append(header));
          await second.close();
        }
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
        expect(second.recovered).toEqual({ tailMovedTo: null, frames: [] });
        await append(second, "e");
        await second.close();
        const reading = await place.open();
        const bytes = Uint8Array.from(await reading.readAt(0, await reading.size()));
        await reading.close();
        expect(recordsOf({ bytes })).toEqual(["a", "b", "c", "d", "e"]);
      }),
    );
  });
  shortenContract(name, place);
}
