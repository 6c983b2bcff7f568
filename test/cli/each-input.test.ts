// What a command does for its inputs: who begins, who is told of, and in which order.

import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Context } from "../../src/cli/command.js";
import { forEachInput } from "../../src/cli/each-input.js";

/** None of them is there, so eight are worked on at a time. */
const INPUTS = Array.from({ length: 20 }, (_, i) => `/missing/${i}`);

function bench(inputs: readonly string[]) {
  const abort = new AbortController();
  const begun: number[] = [];
  const told: number[] = [];
  const going = new Map<number, { end: () => void; fail: (error: Error) => void }>();
  const context = { signal: abort.signal, report: {} } as unknown as Context;
  const tell = { of: (index: number): void => void told.push(index) };
  const ended = forEachInput(inputs, context, async (_input, _isNext, index) => {
    begun.push(index);
    await new Promise<void>((end, fail) => going.set(index, { end, fail }));
    return () => tell.of(index);
  }).then(
    () => null,
    (error: unknown) => error,
  );
  const end = async (...indexes: readonly number[]) => {
    for (const index of indexes) going.get(index)!.end();
    for (let i = 0; i < 5; i++) await turn();
  };
  return { abort, begun, told, tell, going, ended, end };
}

test("eight are worked on at a time, and told of in their order", async () => {
  const { begun, told, ended, end } = bench(INPUTS);
  await end();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  await end(1, 2);
  expect([begun.length, told]).toEqual([10, []]);
  await end(0);
  expect([begun.length, told]).toEqual([11, [0, 1, 2]]);
  for (let i = 3; i < INPUTS.length; i++) await end(i);
  expect([await ended, told]).toEqual([null, INPUTS.map((_, i) => i)]);
});

test("where telling fails, nothing more begins", async () => {
  const { begun, tell, ended, end } = bench(INPUTS);
  tell.of = () => {
    throw new Error("nobody reads");
  };
  await end();
  await end(0);
  expect(await ended).toMatchObject({ message: "nobody reads" });
  await end(1, 2, 3, 4, 5, 6, 7);
  expect(begun).toHaveLength(8);
});

test("where it is interrupted, nothing more begins, and what still becomes whole is told of, once", async () => {
  const { abort, begun, told, ended, end, going } = bench(INPUTS);
  await end();
  await end(1);
  abort.abort(new Error("interrupted"));
  going.get(0)!.fail(new Error("given up"));
  await end(3, 5);
  for (const i of [2, 4, 6, 7, 8]) going.get(i)!.fail(new Error("given up"));
  expect(await ended).toMatchObject({ message: expect.stringContaining("interrupted") });
  expect([begun.length, told]).toEqual([9, [1, 3, 5]]);
});

test("where it is interrupted, what does not end is not waited for", async () => {
  const { abort, told, ended, end, going } = bench(INPUTS.slice(0, 3));
  await end();
  await end(2);
  abort.abort(new Error("interrupted"));
  going.get(1)!.fail(new Error("given up"));
  expect(await ended).toMatchObject({ message: expect.stringContaining("interrupted") });
  expect(told).toEqual([2]);
});
