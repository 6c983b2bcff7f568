// Wrong tokens in great number: they wait for each other, and nobody else for them.

import { expect, test } from "vitest";
import { Bearers } from "../../src/server/bearers.js";
import type { InboxStore } from "../../src/store/store.js";

const GRANT = JSON.stringify({ role: "producer", name: "shop", created: "2026-01-01", way: "header", secrets: [] });

/** A store that answers when it is let, and what it was asked. */
function slowStore() {
  const asked: { isStrange: boolean | undefined; answer(text: string | null): void }[] = [];
  const get = (_hash: string, isStrange?: boolean) =>
    new Promise<string | null>((answer) => asked.push({ isStrange, answer }));
  return { asked, store: { place: () => ({ tokens: { get } }) } as unknown as InboxStore };
}

test("so many are looked up at a time, and no more; the same one once", async () => {
  const { asked, store } = slowStore();
  const bearers = new Bearers(store, 10);
  const find = (token: string) => bearers.find("till", token, "header");
  const guesses = Array.from({ length: 64 }, (_, i) => find(`guess-${i}`));
  const again = find("guess-0");
  await expect(find("guess-64")).rejects.toMatchObject({ problem: "busy", retryAfter: 1 });
  expect(asked.length).toBe(64);
  for (const { answer } of asked) answer(null);
  expect(await Promise.all([...guesses, again])).toEqual(Array(65).fill(null));
  const next = find("guess-64");
  asked[64]!.answer(GRANT);
  expect(await next).toMatchObject({ grant: { name: "shop" } });
});

test("one that was valid is looked up apart from them, and shares its bucket with itself", async () => {
  const { asked, store } = slowStore();
  const bearers = new Bearers(store, 10);
  const find = (token: string) => bearers.find("till", token, "header");
  const first = [find("token"), find("token")];
  asked[0]!.answer(GRANT);
  const [one, other] = await Promise.all(first);
  expect(one!.bucket).toBe(other!.bucket);
  for (let i = 0; i < 64; i++) find(`guess-${i}`).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1050));
  const known = find("token");
  expect(asked.at(-1)!.isStrange).toBe(false);
  expect(asked.slice(0, -1).every(({ isStrange }) => isStrange)).toBe(true);
  asked.at(-1)!.answer(null);
  expect(await known).toBeNull();
  await expect(find("token")).rejects.toMatchObject({ problem: "busy" });
});
