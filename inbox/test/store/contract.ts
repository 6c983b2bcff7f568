// What every InboxStore has to do, with faults at every call of its journal: before it is done, after it, and where its
// answer is lost.

import { randomBytes } from "node:crypto";
import { Identity, JournalReader, JournalWriter, SealError } from "@sealed-files/seal";
import { describe, expect, test } from "vitest";
import { ioError } from "../../../src/errors.js";
import { openJournalFile } from "../../../src/io/journals/open.js";
import type { JournalStore, Outcome } from "../../../src/journal/store.js";
import { AgeClock } from "../../src/idempotency/age.js";
import { KeyBudget } from "../../src/idempotency/answers.js";
import { type KeyedRequest, keyedRequest } from "../../src/idempotency/request.js";
import { standsIn } from "../../src/idempotency/stands.js";
import type { FramePlace } from "../../src/idempotency/unit.js";
import { Inbox } from "../../src/inbox.js";
import type { InboxStore, Place } from "../../src/store/store.js";
import { createToken, findGrant, hashToken, listGrants, revokeToken } from "../../src/store/tokens.js";
import type { OpenWriter } from "../../src/writer.js";

const HOUR = 3_600_000;
const LIMIT = 120_000;
export const { identity } = await Identity.generate();
export const settings = { label: "till", recipients: [identity.recipient] };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail("it did not fail"),
    (error) => error as SealError,
  );
export const keyed = (text: string, key: string) => keyedRequest("shop", key, "single", Buffer.from(text));

/** What becomes of a call of the journal's. */
type Fault = "before" | "after" | "thrown";
const FAULTS: readonly Fault[] = ["before", "after", "thrown"];
const CALLS = ["takeTerm", "append", "settle", "swapCursor", "shorten"] as const;
const UNKNOWN: Outcome = { is: "unknown", error: ioError("nobody heard", { code: "EIO" }) };

/** Strikes once, at the call of that number. */
interface Trap {
  calls: number;
  readonly at: number;
  readonly fault: Fault;
}

function trapped(real: JournalStore, trap: Trap): JournalStore {
  const store = Object.create(real, { name: { value: real.name } });
  for (const name of ["size", "readAt", "cursor", "setAside", "close"] as const)
    store[name] = (...given: unknown[]) => (real[name] as (...given: unknown[]) => unknown)(...given);
  for (const name of CALLS) {
    store[name] = async (...given: unknown[]) => {
      const isHit = trap.calls++ === trap.at;
      if (isHit && trap.fault === "before") return UNKNOWN;
      const outcome = await (real[name] as (...given: unknown[]) => Promise<Outcome>)(...given);
      if (isHit && trap.fault === "thrown") throw ioError("the answer was lost", { code: "EIO" });
      return isHit ? UNKNOWN : outcome;
    };
  }
  return store;
}

const inboxOptions = (trap: Trap | null, keyLifetime: number) => {
  const openWriter: OpenWriter = async ({ journal, ...options }) => {
    const real = "path" in journal ? await openJournalFile(journal.path) : journal;
    return JournalWriter.open(trap ? trapped(real, trap) : real, { ...options, sign: identity });
  };
  return { openWriter, budget: new KeyBudget(1000), keyLifetime, maxQueued: 1_000_000 };
};

export const openInbox = (place: Place, trap: Trap | null = null, keyLifetime = HOUR) =>
  Inbox.open(place, { label: "till", to: async () => settings.recipients }, inboxOptions(trap, keyLifetime));

export async function recordsIn(place: Place): Promise<string[]> {
  const reading = await place.reading();
  const texts: string[] = [];
  const options = { keys: [identity], from: [identity.signer], label: "till" };
  for await (const { records } of await JournalReader.open(reading, options))
    for (const record of records) texts.push(Buffer.from(record).toString());
  await reading.close();
  return texts;
}

/** Sends each request until it is acknowledged, to an inbox that is opened anew where it is lost or cannot be used. */
export async function sendAll(
  store: InboxStore,
  requests: readonly (readonly [string, KeyedRequest])[],
  trap: Trap | null,
): Promise<void> {
  let inbox: Inbox | null = null;
  for (const [text, request] of requests) {
    for (let tries = 0; ; tries++) {
      try {
        inbox ??= await openInbox(store.place("till"), trap);
        await inbox.append([Buffer.from(text)], request);
        break;
      } catch (error) {
        if (tries > 5 || !(error instanceof SealError)) throw error;
        if (inbox?.isLost)
          inbox = await inbox.close().then(
            () => null,
            () => null,
          );
      }
    }
  }
  // What could not be saved when it ended is found when it is opened anew.
  await inbox?.close().catch((error) => expect(error.code).toBe("io"));
}

export function inboxStoreContract(name: string, open: () => Promise<InboxStore>): void {
  const withStore = (work: (store: InboxStore) => Promise<void>) => async () => {
    const store = await open();
    await work(store).finally(() => store.close());
  };
  const withInbox = (work: (place: Place, store: InboxStore) => Promise<void>) =>
    withStore(async (store) => {
      await store.add("till", settings);
      await work(store.place("till"), store);
    });

  describe(`${name}, as a store of inboxes`, { timeout: LIMIT }, () => {
    test(
      "keeps inboxes by name, each once",
      withStore(async (store) => {
        expect(await store.list()).toEqual([]);
        const added = await store.add("till", {
          ...settings,
          recipients: [...settings.recipients, identity.recipient],
        });
        await store.add("a-2", { ...settings, label: "other" });
        expect(await store.list()).toEqual(["a-2", "till"]);
        expect(await store.settings("till")).toEqual(added);
        expect(added).toMatchObject(settings);
        expect((await failure(store.add("till", settings))).message).toBe("there is already an inbox till");
        expect((await failure(store.settings("none"))).message).toBe("there is no inbox none");
        for (const wrong of ["", "../till", "A"])
          expect((await failure(store.add(wrong, settings))).code).toBe("usage");
        expect((await failure(store.add("b", { ...settings, recipients: ["seal1"] }))).code).not.toBe("io");
        expect(await store.list()).toEqual(["a-2", "till"]);
      }),
    );

    test(
      "changes settings as two ask for it at a time, and never to what nothing could be sealed with",
      withInbox(async (_place, store) => {
        const fresh = async (options = {}) => (await Identity.generate(options)).identity.recipient;
        const [one, two, classic] = [await fresh(), await fresh(), await fresh({ classic: true })];
        const add = (recipient: string) =>
          store.change("till", (before) => ({
            ...before,
            label: "another",
            recipients: [...before.recipients, recipient],
          }));
        await Promise.all([add(one), add(two), add(two)]);
        const { label, created, recipients } = await store.settings("till");
        expect([label, [...recipients].sort()]).toEqual(["till", [identity.recipient, one, two].sort()]);
        expect((await failure(add(classic))).code).toBe("usage");
        const none = store.change("till", (before) => ({ ...before, recipients: [] }));
        expect((await failure(none)).message).toBe("an inbox needs a recipient");
        expect((await failure(store.change("none", (before) => before))).message).toBe("there is no inbox none");
        const rules = { inbox: {}, producers: {}, byName: {} };
        expect(await store.settings("till")).toEqual({ label, created, recipients, shortenAfter: null, quotas: rules });
      }),
    );

    test(
      "keeps what each token allows, under its hash, until it is revoked",
      withInbox(async (place, store) => {
        const first = await createToken(place, "producer", "shop");
        const second = await createToken(place, "reader", "ann");
        expect(await findGrant(place, hashToken(first.token))).toEqual(first.grant);
        expect((await listGrants(place)).map(({ id }) => id).sort()).toEqual([first.grant.id, second.grant.id].sort());
        await store.add("other", settings);
        for (const elsewhere of ["other", "none"])
          expect(await findGrant(store.place(elsewhere), hashToken(first.token))).toBeNull();
        await revokeToken(place, first.grant.id);
        expect(await findGrant(place, hashToken(first.token))).toBeNull();
        expect((await failure(revokeToken(place, first.grant.id))).code).toBe("usage");
        expect(await listGrants(place)).toEqual([second.grant]);
        expect((await failure(createToken(store.place("none"), "reader", "ann"))).code).toBe("io");
      }),
    );

    test(
      "gives the journal to who reads it, by position and as a stream",
      withInbox(async (place) => {
        const missing = await failure(place.reading());
        expect([missing.code, (missing.cause as { code?: string }).code]).toEqual(["io", "ENOENT"]);
        const inbox = await openInbox(place);
        const large = randomBytes(700_000).toString("latin1");
        for (const text of ["one", large, "three"]) await inbox.append([Buffer.from(text)], null);
        const reading = await place.reading();
        const size = await reading.flushed();
        expect([size, await reading.size()]).toEqual([inbox.durableBytes, inbox.durableBytes]);
        const bytes = await reading.readAt(0, size + 10);
        for (const [start, end] of [
          [0, size],
          [1, 2],
          [size - 1, size],
          [300, size - 300],
          [1000, 500_000],
        ] as const) {
          const pieces: Buffer[] = [];
          for await (const piece of reading.stream(start, end)) pieces.push(piece);
          expect(Buffer.concat(pieces).equals(bytes.subarray(start, end)), `${start}`).toBe(true);
          expect(Buffer.from(await reading.readAt(start, end - start)).equals(bytes.subarray(start, end))).toBe(true);
        }
        expect((await reading.readAt(size, 10)).length).toBe(0);
        await reading.close();
        await inbox.probe();
        await inbox.close();
        expect(await recordsIn(place)).toEqual(["one", Buffer.from(large).toString(), "three"]);
      }),
    );

    test(
      "knows the keys of frames that stand, also when it is opened again, and of no others",
      withInbox(async (place, store) => {
        const frame = { journal: new Uint8Array(32), position: 500, end: 900, chain: randomBytes(32) };
        const first = await openInbox(place);
        await first.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"));
        await first.close();
        const found: FramePlace[] = [];
        const load = async (from: Place) => {
          const keys = from.keys(HOUR, new AgeClock());
          await keys.load(
            standsIn(() => from.reading()),
            (_age, _answered, place) => found.push(place),
          );
          return keys;
        };
        const keys = await load(store.place("till"));
        expect(found.length).toBe(1);
        const announced = await keys.announce(frame, [keyed("two", "key-of-the-second-one")]);
        keys.settle(announced, false);
        await keys.close(true);
        const second = await openInbox(store.place("till"));
        expect(await second.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"))).toMatchObject({
          replayed: true,
        });
        expect((await failure(second.append([], keyed("other", "key-of-the-first-one")))).message).toContain("key");
        expect(await second.append([Buffer.from("two")], keyed("two", "key-of-the-second-one"))).toMatchObject({
          replayed: false,
        });
        await second.close();
        expect(await recordsIn(place)).toEqual(["one", "two"]);
      }),
    );

    test(
      "forgets a key when its time is over, and not before",
      withInbox(async (place, store) => {
        const send = async (inbox: Inbox) => inbox.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"));
        const brief = await openInbox(place, null, 1);
        expect(await send(brief)).toMatchObject({ replayed: false });
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await send(brief)).toMatchObject({ replayed: false });
        await brief.tidy();
        await brief.close();
        const long = await openInbox(store.place("till"));
        await long.append([Buffer.from("two")], keyed("two", "key-of-the-second-one"));
        await long.tidy();
        await long.close();
        const again = await openInbox(store.place("till"));
        expect(await again.append([Buffer.from("two")], keyed("two", "key-of-the-second-one"))).toMatchObject({
          replayed: true,
        });
        await again.close();
        expect(await recordsIn(place)).toEqual(["one", "one", "two"]);
      }),
    );

    test.each(FAULTS)("has each record once, whatever call of the journal fails (%s)", async (fault) => {
      for (let at = 0, isHit = true; isHit; at++) {
        const store = await open();
        await store.add("till", settings);
        const trap = { calls: 0, at, fault };
        const texts = ["one", "two", "three"];
        const requests = texts.map((text) => [text, keyed(text, `the-key-of-record-${text}`)] as const);
        await sendAll(store, [...requests, ...requests], trap);
        expect(await recordsIn(store.place("till")), `${fault} at call ${at}`).toEqual(texts);
        isHit = trap.calls > at;
        await store.close();
        if (at === 0) expect(isHit).toBe(true);
      }
    });

    test(
      "gives a journal to one writer at a time: the one before is fenced, with its keys",
      withInbox(async (place, store) => {
        const first = await openInbox(place);
        await first.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"));
        const second = await openInbox(store.place("till")).catch((error) => error as SealError);
        if (second instanceof SealError) expect(second.code).toBe("io");
        else {
          expect((await failure(first.append([Buffer.from("x")], keyed("x", "key-of-another-one")))).code).toBe(
            "fenced",
          );
          expect(first.isLost).toBe(true);
          await second.append([Buffer.from("x")], keyed("x", "key-of-another-one"));
          expect(await second.append([Buffer.from("one")], keyed("one", "key-of-the-first-one"))).toMatchObject({
            replayed: true,
          });
          await second.close();
          expect(await recordsIn(place)).toEqual(["one", "x"]);
        }
        await first.close().catch(() => undefined);
      }),
    );
  });
}
