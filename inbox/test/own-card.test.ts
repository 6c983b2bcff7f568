// A service's own card, where the others cannot be told of a new one.

import { Identity } from "@sealed-files/seal";
import { afterEach, expect, test, vi } from "vitest";
import { nameOf, OwnCard } from "../src/peers/own.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

afterEach(() => void vi.useRealTimers());

test("one that is made and not told of yet is told of again, and not made anew each time", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { identity } = await Identity.generate();
  const own = await OwnCard.make(identity, "127.0.0.1:1");
  const first = own.card;
  vi.setSystemTime(Date.now() + 7 * HOUR);
  const names = new Set<string>();
  // A day without a database, asked every minute.
  for (const end = Date.now() + DAY; Date.now() < end; vi.setSystemTime(Date.now() + 60_000)) {
    const { card } = await own.next();
    names.add(nameOf(card.certificate));
    expect(own.contextOf(nameOf(card.certificate))).toBeDefined();
  }
  expect(own.card).toBe(first);
  expect(names.size).toBeLessThan(150);
  expect(own.isDue).toBe(true);
  const next = await own.next();
  own.use(next);
  expect([own.card, own.isDue]).toEqual([next.card, false]);
  expect((await own.next()).card).not.toBe(next.card);
});
