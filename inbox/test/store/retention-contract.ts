// What every InboxStore has to do for inboxes that are shortened and removed.

import { JournalReader, type SealError } from "@sealed-files/seal";
import { encodeCursor } from "@sealed-files/seal/internal";
import { describe, expect, test } from "vitest";
import { isOvertaken } from "../../src/codes.js";
import type { Inbox } from "../../src/inbox.js";
import { acknowledged, changeLedger, parseLedger, placeIn } from "../../src/retention/ledger.js";
import { cutJournal, round } from "../../src/retention/round.js";
import { heldBy } from "../../src/retention/standing.js";
import type { InboxStore, Place } from "../../src/store/store.js";
import { createToken, findGrant, hashToken, revokeToken } from "../../src/store/tokens.js";
import { identity, keyed, openInbox, recordsIn, settings } from "./contract.js";

const LIMIT = 120_000;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail("it did not fail"),
    (error) => error as SealError,
  );

/** A record in an epoch of its own, each. */
async function append(inbox: Inbox, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    inbox.nextEpoch();
    await inbox.append([Buffer.from(text)], keyed(text, `the-key-of-record-${text}`));
  }
}

async function appended(place: Place, ...texts: string[]): Promise<Place> {
  const inbox = await openInbox(place);
  await append(inbox, ...texts);
  await inbox.close();
  return place;
}

/** What a reader has, which stops behind a record. */
async function readTo(place: Place, last: string, cursor: Uint8Array | null = null) {
  const reading = await place.reading();
  const texts: string[] = [];
  try {
    const options = { keys: [identity], from: [identity.signer], label: "till", cursor };
    const reader = await JournalReader.open(reading, options);
    for await (const { records } of reader) {
      for (const record of records) texts.push(Buffer.from(record).toString());
      if (texts.at(-1) === last) break;
    }
    return { texts, cursor: reader.cursor! };
  } finally {
    await reading.close();
  }
}

const asText = (cursor: Uint8Array) => Buffer.from(cursor).toString("latin1");

export function retentionContract(name: string, open: () => Promise<InboxStore>): void {
  const withInbox = (work: (place: Place, store: InboxStore) => Promise<void>) => async () => {
    const store = await open();
    await store.add("till", settings);
    await work(store.place("till"), store).finally(() => store.close());
  };

  describe(`${name}, of inboxes that are shortened and removed`, { timeout: LIMIT }, () => {
    test(
      "removes what all readers have had, and readers, writer and keys go on",
      withInbox(async (place, store) => {
        await createToken(place, "reader", "ann");
        await createToken(place, "reader", "bob");
        const inbox = await openInbox(place);
        await append(inbox, "one", "two", "three", "four");
        await inbox.close();
        const [ann, bob] = [await readTo(place, "four"), await readTo(place, "three")];
        const cut = (cursor: string) => cutJournal(store.place("till"), identity, cursor);
        const turn = () => round(store, "till", { least: 1, cut });
        const has = (reader: string, { cursor }: { cursor: Uint8Array }) =>
          changeLedger(place.ledger, (before) => acknowledged(before, reader, asText(cursor)));
        await has("ann", ann);
        expect(await turn()).toMatchObject({ bytes: 0, silent: ["bob"] });
        await has("bob", bob);
        // Noted now, and old enough a moment later.
        expect(await turn()).toMatchObject({ bytes: 0, silent: [] });
        await new Promise((resolve) => setTimeout(resolve, 20));
        const early = await place.reading();
        const { bytes } = await turn();
        // Of a file that was replaced, it can still be read.
        expect(isOvertaken(await early.readAt(0, 1).catch((error) => error))).toBe(place.isAlwaysWhole);
        await early.close();
        expect(bytes).toBe(placeIn(asText(bob.cursor)).epoch);
        expect(await turn()).toMatchObject({ bytes: 0, waiting: 0 });
        expect(await recordsIn(place)).toEqual(["three", "four"]);
        expect((await readTo(place, "", bob.cursor)).texts).toEqual(["four"]);
        const again = await openInbox(store.place("till"));
        for (const text of ["one", "four"])
          expect(await again.append([Buffer.from(text)], keyed(text, `the-key-of-record-${text}`))).toMatchObject({
            replayed: true,
          });
        await append(again, "five");
        const reading = await place.reading();
        expect(await reading.flushed()).toBe(again.durableBytes);
        await reading.close();
        await again.close();
        expect((await readTo(place, "", bob.cursor)).texts).toEqual(["four", "five"]);
      }),
    );

    test(
      "removes nothing by a cursor that the journal does not have, whatever of it is wrong",
      withInbox(async (place, store) => {
        await createToken(place, "reader", "ann");
        const inbox = await openInbox(place);
        await append(inbox, "one", "two", "three");
        await inbox.close();
        const good = placeIn(asText((await readTo(place, "two")).cursor));
        const other = new Uint8Array(32).fill(1);
        const wrong = [
          { journal: other },
          { header: other },
          { chain: other },
          { epoch: good.epoch + 1 },
          { end: good.end + 1 },
          { end: good.end + 1_000_000 },
          { frames: 2 ** 31 },
        ];
        for (const each of wrong) {
          const cursor = asText(encodeCursor({ ...good, ...each }, "reading"));
          expect((await failure(cutJournal(store.place("till"), identity, cursor))).code).toBe("tampered");
          await changeLedger(place.ledger, (before) => acknowledged(before, "ann", cursor));
          const cut = (one: string) => cutJournal(store.place("till"), identity, one);
          for (let i = 0; i < 2; i++) {
            expect(await round(store, "till", { least: 1, cut })).toEqual({ bytes: 0, silent: ["ann"], waiting: 0 });
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
        // Nor by one that was noted; it is not tried again.
        const ann = asText((await readTo(place, "three")).cursor);
        await changeLedger(place.ledger, (before) => {
          const cursor = asText(encodeCursor({ ...good, chain: other }, "reading"));
          const journal = Buffer.from(good.journal).toString("hex");
          return {
            ...acknowledged(before, "ann", ann),
            journal,
            marks: [{ cursor, wall: 0, age: -1000, readers: ["ann"] }],
          };
        });
        const cut = (one: string) => cutJournal(store.place("till"), identity, one);
        expect((await failure(round(store, "till", { least: 1, cut }))).code).toBe("tampered");
        expect(parseLedger(await place.ledger.get()).marks).toMatchObject([{ cursor: ann }]);
        expect(await recordsIn(place)).toEqual(["one", "two", "three"]);
      }),
    );

    test(
      "keeps what a reader has not had who acknowledged the journal that was there before",
      withInbox(async (place, store) => {
        await createToken(place, "reader", "ann");
        await createToken(place, "reader", "bob");
        await store.add("former", settings);
        const former = await appended(store.place("former"), "o1", "o2", "o3", "o4", "o5", "o6");
        await appended(place, "n1", "n2", "n3");
        const cut = (cursor: string) => cutJournal(store.place("till"), identity, cursor);
        const ann = asText((await readTo(place, "n3")).cursor);
        const bob = asText((await readTo(former, "o6")).cursor);
        await changeLedger(place.ledger, (before) => acknowledged(acknowledged(before, "ann", ann), "bob", bob));
        const waits = { bytes: 0, silent: ["bob"], waiting: 0 };
        for (let i = 0; i < 2; i++) {
          expect(await round(store, "till", { least: 1, cut })).toEqual(waits);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        expect(await recordsIn(place)).toEqual(["n1", "n2", "n3"]);
        // Of a place that was noted while bob had it, as far as was known.
        const time = await store.time();
        const mark = { cursor: ann, wall: time.wall - 1000, age: time.age - 1000, readers: ["ann", "bob"] };
        await changeLedger(place.ledger, (before) => ({ ...before, marks: [mark] }));
        expect(await round(store, "till", { least: 1, cut })).toEqual({ ...waits, waiting: 1 });
        const now = asText((await readTo(place, "n2")).cursor);
        await changeLedger(place.ledger, (before) => acknowledged(before, "bob", now));
        expect((await heldBy(place, ["ann", "bob"])).get("bob")).toBe(now);
      }),
    );

    test(
      "lets nobody inherit what a former reader of that name acknowledged",
      withInbox(async (place, store) => {
        const first = await createToken(place, "reader", "bob");
        const second = await createToken(place, "reader", "bob");
        await appended(place, "one", "two");
        const cursor = asText((await readTo(place, "two")).cursor);
        const acknowledge = () => changeLedger(place.ledger, (before) => acknowledged(before, "bob", cursor));
        const named = async () => [...parseLedger(await place.ledger.get()).readers.keys()];
        await acknowledge();
        const cut = (one: string) => cutJournal(store.place("till"), identity, one);
        expect(await round(store, "till", { least: 1, cut })).toMatchObject({ silent: [], waiting: 1 });
        await revokeToken(place, first.grant.id);
        expect(await named()).toEqual(["bob"]);
        await revokeToken(place, second.grant.id);
        expect(await named()).toEqual([]);
        // By a request that was under way when the token was revoked.
        await acknowledge();
        await createToken(place, "reader", "bob");
        expect(await named()).toEqual([]);
        // What this one has by now, the former one had, and long enough.
        await acknowledge();
        expect(await round(store, "till", { least: 1, cut })).toEqual({ bytes: 0, silent: [], waiting: 1 });
        expect(await recordsIn(place)).toEqual(["one", "two"]);
      }),
    );

    test(
      "keeps everything while a token is damaged, as nobody can tell whose it is",
      withInbox(async (place, store) => {
        await createToken(place, "reader", "ann");
        const { token, grant } = await createToken(place, "reader", "bob");
        await appended(place, "one", "two");
        const cursor = asText((await readTo(place, "two")).cursor);
        await changeLedger(place.ledger, (before) => acknowledged(before, "ann", cursor));
        const cut = (one: string) => cutJournal(store.place("till"), identity, one);
        const turn = () => round(store, "till", { least: 1, cut });
        await place.tokens.replace(hashToken(token), "");
        for (let i = 0; i < 2; i++) {
          expect(await failure(turn())).toMatchObject({
            code: "malformed",
            message: `token ${grant.id} of till is damaged: whose is it?`,
          });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        expect(await recordsIn(place)).toEqual(["one", "two"]);
        await revokeToken(place, grant.id);
        await turn();
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect((await turn()).bytes).toBeGreaterThan(0);
      }),
    );

    test(
      "is shortened by two at a time, and is one journal",
      withInbox(async (place, store) => {
        const inbox = await openInbox(place);
        await append(inbox, "one", "two", "three", "four");
        await inbox.close();
        const cursors = [await readTo(place, "two"), await readTo(place, "three"), await readTo(place, "four")];
        const cuts = [...cursors, ...cursors].map(({ cursor }) =>
          cutJournal(store.place("till"), identity, asText(cursor)).catch((error: SealError) => error.code),
        );
        // What comes too late finds its place removed, or somebody else at work.
        for (const done of await Promise.all(cuts))
          expect(typeof done === "number" || ["io", "fenced", "usage"].includes(done), `${done}`).toBe(true);
        const left = await recordsIn(place);
        expect(["two", "three", "four"].slice(-left.length)).toEqual(left);
        const again = await openInbox(store.place("till"));
        await append(again, "five");
        await again.close();
        expect(await recordsIn(place)).toEqual([...left, "five"]);
      }),
    );

    test(
      "removes an inbox for good, also under its writer",
      withInbox(async (place, store) => {
        const { token } = await createToken(place, "reader", "ann");
        const inbox = await openInbox(place);
        await append(inbox, "one");
        await store.remove("till");
        expect(await store.list()).toEqual([]);
        expect((await failure(store.settings("till"))).message).toBe("there is no inbox till");
        expect(await findGrant(place, hashToken(token))).toMatchObject({ name: "ann", isGone: true });
        expect((await failure(append(inbox, "two"))).code).toBe("fenced");
        await inbox.close().catch((error) => expect(error.code).toBe("fenced"));
        expect((await failure(place.reading())).code).toBe("io");
        expect((await failure(store.add("till", settings))).message).toBe("there is already an inbox till");
        expect((await failure(store.change("till", (before) => before))).message).toBe("there is no inbox till");
        await store.remove("till");
        expect((await failure(store.remove("none"))).message).toBe("there is no inbox none");
        expect(await place.ledger.get()).toBeNull();
      }),
    );

    test(
      "keeps a text that is replaced only as it was read, and a clock that goes forward",
      withInbox(async (place, store) => {
        expect(await place.ledger.get()).toBeNull();
        expect(await place.ledger.swap("x", "one")).toBe(false);
        expect(await place.ledger.swap(null, "one")).toBe(true);
        expect(await place.ledger.swap(null, "two")).toBe(false);
        const all = ["two", "three", "four"].map((text) => place.ledger.swap("one", text));
        expect((await Promise.all(all)).filter((done) => done).length).toBe(1);
        expect(await place.ledger.get()).not.toBe("one");
        const began = performance.now();
        const before = await store.time();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const times = await Promise.all([store.time(), store.time(), store.time()]);
        const most = performance.now() - began + 20;
        for (const { age, wall } of times) {
          expect(age - before.age).toBeGreaterThanOrEqual(49);
          expect(age - before.age).toBeLessThanOrEqual(most);
          expect(Math.abs(wall - Date.now())).toBeLessThan(60_000);
        }
      }),
    );
  });
}
