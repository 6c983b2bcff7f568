// An error in other words, with more to it, or on its way between threads, still says everything that it said.

import { expect, test } from "vitest";
import { fromFailure, toFailure } from "../src/engine/messages.js";
import { asIoError, prefixed, restated, SealError } from "../src/errors.js";

const cause = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
const FULL = new SealError("tampered", "it is altered", {
  hint: "Fetch it again.",
  reason: "exists",
  input: "j",
  chunk: 1,
  frame: 2,
  offset: 3,
  signer: "sealsig1…",
  recipients: ["seal1…"],
  cause,
});

const fieldsOf = (error: SealError) =>
  Object.fromEntries(Object.entries(error).filter(([name]) => !["stack", "message"].includes(name)));

test("the example has every field that an error has", () => {
  expect(Object.entries(fieldsOf(FULL)).filter(([, value]) => value === undefined)).toEqual([]);
  expect(Object.keys(fieldsOf(FULL)).length).toBeGreaterThan(8);
});

test.each([
  ["restated", (error: SealError) => restated(error, { message: "in other words" }), "in other words"],
  ["prefixed", (error: SealError) => prefixed("line 7", error), "line 7: it is altered"],
  ["from another thread", (error: SealError) => fromFailure(structuredClone(toFailure(error))), "it is altered"],
  ["known already", (error: SealError) => asIoError("cannot read", error), "it is altered"],
] as const)("%s, it keeps every field", (_how, change, message) => {
  const changed = change(FULL);
  expect(changed.message).toBe(message);
  expect(fieldsOf(changed)).toEqual(fieldsOf(FULL));
  expect((changed.cause as NodeJS.ErrnoException).code).toBe("ENOSPC");
});

test("what is said anew takes the place of what was said", () => {
  const changed = restated(FULL, { hint: "Ask the sender.", offset: 9, reason: undefined });
  expect(fieldsOf(changed)).toEqual({ ...fieldsOf(FULL), hint: "Ask the sender.", offset: 9, reason: undefined });
});
