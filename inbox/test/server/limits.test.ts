import { expect, test } from "vitest";
import { Admission } from "../../src/server/admission.js";
import { Bucket } from "../../src/server/bucket.js";

test("a bucket gives its rate at once, then as fast as it fills", () => {
  const bucket = new Bucket(10, 0);
  expect(Array.from({ length: 10 }, () => bucket.take(0))).toEqual(Array(10).fill(0));
  expect(bucket.take(0)).toBe(1);
  expect(bucket.take(99)).toBe(1);
  expect(bucket.take(100)).toBe(0);
  expect(bucket.take(100)).toBe(1);
  for (let i = 0; i < 10; i++) expect(bucket.take(1_000_000)).toBe(0);
  expect(bucket.take(1_000_000)).toBe(1);
});

test("room is given back once", () => {
  const admission = new Admission(10);
  const leave = admission.admit(6)!;
  expect(admission.admit(5)).toBeNull();
  expect(admission.admit(4)).not.toBeNull();
  leave();
  leave();
  expect(admission.held).toBe(4);
});
