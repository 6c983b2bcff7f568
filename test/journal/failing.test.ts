// A store that fails, at each call and in each way: what was acknowledged is in the journal, what was rejected is not, nothing is sealed twice.

import { describe, expect, test } from "vitest";
import { toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { verifyJournal } from "../../src/journal/verify.js";
import type { JournalWriter } from "../../src/journal/writer.js";
import { sender } from "../ops/samples.js";
import { type MemoryStore, memoryStore } from "./memory-store.js";
import { append, openWriter, recordsOf } from "./writing.js";

/** A suite that fails the test where a key encrypts twice. */
function watchful(): Suite {
  const used = new Set<string>();
  return {
    ...native,
    sealChunk: (key, ...rest) => {
      expect(used.has(toHex(key)), "a key that has sealed already").toBe(false);
      used.add(toHex(key));
      return native.sealChunk(key, ...rest);
    },
  };
}

interface Outcome {
  readonly acknowledged: string[];
  readonly rejected: string[];
}

type One = (...records: string[]) => Promise<void>;
type Script = (one: One, writer: JournalWriter) => Promise<void>;

/** A few records, some at a time, with a new epoch among them. */
const little: Script = async (one, writer) => {
  await one("1");
  await Promise.all([one("2", "3"), one("4")]);
  writer.nextEpoch();
  await one("5");
  const six = one("6");
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([six, one("7")]);
};

/** So many that frames are sealed while the one before is being written. */
const much: Script = async (one, writer) => {
  const long = (name: string) => `${name}${"x".repeat(3000)}`;
  await Promise.all(["1", "2", "3"].map((name) => one(long(name))));
  const more = ["4", "5", "6"].map((name) => one(long(name)));
  await null;
  writer.nextEpoch();
  await Promise.all(more);
  await Promise.all([one("7"), one(long("8"))]);
};

/** Runs a script, noting what is acknowledged and what rejected. */
async function play(script: Script, writer: JournalWriter, outcome: Outcome): Promise<void> {
  await script(async (...records) => {
    try {
      await append(writer, ...records);
      outcome.acknowledged.push(...records);
    } catch (error) {
      expect(error).toBeInstanceOf(SealError);
      expect((error as SealError).code).toBe("io");
      outcome.rejected.push(...records);
    }
  }, writer);
  expect(writer.queuedBytes).toBe(0);
}

/** Runs the script against a store whose calls fail as `plan` says, by their number from 0. */
async function run(
  script: Script,
  plan: ReadonlyMap<number, number> = new Map(),
): Promise<{ store: MemoryStore; outcome: Outcome }> {
  const store = memoryStore();
  store.delay = () => new Promise((resolve) => setImmediate(resolve));
  const outcome: Outcome = { acknowledged: [], rejected: [] };
  store.fault = () => plan.get(store.calls.length - 1) ?? null;
  const writer = await openWriter(store, { suite: watchful() }).catch((error) => {
    expect((error as SealError).code).toBe("io");
    return null;
  });
  if (writer) {
    await play(script, writer, outcome);
    await writer.close().catch((error) => expect((error as SealError).code).toBe("io"));
  }
  expect(store.closed).toBe(true);
  return { store, outcome };
}

/** Everything that is acknowledged, in order; what else is there was rejected, and that only where it could not be taken away. */
function checkRecords(store: MemoryStore, { acknowledged, rejected }: Outcome, exact: boolean): void {
  const records = recordsOf(store);
  expect(records.filter((record) => acknowledged.includes(record))).toEqual(acknowledged);
  const others = records.filter((record) => !acknowledged.includes(record));
  expect(exact ? others : others.filter((record) => !rejected.includes(record))).toEqual([]);
}

/** The bytes of an incomplete end; throws for everything else that is wrong. */
async function verified(store: MemoryStore): Promise<number> {
  const policy = { signers: [sender.signingKey.publicKey], allowUnsigned: false };
  const { tail } = await verifyJournal(store, { suite: native, policy });
  return tail;
}

/** Whoever comes back goes on; only then is it known that the cursor fits, too. */
async function comeBack(store: MemoryStore, outcome: Outcome): Promise<void> {
  store.fault = null;
  const writer = await openWriter(store, { suite: watchful() });
  await append(writer, "back");
  await writer.close();
  expect(await verified(store)).toBe(0);
  checkRecords(store, { ...outcome, acknowledged: [...outcome.acknowledged, "back"] }, false);
}

const STEPS = [0, 1, 2, 3];

describe.each([
  ["little at a time", little, 8],
  ["much at a time", much, 10],
])("%s", (_name, script, calls) => {
  const numbers = Array.from({ length: calls }, (_, call) => call);

  test("without a fault", async () => {
    const { store, outcome } = await run(script);
    expect(outcome.rejected).toEqual([]);
    expect(recordsOf(store).map((record) => record[0])).toEqual([..."12345678"].slice(0, outcome.acknowledged.length));
    expect(store.aside).toEqual([]);
    expect(store.calls).toHaveLength(calls);
  });

  test.each(numbers)("call number %i fails, after each of its steps", async (call) => {
    for (const steps of STEPS) {
      const { store, outcome } = await run(script, new Map([[call, steps]]));
      // Where even the first epoch could not be begun, whoever comes back finds what is left of it.
      if (call > 0) expect(await verified(store)).toBe(0);
      if (call > 0) checkRecords(store, outcome, true);
      const isAppend = store.calls[call] === "append" || (store.calls[call] === "openEpoch" && call > 0);
      expect(outcome.rejected.length > 0, `${store.calls}`).toBe(isAppend);
      if (isAppend) expect(store.calls.slice(call + 1, call + 3)).toEqual(["saveCursor", "setAside"]);
      await comeBack(store, outcome);
    }
  });

  test.each(numbers)("several calls in a row fail, from number %i on, the setting aside among them", async (call) => {
    for (const count of [2, 3, 4]) {
      for (const steps of STEPS) {
        const plan = new Map(Array.from({ length: count }, (_, i) => [call + i, steps]));
        const { store, outcome } = await run(script, plan);
        await comeBack(store, outcome);
      }
    }
  });

  test("all calls fail for good: everything is rejected, and what was acknowledged stays", async () => {
    for (const steps of STEPS) {
      const store = memoryStore();
      const writer = await openWriter(store, { suite: watchful() });
      await append(writer, "kept");
      store.fault = () => steps;
      const outcome: Outcome = { acknowledged: ["kept"], rejected: [] };
      await play(script, writer, outcome);
      expect(outcome.acknowledged).toEqual(["kept"]);
      await expect(writer.close()).rejects.toMatchObject({ code: "io" });
      await comeBack(store, outcome);
    }
  });
});

test("those behind a frame that fails are rejected with it: appended again, all come in their order", async () => {
  const store = memoryStore();
  const writer = await openWriter(store, { suite: watchful() });
  const long = "x".repeat(4000);
  let fail = () => {};
  store.delay = () => new Promise((resolve) => (fail = resolve));
  store.fault = () => (store.calls.at(-1) === "append" ? 0 : null);
  const all = ["a", `b${long}`, `c${long}`, "d"].map((record) => append(writer, record));
  await new Promise((resolve) => setImmediate(resolve));
  fail();
  const settled = await Promise.allSettled(all);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
  expect(writer.queuedBytes).toBe(0);
  store.delay = null;
  store.fault = null;
  await Promise.all(["a", "b", "c", "d"].map((record) => append(writer, record)));
  expect(recordsOf(store)).toEqual(["a", "b", "c", "d"]);
});

test("what was not acknowledged is kept aside, byte for byte", async () => {
  const store = memoryStore();
  const writer = await openWriter(store);
  await append(writer, "a");
  const before = store.bytes;
  store.fault = () => (store.calls.at(-1) === "append" ? 1 : null);
  await expect(append(writer, "b")).rejects.toMatchObject({ code: "io" });
  expect(store.bytes).toEqual(before);
  expect(store.aside).toHaveLength(1);
  expect(store.aside[0]!.length).toBe(Math.floor((4 + 8 + 5 + 112) / 2));
});
