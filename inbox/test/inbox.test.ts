import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SealError } from "@sealed-files/seal";
import { expect, onTestFinished, test } from "vitest";
import { KeyBudget } from "../src/idempotency/answers.js";
import { keyedRequest } from "../src/idempotency/request.js";
import { Inbox } from "../src/inbox.js";
import { DirectoryPlace } from "../src/store/directory/place.js";
import { fakeDisk } from "./fake-writer.js";
import { folder } from "./folder.js";

const HOUR = 3_600_000;
const KEY = "a key that nobody guesses".replaceAll(" ", "-");
const record = (text: string) => [Buffer.from(text)];
const keyed = (text: string, key = KEY) => keyedRequest("till", key, "single", Buffer.from(text));
const failure = new SealError("io", "the disk is gone");

async function setUp({ budget = new KeyBudget(100), maxQueued = 1000 } = {}) {
  const path = await folder();
  await mkdir(join(path, "keys"));
  const place = new DirectoryPlace(path, "x");
  const disk = fakeDisk();
  const options = { openWriter: disk.openWriter, budget, keyLifetime: HOUR, maxQueued };
  const settings = { label: "x", to: async () => [] };
  const open = async () => {
    const inbox = await Inbox.open(place, settings, options);
    // Where a test is about a kill, nothing is closed before its end.
    onTestFinished(() => inbox.close().catch(() => undefined));
    return inbox;
  };
  return { disk, budget, open, inbox: await open() };
}

/** A gate that holds the disk until it is opened. */
function hold(disk: ReturnType<typeof fakeDisk>): () => void {
  let go!: () => void;
  disk.gate = new Promise((resolve) => {
    go = resolve;
  });
  return go;
}

test("a request with a key is done once, and answered alike from then on", async () => {
  const { disk, inbox } = await setUp();
  expect(await inbox.append(record("one"), keyed("one"))).toMatchObject({
    replayed: false,
    frame: { position: expect.any(Number) },
  });
  expect(await inbox.append(record("one"), keyed("one"))).toEqual({ replayed: true, frame: null });
  expect(await inbox.append(record("one"), keyed("one", `${KEY}-2`))).toMatchObject({
    replayed: false,
    frame: { position: expect.any(Number) },
  });
  expect(await inbox.append(record("one"), null)).toMatchObject({
    replayed: false,
    frame: { position: expect.any(Number) },
  });
  expect(disk.written.length).toBe(3);
});

test("the same key with another body is refused, while the first is under way too", async () => {
  const { disk, inbox } = await setUp();
  const go = hold(disk);
  const first = inbox.append(record("one"), keyed("one"));
  await expect(inbox.append(record("two"), keyed("two"))).rejects.toMatchObject({ problem: "key-reused" });
  go();
  await first;
  await expect(inbox.append(record("two"), keyed("two"))).rejects.toMatchObject({ problem: "key-reused" });
  expect(disk.written.length).toBe(1);
});

test("who comes again while the first is under way waits for it", async () => {
  const { disk, inbox } = await setUp();
  const go = hold(disk);
  const both = [inbox.append(record("one"), keyed("one")), inbox.append(record("one"), keyed("one"))];
  let isDone = false;
  Promise.race(both).then(() => {
    isDone = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isDone).toBe(false);
  go();
  expect(await Promise.all(both)).toMatchObject([{ replayed: false }, { replayed: true, frame: null }]);
  expect(disk.written.length).toBe(1);
});

test("a request that failed has not been done: the next one with its key is, and those who waited fail with it", async () => {
  const { disk, inbox } = await setUp();
  const go = hold(disk);
  disk.failure = failure;
  const both = [inbox.append(record("one"), keyed("one")), inbox.append(record("one"), keyed("one"))];
  go();
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  disk.failure = null;
  expect(await inbox.append(record("one"), keyed("one"))).toMatchObject({
    replayed: false,
    frame: { position: expect.any(Number) },
  });
  expect(disk.written.length).toBe(1);
});

test("keys outlive the process: those of frames that stand, and no others", async () => {
  const { disk, inbox, open } = await setUp();
  await inbox.append(record("one"), keyed("one"));
  disk.failure = failure;
  await expect(inbox.append(record("two"), keyed("two", `${KEY}-2`))).rejects.toBe(failure);
  disk.failure = null;
  // Without closing, as after a kill.
  const next = await open();
  expect(await next.append(record("one"), keyed("one"))).toEqual({ replayed: true, frame: null });
  await expect(next.append(record("two"), keyed("two"))).rejects.toMatchObject({ problem: "key-reused" });
  expect(await next.append(record("two"), keyed("two", `${KEY}-2`))).toMatchObject({
    replayed: false,
    frame: { position: expect.any(Number) },
  });
});

test("a frame that failed and stayed in the journal was done: whoever comes again does not double it", async () => {
  const { disk, inbox, open } = await setUp();
  Object.assign(disk, { failure, isLeftBehind: true });
  await expect(inbox.append(record("one"), keyed("one"))).rejects.toBe(failure);
  await expect(inbox.close()).rejects.toThrow("cut off");
  Object.assign(disk, { failure: null, isLeftBehind: false });
  expect(await (await open()).append(record("one"), keyed("one"))).toEqual({ replayed: true, frame: null });
});

test("only what is on disk may be given away", async () => {
  const { disk, inbox } = await setUp();
  expect(inbox.durableBytes).toBe(0);
  await inbox.append(record("one"), null);
  const before = inbox.durableBytes;
  expect(before).toBeGreaterThan(0);
  const go = hold(disk);
  const second = inbox.append(record("two"), null);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(inbox.durableBytes).toBe(before);
  go();
  await second;
  expect(inbox.durableBytes).toBeGreaterThan(before);
});

test("more than may wait for the disk is refused", async () => {
  const { disk, inbox } = await setUp({ maxQueued: 1000 });
  disk.queuedBytes = 1001;
  await expect(inbox.append(record("one"), null)).rejects.toMatchObject({ problem: "busy", retryAfter: 1 });
  disk.queuedBytes = 1000;
  await inbox.append(record("one"), null);
});

test("no key is forgotten early: where no more can be kept, requests with new ones are refused", async () => {
  const { inbox, budget } = await setUp({ budget: new KeyBudget(4) });
  await inbox.append(record("one"), keyed("one", `${KEY}-1`));
  await inbox.append(record("two"), keyed("two", `${KEY}-2`));
  await expect(inbox.append(record("three"), keyed("three"))).rejects.toMatchObject({ problem: "too-many-keys" });
  expect(await inbox.append(record("one"), keyed("one", `${KEY}-1`))).toEqual({ replayed: true, frame: null });
  await inbox.append(record("three"), null);
  await inbox.close();
  expect(budget.used).toBe(0);
});

test("who has lost the journal removes nothing beside it, and is done", async () => {
  const { disk, inbox } = await setUp();
  await inbox.append(record("one"), keyed("one"));
  disk.lost = new SealError("fenced", "another one has it");
  await expect(inbox.tidy()).rejects.toBe(disk.lost);
  expect(inbox.isLost).toBe(true);
  await expect(inbox.append(record("two"), null)).rejects.toMatchObject({ code: "tampered" });
});

test("neither a key nor a body, nor a hash of either alone, is kept", () => {
  const once = keyed("yes");
  const other = keyed("yes", `${KEY}-2`);
  expect(Buffer.compare(once.print, other.print)).not.toBe(0);
  expect(Buffer.compare(once.id, keyedRequest("other", KEY, "single", Buffer.from("yes")).id)).not.toBe(0);
  expect(Buffer.compare(once.print, keyedRequest("till", KEY, "lines", Buffer.from("yes")).print)).not.toBe(0);
});

test("a retry that came before it was known that its record stands, behind another one, is not written again", async () => {
  const { disk, inbox } = await setUp();
  Object.assign(disk, { failure, isLeftBehind: true });
  await expect(inbox.append(record("one"), keyed("one"))).rejects.toBe(failure);
  Object.assign(disk, { failure: null, isLeftBehind: false });
  const written = disk.written.length;
  const other = inbox.append(record("other"), null);
  const again = inbox.append(record("one"), keyed("one"));
  expect(await other).toMatchObject({ replayed: false });
  expect(await again).toEqual({ replayed: true, frame: null });
  expect(disk.written.length).toBe(written + 1);
});
