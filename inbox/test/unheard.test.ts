// A frame of which nobody heard whether it was written, and which was: who sends its requests again does not double
// them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Identity, type JournalFile, JournalReader, JournalWriter } from "@sealed-files/seal";
import { expect, onTestFinished, test } from "vitest";
import { ioError } from "../../src/errors.js";
import { openJournalFile } from "../../src/io/journals/open.js";
import type { JournalStore, Outcome } from "../../src/journal/store.js";
import { KeyBudget } from "../src/idempotency/answers.js";
import { keyedRequest } from "../src/idempotency/request.js";
import { Inbox } from "../src/inbox.js";
import { DirectoryPlace } from "../src/store/directory/place.js";
import type { OpenWriter } from "../src/writer.js";
import { folder } from "./folder.js";

const KEY = "a-key-that-nobody-guesses";
const UNHEARD: Outcome = { is: "unknown", error: ioError("nobody heard", { code: "EMFILE" }) };
const { identity } = await Identity.generate();
const writers = { to: [identity.recipient], sign: identity };

/** A store that does everything, and of which nobody hears while `state.isUnheard`. */
function listenedTo(real: JournalStore, state: { isUnheard: boolean }): JournalStore {
  const store: JournalStore = Object.create(real);
  const { name } = real;
  return Object.assign(store, {
    size: () => real.size(),
    readAt: (position: number, length: number) => real.readAt(position, length),
    cursor: () => real.cursor(),
    settle: (position: number) => real.settle(position),
    swapCursor: (before: Uint8Array | null, cursor: Uint8Array) => real.swapCursor(before, cursor),
    setAside: (end: Parameters<JournalStore["setAside"]>[0]) => real.setAside(end),
    close: () => real.close(),
    takeTerm: async (term: Parameters<JournalStore["takeTerm"]>[0]) =>
      state.isUnheard ? UNHEARD : real.takeTerm(term),
    append: async (piece: Parameters<JournalStore["append"]>[0]) => {
      const outcome = await real.append(piece);
      return state.isUnheard ? UNHEARD : outcome;
    },
    name,
  });
}

async function setUp() {
  const path = await folder();
  await mkdir(join(path, "keys"));
  const state = { isUnheard: false };
  const openWriter: OpenWriter = async ({ journal, label, beforeFrame }) =>
    JournalWriter.open(listenedTo(await openJournalFile((journal as JournalFile).path), state), {
      ...writers,
      label,
      beforeFrame,
    });
  const inbox = await Inbox.open(
    new DirectoryPlace(path, "x"),
    { label: "x", to: async () => writers.to },
    { openWriter, budget: new KeyBudget(100), keyLifetime: 3_600_000, maxQueued: 1000 },
  );
  onTestFinished(() => inbox.close().catch(() => undefined));
  const send = (text: string, key = KEY) =>
    inbox.append([Buffer.from(text)], keyedRequest("till", key, "single", Buffer.from(text)));
  return { state, send, journal: join(path, "journal.sealed") };
}

async function recordsIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { records } of await JournalReader.open({ path }, { keys: [identity], from: [identity.signer] }))
    found.push(...[...records].map((record) => Buffer.from(record).toString()));
  return found;
}

test("a request that failed, though its frame was written, is not done again, and its key is known from then on", async () => {
  const { state, send, journal } = await setUp();
  await send("zero", `${KEY}-0`);
  state.isUnheard = true;
  await expect(send("one")).rejects.toThrow("nobody heard");
  state.isUnheard = false;
  const both = await Promise.allSettled([send("one"), send("two", `${KEY}-2`)]);
  // Another's that would have been in the same frame fails, and is not there either.
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(await recordsIn(journal)).toEqual(["zero", "one"]);
  expect(await send("one")).toEqual({ replayed: true, frame: null });
  expect(await send("two", `${KEY}-2`)).toMatchObject({ replayed: false, frame: { position: expect.any(Number) } });
  await expect(send("other")).rejects.toMatchObject({ problem: "key-reused" });
  expect(await recordsIn(journal)).toEqual(["zero", "one", "two"]);
});

test("whoever comes first after it has its records written, and the one who failed is answered as done", async () => {
  const { state, send, journal } = await setUp();
  state.isUnheard = true;
  await expect(send("one")).rejects.toThrow("nobody heard");
  state.isUnheard = false;
  expect(await send("two", `${KEY}-2`)).toMatchObject({ replayed: false, frame: { position: expect.any(Number) } });
  expect(await send("one")).toEqual({ replayed: true, frame: null });
  expect(await recordsIn(journal)).toEqual(["one", "two"]);
});
