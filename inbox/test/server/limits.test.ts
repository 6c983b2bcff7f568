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

test("a bucket gives more at once than in a second, several at a time, and takes them back", () => {
  const bucket = new Bucket(10, 0, 100);
  expect([bucket.take(0, 60), bucket.take(0, 60)]).toEqual([0, 2]);
  bucket.give(20);
  expect([bucket.take(0, 60), bucket.take(0)]).toEqual([0, 1]);
  bucket.give(1000);
  expect([bucket.take(0, 100), bucket.take(0)]).toEqual([0, 1]);
  // What is more than it ever has takes all of it, and what is yet to come.
  expect([bucket.take(9999, 150), bucket.take(10_000, 150), bucket.take(15_000)]).toEqual([1, 0, 1]);
  expect(bucket.take(15_100)).toBe(0);
});

test("room is held while there is work, and given back however that ends", async () => {
  const admission = new Admission(10);
  let end!: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const [ann, bob] = [{}, {}];
  const six = admission.hold(ann, 6, () => ended);
  await expect(admission.hold(bob, 5, async () => undefined)).rejects.toMatchObject({ problem: "busy", retryAfter: 1 });
  await expect(admission.hold(bob, 4, () => Promise.reject(new Error("a failure")))).rejects.toThrow("a failure");
  expect(admission.held).toBe(6);
  end();
  await six;
  expect(admission.held).toBe(0);
});

test("nobody takes all of the room with several bodies", async () => {
  const admission = new Admission(10);
  const [ann, bob] = [{}, {}];
  let end!: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const three = admission.hold(ann, 3, () => ended);
  await expect(admission.hold(ann, 3, async () => undefined)).rejects.toMatchObject({ problem: "busy" });
  expect(await admission.hold(ann, 2, async () => "half")).toBe("half");
  expect(await admission.hold(bob, 7, async () => "a first one")).toBe("a first one");
  end();
  await three;
  expect(await admission.hold(ann, 10, async () => "all, alone")).toBe("all, alone");
});
