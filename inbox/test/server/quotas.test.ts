// Quotas, as producers meet them.

import { SealError } from "@sealed-files/seal";
import { expect, test, vi } from "vitest";
import type { Rules } from "../../src/quotas/limits.js";
import { createToken } from "../../src/store/tokens.js";
import { fakeDisk } from "../fake-writer.js";
import { startService } from "../service.js";

const KEY = "0b2f3c9e-7a51-4f0e-8f60-3f1ad2c1b7a";

async function start(rules: Partial<Rules>) {
  const disk = fakeDisk();
  const running = await startService(disk.openWriter);
  const set = (quotas: Partial<Rules>) =>
    running.directory.change("till", (before) => ({ ...before, quotas: { ...before.quotas, ...quotas } }));
  await set(rules);
  return { ...running, disk, set };
}

const told = async (response: Response) => {
  const { type, detail } = (await response.json()) as { type?: string; detail?: string };
  return [response.status, type?.replace("urn:seal-inbox:", ""), detail, response.headers.get("retry-after")];
};

test("says which limit of whom was reached, and when to come again", async () => {
  const { post, place, url } = await start({ producers: { bytes: 100 }, inbox: { bytes: 120 } });
  expect((await post("x".repeat(100))).status).toBe(201);
  expect(await told(await post("x"))).toEqual([
    429,
    "producer-bytes",
    "At most 100 bytes a day are accepted from this producer.",
    "864",
  ]);
  const { token } = await createToken(place, "producer", "other");
  const authorization = `Bearer ${token}`;
  expect((await post("x".repeat(20), { authorization })).status).toBe(201);
  expect((await told(await post("x", { authorization }))).slice(0, 2)).toEqual([429, "inbox-bytes"]);
  const figures = await (await fetch(`${url}/metrics`)).text();
  for (const [name, count] of [
    ["producer-bytes", 1],
    ["inbox-bytes", 1],
    ["producer-rate", 0],
    ["inbox-keys", 0],
  ])
    expect(figures).toContain(`seal_inbox_problems_total{problem="${name}"} ${count}\n`);
  expect(figures).not.toMatch(/till|shop|other/);
});

test("all tokens of a producer share its quota, whatever kind they are", async () => {
  const { post, place, url } = await start({ producers: { bytes: 10 } });
  const second = (await createToken(place, "producer", "shop")).token;
  const hook = (await createToken(place, "producer", "shop", { way: "url" })).token;
  expect((await post("x".repeat(10))).status).toBe(201);
  expect((await post("x", { authorization: `Bearer ${second}` })).status).toBe(429);
  expect((await fetch(`${url}/v1/inboxes/till/hooks/${hook}`, { method: "POST", body: "x" })).status).toBe(429);
});

test("a retry of what is stored takes nothing of bytes and keys, and is acknowledged when there are none left", async () => {
  const { post } = await start({ producers: { bytes: 10, keys: 1 } });
  const send = (n: number, body: string) => post(body, { "idempotency-key": `${KEY}${n}` });
  expect((await send(1, "x".repeat(5))).status).toBe(201);
  for (let i = 0; i < 5; i++) expect(await (await send(1, "x".repeat(5))).json()).toEqual({ records: 1 });
  expect((await told(await send(2, "x"))).slice(0, 2)).toEqual([429, "producer-keys"]);
  expect((await post("x".repeat(5))).status).toBe(201);
  expect((await told(await post("x"))).slice(0, 2)).toEqual([429, "producer-bytes"]);
});

test("what the disk did not take is not counted", async () => {
  const { post, disk } = await start({ producers: { bytes: 10, keys: 1 } });
  disk.failure = new SealError("io", "cannot write: EIO");
  for (let i = 0; i < 3; i++)
    expect((await post("x".repeat(10), { "idempotency-key": `${KEY}${i}` })).status).toBe(503);
  disk.failure = null;
  expect((await post("x".repeat(10), { "idempotency-key": `${KEY}0` })).status).toBe(201);
});

test("a running service notices a change, and counts go on when the inbox is closed meanwhile", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { post, set, service } = await start({ producers: { bytes: 10 } });
    expect((await post("x".repeat(10))).status).toBe(201);
    await service.inboxes.between("till", async () => undefined);
    expect((await post("x")).status).toBe(429);
    await set({ producers: { bytes: 20 } });
    vi.advanceTimersByTime(6000);
    expect((await post("x".repeat(20))).status).toBe(201);
  } finally {
    vi.useRealTimers();
  }
});

test("an inbox has no more keys than its quota, also of requests that come at once", async () => {
  const { post, disk } = await start({ inbox: { keys: 3 } });
  await post("warm");
  let open = () => {};
  disk.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const all = Array.from({ length: 10 }, (_, i) => post("x", { "idempotency-key": `${KEY}${i}` }));
  // Nothing is written yet: who is answered is refused.
  expect((await Promise.race(all)).status).toBe(429);
  open();
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(3);
});
