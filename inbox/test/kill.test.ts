// The service is killed while producers send, again and again: what was acknowledged is in the journal once, whatever
// was sent again. SEAL_KILL_ROUNDS sets how often.

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { makeSite, type Served, serve } from "./program.js";

const PRODUCERS = 8;
const KILLS = Number(process.env.SEAL_KILL_ROUNDS ?? 3);
/** Milliseconds: each start of a process counts. */
const LIMIT = 180_000 + 5000 * KILLS;

test("kill -9: every acknowledged record is there once, after retries too", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  let served = await serve(site);
  let isOver = false;
  const acknowledged: string[] = [];
  let retries = 0;
  const produce = async (producer: number) => {
    for (let i = 0; !isOver; i++) {
      const record = `${producer}-${i}`;
      const headers = { "idempotency-key": randomUUID() };
      while (!(await sent(served, record, headers))) {
        retries++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      acknowledged.push(record);
    }
  };
  const producing = Array.from({ length: PRODUCERS }, (_, producer) => produce(producer));
  for (let kill = 0; kill < KILLS; kill++) {
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 40 * (kill + 1));
    served.child.kill("SIGKILL");
    await served.ended;
    served = await serve(site);
  }
  isOver = true;
  await Promise.all(producing);
  const last = served;
  last.child.kill("SIGTERM");
  expect(await last.ended).toBe(0);
  expect(retries).toBeGreaterThan(0);
  expect((await site.records()).sort()).toEqual(acknowledged.sort());
});

test("kill -9: what was not acknowledged is not doubled when it is sent again", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const first = await serve(site);
  const requests = Array.from({ length: 200 }, (_, i) => ({
    record: `record ${i}`,
    headers: { "idempotency-key": randomUUID() },
  }));
  const sending = requests.map(({ record, headers }) => sent(first, record, headers));
  await Promise.race(sending);
  first.child.kill("SIGKILL");
  const before = (await Promise.all(sending)).filter((was) => was).length;
  await first.ended;
  const second = await serve(site);
  const again = await Promise.all(requests.map(({ record, headers }) => sent(second, record, headers)));
  expect(again.every((was) => was)).toBe(true);
  const changed = await second.post("another record", requests[0]!.headers);
  expect(changed.status).toBe(422);
  second.child.kill("SIGTERM");
  await second.ended;
  expect(before).toBeGreaterThan(0);
  expect((await site.records()).sort()).toEqual(requests.map(({ record }) => record).sort());
});

/** Whether it was acknowledged; false where the service has gone. */
async function sent({ post }: Served, record: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const response = await post(record, headers);
    await response.arrayBuffer();
    return response.status === 201;
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
