import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { GCProfiler } from "node:v8";
import { expect, test } from "vitest";
import { Age, collectAll, collectYoung } from "../../src/crypto/collect.js";

/** The collections while that is done, by V8's names. */
async function during(work: () => Promise<void>): Promise<string[]> {
  const profiler = new GCProfiler();
  profiler.start();
  await work();
  return profiler.stop()!.statistics.map(({ gcType }) => gcType);
}

test("everything means what is old, too", async () => {
  let key: KeyObject | null = generateKeyPairSync("ed25519").privateKey;
  const seen = new WeakRef(key);
  await turn();
  for (let i = 0; i < 3; i++) collectYoung();
  expect(key.type).toBe("private");
  key = null;
  await collectAll();
  await turn();
  expect(seen.deref()).toBeUndefined();
});

test.each([0, 1, 2])("who has outlived %i collections is collected with the young, but for the last", async (count) => {
  const age = new Age();
  for (let i = 0; i < count; i++) collectYoung();
  const done = await during(() => age.collect());
  expect(done).toEqual([count < 2 ? "Scavenge" : "MarkSweepCompact"]);
});

test("what comes after nobody held it any more does not make it old", async () => {
  const age = new Age();
  collectYoung();
  age.end();
  await new Promise((resolve) => setTimeout(resolve, 2));
  collectYoung();
  age.end();
  expect(await during(() => age.collect())).toEqual(["Scavenge"]);
});

test("who was not held any more when everything was collected is gone by then", async () => {
  const age = new Age();
  collectYoung();
  collectYoung();
  age.end();
  await new Promise((resolve) => setTimeout(resolve, 2));
  await collectAll();
  expect(await during(() => age.collect())).toEqual(["Scavenge"]);
});

test("what came before it, and is heard of later, does not make it old", async () => {
  await new Age().collect();
  await collectAll();
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(await during(() => new Age().collect())).toEqual(["Scavenge"]);
});

test("where one of those who ask is old, everything is collected for all", async () => {
  const old = new Age();
  for (let i = 0; i < 2; i++) collectYoung();
  old.end();
  await new Promise((resolve) => setTimeout(resolve, 2));
  const done = await during(async () => {
    await Promise.all([new Age().collect(), old.collect(), new Age().collect()]);
  });
  expect(done).toEqual(["MarkSweepCompact"]);
});

test("who lived before more collections than are remembered is taken for old", async () => {
  const age = new Age();
  age.end();
  await new Promise((resolve) => setTimeout(resolve, 2));
  for (let i = 0; i < 300; i++) collectYoung();
  expect(await during(() => age.collect())).toContain("MarkSweepCompact");
});

test("who has outlived one collection of everything is old", async () => {
  const age = new Age();
  await collectAll();
  expect(await during(() => age.collect())).toContain("MarkSweepCompact");
});

test("one behind the other, all are young", async () => {
  const done = await during(async () => {
    for (let i = 0; i < 5; i++) await new Age().collect();
  });
  expect(done).toEqual(Array(5).fill("Scavenge"));
});

test("everything is collected once for all who ask meanwhile", async () => {
  const done = await during(async () => {
    for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 20 }, () => collectAll()));
  });
  expect(done.filter((type) => type === "MarkSweepCompact")).toHaveLength(3);
});

test("what is young is collected once for all who ask in turns that follow on each other, but not for ever", async () => {
  const asking = async (times: number) => {
    const all: Promise<void>[] = [];
    for (let i = 0; i < times; i++) {
      all.push(new Age().collect(), new Age().collect());
      await turn();
    }
    await Promise.all(all);
  };
  for (const [times, collections] of [
    [1, 1],
    [5, 1],
    [20, 3],
  ] as const) {
    const done = await during(() => asking(times));
    expect([times, done]).toEqual([times, Array(collections).fill("Scavenge")]);
  }
});

test("who asks waits a while for those who have not ended, not for ever", async () => {
  const [first, second, third] = [new Age(), new Age(), new Age()];
  const done = await during(async () => {
    const asked = first.collect();
    for (let i = 0; i < 5; i++) await turn();
    await Promise.all([asked, second.collect()]);
  });
  expect(done).toEqual(["Scavenge"]);
  expect(await during(() => new Age().collect())).toEqual(["Scavenge"]);
  third.end();
});
