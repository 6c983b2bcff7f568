// Three services on one database whose clocks are an hour ahead, an hour behind, and right: who has the inbox open goes
// by the database's clock alone. SEAL_FAILOVER_ROUNDS sets how often each fault is played.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { hasOwnServer, ownServer } from "./own-server.js";
import { expectRecords, openedIn, ownerOf, produce, readerOf, sleep } from "./producers.js";
import { type DatabaseSite, makeDatabaseSite, type Served, serve } from "./program.js";

const SHIFTED = fileURLToPath(new URL("shifted-clock.js", import.meta.url));
const HOUR = 3_600_000;
const SHIFTS = [HOUR, -HOUR, 0];
const IS_SHORT = !IS_WHOLE && process.env.SEAL_FAILOVER_ROUNDS === undefined;
const ROUNDS = Number(process.env.SEAL_FAILOVER_ROUNDS ?? (IS_WHOLE ? 2 : 1));
const LIMIT = 120_000 + 30_000 * ROUNDS;

function start(site: DatabaseSite, i: number): Promise<Served> {
  const file = join(site.path, `clock-${i}`);
  writeFileSync(file, String(SHIFTS[i]));
  const env = { SEAL_INBOX_STORE: site.database, SHIFTED_CLOCK: file };
  return serve(site, ["--peers", "127.0.0.1:0"], ["--import", SHIFTED], env);
}

const FAULTS = {
  "is killed": async (services: Served[], owner: number, site: DatabaseSite) => {
    services[owner]!.child.kill("SIGKILL");
    await services[owner]!.ended;
    services[owner] = await start(site, owner);
  },
  "is stopped, and wakes up": async (services: Served[], owner: number) => {
    services[owner]!.child.kill("SIGSTOP");
    await sleep(4000);
    services[owner]!.child.kill("SIGCONT");
  },
};

describe.skipIf(!hasOwnServer)("three clocks", () => {
  const server = ownServer();

  test.each(IS_SHORT ? Object.entries(FAULTS).slice(0, 1) : Object.entries(FAULTS))(
    "the one that %s has the inbox open",
    { timeout: LIMIT },
    async (name, strike) => {
      const site = await makeDatabaseSite(await server().database());
      const services = await Promise.all(SHIFTS.map((_, i) => start(site, i)));
      const reader = readerOf(site);
      const { more, end } = produce(services, { count: 6, wandering: 6, patience: 4000 });
      await more(20);
      const held = new Set<number>();
      for (let round = 0; round < ROUNDS; round++) {
        const owner = await ownerOf(site, services);
        held.add(owner);
        await strike(services, owner, site);
        await more(30);
        await reader.read(services[round % services.length]!);
      }
      // Nobody takes the inbox from who has it, whatever their clocks say.
      const [settled, opened] = [await ownerOf(site, services), services.map(openedIn)];
      await more(100);
      expect([await ownerOf(site, services), services.map(openedIn)]).toEqual([settled, opened]);
      const { acknowledged, retries } = await end();
      const times: string[] = [];
      expect(retries).toBeGreaterThan(0);
      for (const [i, service] of services.entries()) {
        const before = Date.now();
        const { time } = (await (await service.post(`timed-${i}`)).json()) as { time: string };
        // That of the service which it came to, whoever seals it.
        const shift = SHIFTS[i]!;
        expect(new Date(time).getTime()).toBeGreaterThanOrEqual(before + shift);
        expect(new Date(time).getTime()).toBeLessThanOrEqual(Date.now() + shift);
        times.push(time);
      }
      await expectRecords(site, services, [...acknowledged, ...times.map((_, i) => `timed-${i}`)]);
      const timed = (await reader.whole(services[0]!)).filter(({ data }) => data.startsWith("timed-"));
      expect(timed.map(({ heads }) => heads.time)).toEqual(times);
      await reader.read(services[1]!);
      expect(reader.records.length).toBe(acknowledged.length + times.length);
      process.stderr.write(
        `clocks apart, ${name}, ${ROUNDS}: ${acknowledged.length}, ${retries} sent again, ${held.size}\n`,
      );
    },
  );
});
