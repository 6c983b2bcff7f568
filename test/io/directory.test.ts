import { afterEach, expect, test, vi } from "vitest";
import { remembered } from "../../src/io/directory.js";

afterEach(() => vi.useRealTimers());

test("what a directory tells is asked once, or anew when it is old, or the clock was put back", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  let asked = 0;
  const ask = (directory: string) => `${directory} ${asked++}`;
  const [always, aWhile] = [remembered(ask), remembered(ask, 500)];
  expect([always("a"), always("b"), always("a")]).toEqual(["a 0", "b 1", "a 0"]);
  expect([aWhile("a"), aWhile("b"), aWhile("a")]).toEqual(["a 2", "b 3", "a 2"]);
  vi.setSystemTime(Date.now() + 499);
  expect([always("a"), aWhile("a")]).toEqual(["a 0", "a 2"]);
  vi.setSystemTime(Date.now() + 1);
  expect([always("a"), aWhile("a"), aWhile("a")]).toEqual(["a 0", "a 4", "a 4"]);
  vi.setSystemTime(Date.now() - 500);
  expect([always("a"), aWhile("a")]).toEqual(["a 0", "a 5"]);
});

test("what is nothing, or failed, is told as it is", () => {
  let asked = 0;
  const ask = remembered(() => {
    if (asked++ === 0) throw new Error("not there");
    return null;
  });
  expect(() => ask("a")).toThrow("not there");
  expect([ask("a"), ask("a"), asked]).toEqual([null, null, 2]);
});
