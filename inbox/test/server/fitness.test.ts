// What a failing inbox means for the service's health, where a store is one service's own and where several share it.

import { expect, onTestFinished, test, vi } from "vitest";
import type { Inboxes } from "../../src/inboxes.js";
import { Problem, type ProblemName } from "../../src/problem.js";
import { Fitness } from "../../src/server/fitness.js";
import type { InboxStore } from "../../src/store/store.js";

/** Of two inboxes; what opening one of them fails with is in `failures`. */
function fitness(isShared: boolean, failures = new Map<string, ProblemName>(), retry = 1_000_000) {
  const store = {
    list: async () => ["till", "door"],
    place: () => ({ isAlwaysWhole: isShared }),
    probe: async () => {},
  } as unknown as InboxStore;
  const inboxes = {
    use: async (name: string) => {
      const problem = failures.get(name);
      if (problem) throw new Problem(problem, "it is not to be had");
    },
  } as unknown as Inboxes;
  const made = new Fitness(store, inboxes, retry);
  onTestFinished(() => made.stop());
  return made;
}

test("a journal that another service has taken over is in order, where services share the store", async () => {
  const shared = fitness(true);
  shared.failed("till", "fenced");
  shared.failed("door", "fenced");
  expect([shared.failing, [...shared.problems]]).toEqual([0, []]);
  await shared.check();
});

test("what failed before is over when another service takes the journal", () => {
  const shared = fitness(true);
  shared.failed("till", "storage");
  expect([...shared.problems]).toEqual([["storage", 1]]);
  shared.failed("till", "fenced");
  expect(shared.failing).toBe(0);
});

test("where nobody shares it, somebody else has it: that is a failure", async () => {
  const own = fitness(false);
  own.failed("till", "fenced");
  expect([...own.problems]).toEqual([["fenced", 1]]);
  await own.check();
  own.failed("door", "fenced");
  await expect(own.check()).rejects.toThrow("No inbox can be used: fenced.");
});

test("what is tried again, and is fenced then, is in order where services share the store, and else is not", async () => {
  for (const isShared of [true, false]) {
    const failures = new Map<string, ProblemName>([["till", "fenced"]]);
    const tried = fitness(isShared, failures, 5);
    tried.failed("till", "refused");
    await vi.waitFor(() => expect([...tried.problems]).toEqual(isShared ? [] : [["fenced", 1]]), { timeout: 10_000 });
    tried.stop();
  }
});
