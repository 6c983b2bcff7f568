// Work whose errors are given no stack traces, and what is left as it was.

import { afterEach, expect, test, vi } from "vitest";
import { untraced } from "../../src/crypto/untraced.js";

const limit = Error.stackTraceLimit;
afterEach(() => {
  vi.unstubAllGlobals();
  Error.stackTraceLimit = limit;
});

const traced = () => /\n\s+at /.test(new Error("some").stack!);

test("errors within have no trace, those before and behind have", () => {
  Error.stackTraceLimit = 7;
  expect([traced(), untraced(traced), traced(), Error.stackTraceLimit]).toEqual([true, false, true, 7]);
});

test("what it throws comes through, and the limit is back", () => {
  Error.stackTraceLimit = 7;
  const failing = () => {
    throw new RangeError("no such cipher");
  };
  expect(() => untraced(failing)).toThrow(RangeError);
  expect([traced(), Error.stackTraceLimit]).toEqual([true, 7]);
});

test("one within another ends as it began", () => {
  Error.stackTraceLimit = 7;
  const inner = () => [untraced(() => Error.stackTraceLimit), Error.stackTraceLimit];
  expect([untraced(inner), Error.stackTraceLimit]).toEqual([[0, 0], 7]);
});

test("where Error is frozen, the work is done all the same", () => {
  class Frozen extends Error {
    static override stackTraceLimit = 7;
  }
  vi.stubGlobal("Error", Object.freeze(Frozen));
  expect([untraced(() => Error.stackTraceLimit), Error.stackTraceLimit]).toEqual([7, 7]);
});

test("where Error has no limit, it has none afterwards", () => {
  class Unlimited extends Error {
    static override stackTraceLimit = 0;
  }
  Reflect.deleteProperty(Unlimited, "stackTraceLimit");
  Object.setPrototypeOf(Unlimited, null);
  vi.stubGlobal("Error", Unlimited);
  expect(untraced(() => "done")).toBe("done");
  expect(Error.stackTraceLimit).toBeUndefined();
});
