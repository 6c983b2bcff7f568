// Rounds of a service while it takes in records, and of services that share a database.

import { Identity, JournalReader, JournalWriter } from "@sealed-files/seal";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { KeyBudget } from "../../src/idempotency/answers.js";
import { Inboxes } from "../../src/inboxes.js";
import { acknowledged, changeLedger } from "../../src/retention/ledger.js";
import { type RoundEvent, Rounds } from "../../src/server/rounds.js";
import { Directory, initDirectory } from "../../src/store/directory/store.js";
import { parseAddress } from "../../src/store/postgres/address.js";
import { initPostgres, PostgresStore } from "../../src/store/postgres/store.js";
import type { InboxStore } from "../../src/store/store.js";
import { createToken } from "../../src/store/tokens.js";
import type { OpenWriter } from "../../src/writer.js";
import { folder } from "../folder.js";
import { anyServer } from "../own-server.js";
import { hasPostgres } from "../postgres.js";

const { identity } = await Identity.generate();
const openWriter: OpenWriter = ({ journal, ...options }) => JournalWriter.open(journal, { ...options, sign: identity });

/** A service on a store: its inboxes, and its rounds. */
function serviceOn(store: InboxStore, maxOpen = 1) {
  const events: string[] = [];
  const inboxes = new Inboxes(store, {
    openWriter,
    budget: new KeyBudget(1000),
    keyLifetime: 3_600_000,
    maxQueued: 1_000_000,
    idle: 600_000,
    maxOpen,
    note: ({ is }) => events.push(is),
  });
  const rounded: RoundEvent[] = [];
  const rounds = new Rounds(store, inboxes, { sign: identity, note: (event) => rounded.push(event), each: 1e9 });
  onTestFinished(async () => {
    await rounds.stop();
    await inboxes.close();
  });
  const append = (text: string) =>
    inboxes.use("till", async (inbox) => {
      inbox.nextEpoch();
      await inbox.append([Buffer.from(text)], null);
    });
  return { inboxes, rounds, rounded, events, append };
}

async function addTill(store: InboxStore) {
  await store.add("till", { label: "till", recipients: [identity.recipient] });
  await store.change("till", (before) => ({ ...before, shortenAfter: 1 }));
  await createToken(store.place("till"), "reader", "ann");
}

/** What there is, from its beginning; and it is acknowledged. */
async function fetched(store: InboxStore): Promise<string[]> {
  const place = store.place("till");
  const reading = await place.reading();
  const reader = await JournalReader.open(reading, { keys: [identity], from: [identity.signer], label: "till" });
  const texts: string[] = [];
  for await (const { records } of reader) for (const record of records) texts.push(Buffer.from(record).toString());
  await reading.close();
  const cursor = Buffer.from(reader.cursor!).toString();
  await changeLedger(place.ledger, (before) => acknowledged(before, "ann", cursor));
  return texts;
}

const later = () => new Promise((resolve) => setTimeout(resolve, 20));

test("what was fetched goes while records come in, and none of these is lost", { timeout: 60_000 }, async () => {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  const store = await Directory.open(path);
  await addTill(store);
  const { rounds, rounded, append } = serviceOn(store);
  let isOver = false;
  const sent: string[] = [];
  const sending = Array.from({ length: 4 }, async (_, producer) => {
    for (let i = 0; !isOver; i++) {
      await append(`${producer}-${i}`);
      sent.push(`${producer}-${i}`);
    }
  });
  const seen = new Set<string>();
  for (let turn = 0; turn < 5; turn++) {
    const known = sent.length;
    while (sent.length < known + 5) await later();
    for (const text of await fetched(store)) seen.add(text);
    await rounds.run();
    await later();
    await rounds.run();
  }
  isOver = true;
  await Promise.all(sending);
  for (const text of await fetched(store)) seen.add(text);
  expect(rounded.filter(({ is }) => is !== "shortened")).toEqual([]);
  expect(rounded.length).toBeGreaterThan(2);
  expect([...seen].sort()).toEqual([...sent].sort());
});

test("an inbox is shortened when nobody uses it, and opened again afterwards", async () => {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  const store = await Directory.open(path);
  await addTill(store);
  const { inboxes, append } = serviceOn(store);
  const steps: string[] = [];
  let go!: () => void;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const using = inboxes.use("till", async (inbox) => {
    await gate;
    await inbox.append([Buffer.from("one")], null);
    steps.push("used");
  });
  await later();
  const between = inboxes.between("till", async () => {
    await later();
    // What others pass on waits for it here: they need not take it over.
    expect(inboxes.has("till")).toBe(true);
    steps.push("between");
  });
  const after = append("two").then(() => steps.push("used again"));
  await later();
  expect([steps, inboxes.has("till")]).toEqual([[], true]);
  go();
  await Promise.all([using, between, after]);
  expect(steps).toEqual(["used", "between", "used again"]);
  expect(await fetched(store)).toEqual(["one", "two"]);
});

test("a reader who comes while a round waits for those who use the inbox keeps what is there", async () => {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  const store = await Directory.open(path);
  await addTill(store);
  const { inboxes, rounds, rounded, append } = serviceOn(store);
  for (const text of ["one", "two", "three"]) await append(text);
  expect(await fetched(store)).toEqual(["one", "two", "three"]);
  await rounds.run();
  await later();
  let go!: () => void;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const between = vi.spyOn(inboxes, "between");
  const using = inboxes.use("till", () => gate);
  const running = rounds.run();
  await expect.poll(() => between).toHaveBeenCalled();
  await later();
  await createToken(store.place("till"), "reader", "bob");
  go();
  await Promise.all([using, running]);
  expect(rounded).toEqual([]);
  expect(await fetched(store)).toEqual(["one", "two", "three"]);
});

describe.skipIf(!hasPostgres)("on a database", { timeout: 60_000 }, () => {
  const server = anyServer();

  async function two() {
    const address = parseAddress(await server().database(), false);
    await initPostgres(address, { allowUnsafe: true });
    const stores = [await open(), await open()] as const;
    function open() {
      return PostgresStore.open(address, { allowUnsafe: true });
    }
    onTestFinished(async () => {
      for (const store of stores) await store.close();
    });
    await addTill(stores[0]);
    return { stores, services: [serviceOn(stores[0]), serviceOn(stores[1])] as const };
  }

  test("a service leaves alone what another one has open, which shortens it", async () => {
    const { stores, services } = await two();
    const [owner, other] = services;
    for (const text of ["one", "two", "three"]) await owner.append(text);
    expect(await fetched(stores[1])).toEqual(["one", "two", "three"]);
    for (let i = 0; i < 2; i++) {
      await other.rounds.run();
      await later();
    }
    await owner.append("four");
    expect([other.rounded, owner.events]).toEqual([[], ["opened"]]);
    await owner.rounds.run();
    await later();
    await owner.rounds.run();
    expect(owner.rounded).toMatchObject([{ is: "shortened", inbox: "till" }]);
    expect(await fetched(stores[1])).toEqual(["three", "four"]);
    // Nobody has it open any more, so anybody may shorten it.
    await other.rounds.run();
    await later();
    await other.rounds.run();
    expect(other.rounded).toMatchObject([{ is: "shortened" }]);
    expect(await fetched(stores[0])).toEqual(["four"]);
    await owner.append("five");
    expect(await fetched(stores[0])).toEqual(["four", "five"]);
  });

  test("a service that has lost an inbox without knowing it leaves it to the one that has it", async () => {
    const { stores, services } = await two();
    const [first, second] = services;
    for (const text of ["one", "two"]) await first.append(text);
    await second.append("three");
    expect(await fetched(stores[0])).toEqual(["one", "two", "three"]);
    for (let i = 0; i < 2; i++) {
      await first.rounds.run();
      await later();
    }
    expect(first.rounded).toEqual([]);
    await second.append("four");
    expect(second.events).toEqual(["opened"]);
    expect(await fetched(stores[0])).toEqual(["one", "two", "three", "four"]);
  });

  test("who has an inbox open is known, however often it was closed and opened again", async () => {
    const { stores, services } = await two();
    const [first] = services;
    await stores[0].add("other", { label: "other", recipients: [identity.recipient] });
    for (let i = 0; i < 15; i++) {
      for (const name of ["other", "till"])
        await first.inboxes.use(name, (inbox) => inbox.append([Buffer.from("x")], null));
      expect([await stores[1].leases.isOthers("till"), await stores[1].leases.isOthers("other")]).toEqual([
        true,
        false,
      ]);
    }
    // One who does not get it gives the lease back; it is taken again by who has the inbox, and by nobody else.
    await stores[1].leases.take("till");
    await stores[0].leases.renew(["till"]);
    expect(await stores[0].leases.isOthers("till")).toBe(true);
    await stores[1].leases.release("till");
    await stores[0].leases.renew(["till", "none"]);
    expect(await stores[1].leases.isOthers("till")).toBe(true);
    await first.inboxes.close();
    expect(await stores[1].leases.isOthers("till")).toBe(false);
  });
});
