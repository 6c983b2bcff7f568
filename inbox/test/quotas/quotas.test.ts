// Quotas, by a clock that a test sets.

import { describe, expect, test } from "vitest";
import { parseRules, type Rules } from "../../src/quotas/limits.js";
import { type Quota, Quotas } from "../../src/quotas/quotas.js";
import { Recent } from "../../src/quotas/recent.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function make(rules: Partial<Rules>, lifetime = DAY) {
  const clock = { now: 0 };
  const quotas = new Quotas(lifetime, () => clock.now);
  const quota = quotas.of("till");
  quota.follow({ inbox: {}, producers: {}, byName: {}, ...rules });
  return { clock, quotas, quota };
}

/** What is refused, and for how long; null where nothing is. */
function refusal(work: () => unknown): [string, number | null] | null {
  try {
    work();
    return null;
  } catch (error) {
    const { problem, retryAfter } = error as { problem: string; retryAfter: number | null };
    return [problem, retryAfter];
  }
}

const held = (size: number) => ({ size, untilFewer: () => 77 });
const write = (quota: Quota, producer: string, bytes: number, hasKey = false, keys = 0) =>
  refusal(() => quota.write(producer, bytes, hasKey, held(keys)));

test("requests: so many a second, so many at once, of each producer and of all", () => {
  const { clock, quota } = make({ producers: { rate: 2, burst: 4 }, inbox: { rate: 3, burst: 6 } });
  const ask = (producer: string) => refusal(() => quota.request(producer));
  expect([1, 2, 3, 4].map(() => ask("ann"))).toEqual([null, null, null, null]);
  expect(ask("ann")).toEqual(["producer-rate", 1]);
  expect([ask("bob"), ask("bob")]).toEqual([null, null]);
  // What the inbox refuses is given back to the producer.
  for (let i = 0; i < 10; i++) expect(ask("bob")).toEqual(["inbox-rate", 1]);
  clock.now = 500;
  expect([ask("bob"), ask("bob")]).toEqual([null, ["inbox-rate", 1]]);
  clock.now = 10_000;
  expect([1, 2, 3, 4, 5].map(() => ask("ann"))).toEqual([null, null, null, null, ["producer-rate", 1]]);
});

test("bytes a day: with the time until there is room, and one body that is more than a day's", () => {
  const { clock, quota } = make({ producers: { bytes: 86_400 } });
  expect([write(quota, "ann", 80_000), write(quota, "ann", 6400)]).toEqual([null, null]);
  expect(write(quota, "ann", 100)).toEqual(["producer-bytes", 100]);
  expect(write(quota, "bob", 86_400)).toBe(null);
  clock.now = 99_000;
  expect(write(quota, "ann", 100)).toEqual(["producer-bytes", 1]);
  clock.now = 100_000;
  expect(write(quota, "ann", 100)).toBe(null);
  clock.now = 100_000 + DAY;
  expect(write(quota, "ann", 200_000)).toBe(null);
  expect(write(quota, "ann", 1)).toEqual(["producer-bytes", 113_601]);
});

test("keys: of an inbox, those that it holds; of a producer, those that were written within their lifetime", () => {
  const { clock, quota } = make({ inbox: { keys: 10 }, producers: { keys: 2 } }, 8 * HOUR);
  expect(write(quota, "ann", 1, true, 10)).toEqual(["inbox-keys", 77]);
  expect([1, 2, 3].map(() => write(quota, "ann", 1, true, 9))).toEqual([null, null, ["producer-keys", 9 * 3600]]);
  expect(write(quota, "ann", 1, false, 10)).toBe(null);
  expect(write(quota, "bob", 1, true, 9)).toBe(null);
  clock.now = 9 * HOUR - 1000;
  expect(write(quota, "ann", 1, true, 9)).toEqual(["producer-keys", 1]);
  clock.now = 9 * HOUR;
  expect(write(quota, "ann", 1, true, 9)).toBe(null);
});

test("what came to nothing is given back", () => {
  const { quota } = make({ inbox: { bytes: 100 }, producers: { bytes: 100, keys: 1 } });
  const giveBack = quota.write("ann", 100, true, held(0));
  expect(write(quota, "ann", 100, true)?.[0]).toBe("producer-bytes");
  giveBack();
  expect(write(quota, "ann", 100, true)).toBe(null);
  expect(write(quota, "bob", 100)?.[0]).toBe("inbox-bytes");
});

test("a producer's own quota counts before that of each; none lifts it", () => {
  const byName = { ann: { bytes: 10 }, bob: { bytes: null } };
  const { quota } = make({ producers: { bytes: 100 }, byName });
  expect(write(quota, "ann", 10)).toBe(null);
  expect(write(quota, "ann", 1)?.[0]).toBe("producer-bytes");
  for (let i = 0; i < 10; i++) expect(write(quota, "bob", 100)).toBe(null);
  expect([write(quota, "constructor", 100), write(quota, "constructor", 1)?.[0]]).toEqual([null, "producer-bytes"]);
});

test("by default, a producer has 32 GiB a day and an inbox 64; and any rate, and any keys", () => {
  const { quota } = make({});
  const half = 16 * 2 ** 30;
  const names = (...producers: string[]) => producers.map((name) => write(quota, name, half)?.[0]);
  expect(names("ann", "ann", "ann")).toEqual([undefined, undefined, "producer-bytes"]);
  expect(names("bob", "bob", "eve")).toEqual([undefined, undefined, "inbox-bytes"]);
  for (let i = 0; i < 100_000; i++) quota.request("ann");
  expect(write(make({}).quota, "ann", 1, true, 10 ** 9)).toBe(null);
});

test("counts go on where nothing has changed, also when the inbox is opened anew; and begin anew where it has", () => {
  const { quotas, quota } = make({ producers: { bytes: 100 } });
  expect(write(quota, "ann", 100)).toBe(null);
  const again = quotas.of("till");
  again.follow({ inbox: { bytes: 1000 }, producers: { bytes: 100 }, byName: {} });
  expect(write(again, "ann", 1)?.[0]).toBe("producer-bytes");
  again.follow({ inbox: {}, producers: { bytes: 101 }, byName: {} });
  expect(write(again, "ann", 101)).toBe(null);
  expect(write(quotas.of("other"), "ann", 1)).toBe(null);
});

test("however many producers there are, counts take a bounded memory: the oldest are forgotten", () => {
  const { quotas, quota } = make({ producers: { bytes: 10 } });
  write(quota, "first", 10);
  for (let i = 0; i < 60_000; i++) {
    write(quota, `producer-${i}`, 10);
    if (i === 30_000) expect(write(quota, "first", 1)?.[0]).toBe("producer-bytes");
  }
  expect(quotas.counted).toBe(50_000);
  expect(write(quota, "first", 1)?.[0]).toBe("producer-bytes");
  expect(write(quota, "producer-0", 10)).toBe(null);
});

describe("what is stored", () => {
  test.each<[unknown]>([
    [null],
    [{ inbox: [] }],
    [{ inbox: { bytes: 0 } }],
    [{ inbox: { bytes: 1.5 } }],
    [{ inbox: { bytes: "1" } }],
    [{ producers: { other: 1 } }],
    [{ producers: null }],
    [{ byName: { "a b": {} } }],
    [{ byName: { ann: { rate: -1 } } }],
    [{ byName: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`p${i}`, {}])) }],
  ])("is refused where it is none: %j", (stored) => {
    expect(parseRules(stored)).toBe(null);
  });

  test("may lack all, or lift a limit", () => {
    expect(parseRules({})).toEqual({ inbox: {}, producers: {}, byName: {} });
    const rules = { inbox: { bytes: null }, producers: { rate: 1, burst: 2 }, byName: { ann: { keys: 1 } } };
    expect(parseRules(rules)).toEqual(rules);
  });
});

test("what is recent is counted for its time, and an eighth of it longer at most", () => {
  const recent = new Recent(8000);
  recent.add(500, 2);
  recent.add(7999, 1);
  expect([recent.count(8500), recent.untilFewer(8500)]).toEqual([3, 1]);
  expect([recent.count(9000), recent.untilFewer(9000)]).toEqual([1, 7]);
  expect([recent.count(15_999), recent.count(16_000)]).toEqual([1, 0]);
});
