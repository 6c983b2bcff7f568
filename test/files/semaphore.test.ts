import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Semaphore } from "../../src/flow/semaphore.js";

test("units are had in the order in which they are asked for, and never more of them than there are", async () => {
  const semaphore = new Semaphore(4);
  const log: string[] = [];
  const ask = (name: string, units: number) => semaphore.acquire(units).then(() => log.push(name));
  for (const [name, units] of [
    ["three", 3],
    ["two", 2],
    ["one", 1],
    ["four", 4],
  ] as const) {
    void ask(name, units);
  }
  await turn();
  // One is free, but who asks for two came before.
  expect(log).toEqual(["three"]);
  semaphore.release(3);
  await turn();
  expect(log).toEqual(["three", "two", "one"]);
  semaphore.release(2);
  await turn();
  expect(log).toEqual(["three", "two", "one"]);
  semaphore.release(1);
  await turn();
  expect(log).toEqual(["three", "two", "one", "four"]);
});
