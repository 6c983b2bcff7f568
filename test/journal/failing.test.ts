// A store that fails, at each call and in each way: what was acknowledged is in the journal, what was rejected is not,
// nothing is sealed twice.

import { describe, expect, test, vi } from "vitest";
import { toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import { inline } from "../../src/engine/inline.js";
import { SealError } from "../../src/errors.js";
import { verifyJournal } from "../../src/journal/reading/verify.js";
import type { Writer } from "../../src/journal/writing/writer.js";
import { sender } from "../files/samples.js";
import { failure, shown } from "../support.js";
import { sampled } from "../whole.js";
import { type Fault, type MemoryStore, memoryStore } from "./memory-store.js";
import { append, openWriter, recordsOf } from "./writing.js";

// Whoever repeats something waits a little before.
vi.mock("node:timers/promises", async (original) => ({
  ...(await original<typeof import("node:timers/promises")>()),
  setTimeout: async () => undefined,
}));

/** A suite that fails the test where a key encrypts twice. */
function watchful(): Suite {
  const used = new Set<string>();
  return {
    ...native,
    sealChunk: (key, ...rest) => {
      expect(used.has(toHex(shown(key))), "a key that has sealed already").toBe(false);
      used.add(toHex(shown(key)));
      return native.sealChunk(key, ...rest);
    },
  };
}

interface Outcome {
  readonly acknowledged: string[];
  readonly rejected: string[];
}

type One = (...records: string[]) => Promise<void>;
type Script = (one: One, writer: Writer) => Promise<void>;

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
async function play(script: Script, writer: Writer, outcome: Outcome): Promise<void> {
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

/** Runs the script against a store whose calls fare as `plan` says, by their number from 0. */
async function run(
  script: Script,
  plan: ReadonlyMap<number, Fault> = new Map(),
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

/**
 * Everything that is acknowledged, in order; what else is there was rejected, and that only where it could not be taken
 * away.
 */
function checkRecords(store: MemoryStore, { acknowledged, rejected }: Outcome, exact: boolean): void {
  const records = recordsOf(store);
  expect(records.filter((record) => acknowledged.includes(record))).toEqual(acknowledged);
  const others = records.filter((record) => !acknowledged.includes(record));
  expect(exact ? others : others.filter((record) => !rejected.includes(record))).toEqual([]);
}

/** The bytes of an incomplete end; throws for everything else that is wrong. */
async function verified(store: MemoryStore): Promise<number> {
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false };
  const { tail } = await verifyJournal(store, { suite: native, engine: inline, policy });
  return tail;
}

/**
 * Whoever comes back goes on; only then is it known that the cursor fits, too. What the one before asked for may still
 * happen, and changes nothing.
 */
async function comeBack(before: MemoryStore, outcome: Outcome): Promise<void> {
  const store = before.another();
  const writer = await openWriter(store, { suite: watchful() });
  await append(writer, "back");
  await writer.close();
  expect(await verified(store)).toBe(0);
  checkRecords(store, { ...outcome, acknowledged: [...outcome.acknowledged, "back"] }, false);
}

/** Answers that are lost, of calls that do nothing, that do what was asked, or do it later. */
const LOST: Fault[] = ["lost", "unheard", 1, 2, 3, 5];

describe.each([
  ["little at a time", little, 11],
  ["much at a time", much, 13],
])("%s", (_name, script, calls) => {
  const numbers = Array.from({ length: calls }, (_, call) => call);

  test("without a fault", async () => {
    const { store, outcome } = await run(script);
    expect(outcome.rejected).toEqual([]);
    expect(recordsOf(store).map((record) => record[0])).toEqual([..."12345678"].slice(0, outcome.acknowledged.length));
    expect(store.aside).toEqual([]);
    expect(store.calls).toHaveLength(calls);
  });

  test.each(sampled(numbers, 2))("call number %i fails: its records are rejected, and not there", async (call) => {
    const { store, outcome } = await run(script, new Map([[call, "failed"]]));
    const isAppend = store.calls[call] === "append" && call > 1;
    expect(outcome.rejected.length > 0, `${store.calls}`).toBe(isAppend);
    if (store.bytes.length > 0) expect(await verified(store)).toBe(0);
    if (store.bytes.length > 0) checkRecords(store, outcome, true);
    expect(store.aside).toEqual([]);
    await comeBack(store, outcome);
  });

  test.each(sampled(numbers, 2))(
    "the answer of call number %i is lost: what it was asked for is done once",
    async (call) => {
      for (const fault of LOST) {
        const { store, outcome } = await run(script, new Map([[call, fault]]));
        expect(outcome.rejected, `${store.calls}`).toEqual([]);
        checkRecords(store, outcome, true);
        await comeBack(store, outcome);
      }
    },
  );

  test.each(sampled(numbers, 2))("from call number %i on several answers are lost", async (call) => {
    for (const count of [3, 5]) {
      for (const fault of ["failed", ...LOST] as const) {
        const { store, outcome } = await run(
          script,
          new Map(Array.from({ length: count }, (_, i) => [call + i, fault])),
        );
        await comeBack(store, outcome);
      }
    }
  });

  test("all calls fail for good: everything is rejected, and what was acknowledged stays", async () => {
    for (const fault of ["failed", "lost"] as const) {
      const store = memoryStore();
      const writer = await openWriter(store, { suite: watchful() });
      await append(writer, "kept");
      store.fault = () => fault;
      const outcome: Outcome = { acknowledged: ["kept"], rejected: [] };
      await play(script, writer, outcome);
      expect(outcome.acknowledged).toEqual(["kept"]);
      await expect(writer.close()).rejects.toMatchObject({ code: "io" });
      await comeBack(store, outcome);
    }
  });
});

test("an append of which nothing is known is repeated as it was sealed, then decided under a new term", async () => {
  const store = memoryStore();
  const writer = await openWriter(store, { suite: watchful() });
  const appends = 4;
  store.fault = () => (store.calls.length > 3 && store.calls.at(-1) === "append" ? appends : null);
  await expect(append(writer, "a")).rejects.toMatchObject({ code: "io" });
  expect(store.calls.slice(3)).toEqual(["append", "append", "append", "takeTerm"]);
  store.fault = null;
  // What was asked for under the term before comes too late, though the journal ends where it would fit.
  await append(writer, "b");
  expect(recordsOf(store)).toEqual(["b"]);
  await writer.close();
});

test("where it cannot be found out what became of an append, its records are rejected as ones that may be there", async () => {
  for (const fault of ["lost", "unheard"] as const) {
    const store = memoryStore();
    const writer = await openWriter(store, { suite: watchful() });
    store.fault = () => fault;
    const error = await failure(append(writer, "a"));
    expect([error.code, error.hint]).toEqual(["io", expect.stringContaining("may or may not be in the journal")]);
    store.fault = null;
    await append(writer, "b");
    await writer.close();
    expect(recordsOf(store)).toEqual(fault === "lost" ? ["b"] : ["a", "b"]);
  }
});

test("an append that has landed though nothing was heard is acknowledged when that is known", async () => {
  const store = memoryStore();
  const writer = await openWriter(store, { suite: watchful() });
  store.fault = () => (store.calls.at(-1) === "append" ? "unheard" : null);
  await append(writer, "a");
  expect(store.calls.slice(3)).toEqual(["append", "append", "append", "takeTerm"]);
  store.fault = null;
  await append(writer, "b");
  expect(recordsOf(store)).toEqual(["a", "b"]);
});

test("those behind a frame that fails are rejected with it: appended again, all come in their order", async () => {
  const store = memoryStore();
  const writer = await openWriter(store, { suite: watchful() });
  const long = "x".repeat(4000);
  let fail = () => {};
  store.delay = () => new Promise((resolve) => (fail = resolve));
  store.fault = () => (store.calls.at(-1) === "append" ? "failed" : null);
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
