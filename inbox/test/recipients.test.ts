import { SealError } from "@sealed-files/seal";
import { expect, test } from "vitest";
import { Recipients } from "../src/recipients.js";

/** Settings that answer when they are let, and a clock that is set by hand. */
function setUp() {
  const hand = { time: 0, changes: 0 };
  const asked: { answer(named: string[]): void; fail(): void }[] = [];
  const ask = () =>
    new Promise<string[]>((answer, reject) =>
      asked.push({ answer, fail: () => reject(new SealError("io", "the store is gone")) }),
    );
  const recipients = new Recipients(
    ask,
    () => hand.changes++,
    () => hand.time,
  );
  const begin = async (...named: string[]) => {
    const taken = recipients.take();
    asked.at(-1)!.answer(named);
    expect(await taken).toEqual(named);
  };
  return { hand, asked, recipients, begin };
}

test("they are asked for anew after five seconds, and an epoch for others is ended", async () => {
  const { hand, asked, recipients, begin } = setUp();
  await begin("ann");
  hand.time = 5000;
  await recipients.look();
  expect(asked.length).toBe(1);
  hand.time = 5001;
  const looks = [recipients.look(), recipients.look()];
  expect(asked.length).toBe(2);
  asked[1]!.answer(["ann"]);
  await Promise.all(looks);
  expect(hand.changes).toBe(0);
  hand.time = 10_002;
  const look = recipients.look();
  asked[2]!.answer(["ann", "bob"]);
  await look;
  expect(hand.changes).toBe(1);
  await begin("ann", "bob");
  hand.time = 20_000;
  const last = recipients.look();
  asked.at(-1)!.answer(["ann", "bob"]);
  await last;
  expect(hand.changes).toBe(1);
});

test("a look that fails is none, and one counts from when it was begun", async () => {
  const { hand, asked, recipients, begin } = setUp();
  await begin("ann");
  hand.time = 6000;
  const failing = recipients.look();
  asked[1]!.fail();
  await expect(failing).rejects.toMatchObject({ code: "io" });
  const slow = recipients.look();
  hand.time = 12_000;
  // Who comes by now may come after a change that this look does not show any more.
  const late = recipients.look();
  asked[2]!.answer(["ann"]);
  await slow;
  await new Promise((resolve) => setImmediate(resolve));
  expect([asked.length, hand.changes]).toEqual([4, 0]);
  asked[3]!.answer(["bob"]);
  await late;
  expect(hand.changes).toBe(1);
});
