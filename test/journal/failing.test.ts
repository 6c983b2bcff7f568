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

/** Appends a few records, some at a time, with a new epoch among them. */
async function script(writer: JournalWriter, outcome: Outcome): Promise<void> {
  const one = async (...records: string[]) => {
    try {
      await append(writer, ...records);
      outcome.acknowledged.push(...records);
    } catch (error) {
      expect(error).toBeInstanceOf(SealError);
      expect((error as SealError).code).toBe("io");
      outcome.rejected.push(...records);
    }
  };
  await one("1");
  await Promise.all([one("2", "3"), one("4")]);
  writer.nextEpoch();
  await one("5");
  const six = one("6");
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([six, one("7")]);
  expect(writer.queuedBytes).toBe(0);
}

/** Runs the script against a store whose calls fail as `plan` says, by their number from 0. */
async function run(plan: ReadonlyMap<number, number>): Promise<{ store: MemoryStore; outcome: Outcome }> {
  const store = memoryStore();
  const outcome: Outcome = { acknowledged: [], rejected: [] };
  store.fault = () => plan.get(store.calls.length - 1) ?? null;
  const writer = await openWriter(store, { suite: watchful() }).catch((error) => {
    expect((error as SealError).code).toBe("io");
    return null;
  });
  if (writer) {
    await script(writer, outcome);
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
const calls = (await run(new Map())).store.calls.length;

test("without a fault", async () => {
  const { store, outcome } = await run(new Map());
  expect(outcome.rejected).toEqual([]);
  expect(recordsOf(store)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(store.aside).toEqual([]);
  expect(calls).toBe(8);
});

describe("one call fails", () => {
  test.each(Array.from({ length: calls }, (_, call) => call))("number %i, after each of its steps", async (call) => {
    for (const steps of STEPS) {
      const { store, outcome } = await run(new Map([[call, steps]]));
      // Where even the first epoch could not be begun, whoever comes back finds what is left of it.
      if (call > 0) expect(await verified(store)).toBe(0);
      if (call > 0) checkRecords(store, outcome, true);
      const isAppend = store.calls[call] === "append" || (store.calls[call] === "openEpoch" && call > 0);
      expect(outcome.rejected.length > 0, `${store.calls}`).toBe(isAppend);
      if (isAppend) expect(store.calls.slice(call + 1, call + 3)).toEqual(["saveCursor", "setAside"]);
      await comeBack(store, outcome);
    }
  });
});

describe("several calls in a row fail, the setting aside among them", () => {
  test.each(Array.from({ length: calls }, (_, call) => call))("from number %i on", async (call) => {
    for (const count of [2, 3, 4]) {
      for (const steps of STEPS) {
        const plan = new Map(Array.from({ length: count }, (_, i) => [call + i, steps]));
        const { store, outcome } = await run(plan);
        await comeBack(store, outcome);
      }
    }
  });

  test("for good: everything is rejected, and what was acknowledged stays", async () => {
    for (const steps of STEPS) {
      const store = memoryStore();
      const writer = await openWriter(store, { suite: watchful() });
      await append(writer, "kept");
      store.fault = () => steps;
      const outcome: Outcome = { acknowledged: ["kept"], rejected: [] };
      await script(writer, outcome);
      expect(outcome.rejected).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
      await expect(writer.close()).rejects.toMatchObject({ code: "io" });
      await comeBack(store, outcome);
    }
  });
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
