// A database with a synchronous standby, which takes its place while producers send, and send again: what was
// acknowledged is there, once. SEAL_FAILOVER_ROUNDS sets how often that is played, each time with two new servers.

import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { hasOwnServer } from "./own-server.js";
import { asked, startPostgres } from "./postgres.js";
import { makeDatabaseSite, sent, serveDatabase } from "./program.js";

const PRODUCERS = 4;
const ROUNDS = Number(process.env.SEAL_FAILOVER_ROUNDS ?? (IS_WHOLE ? 2 : 1));
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const rounds = Array.from({ length: ROUNDS }, (_, round) => round + 1);

describe.skipIf(!hasOwnServer)("a primary and its standby", () => {
  test.each(rounds)("the primary is killed, and the standby promoted (%s)", { timeout: 120_000 }, async () => {
    const primary = await startPostgres();
    onTestFinished(() => primary.remove());
    const database = await primary.database();
    const standby = await primary.standby();
    onTestFinished(() => standby.remove());
    const both = database.replace(`:${primary.port}/`, `:${primary.port},127.0.0.1:${standby.port}/`);
    const site = await makeDatabaseSite(both);
    const peers = ["--peers", "127.0.0.1:0"];
    const services = await Promise.all([serveDatabase(site, peers), serveDatabase(site, peers)]);
    const acknowledged: string[] = [];
    let [isOver, turn, retries] = [false, 0, 0];
    const produce = async (producer: number) => {
      for (let i = 0; !isOver; i++) {
        const record = `${producer}-${i}`;
        const headers = { "idempotency-key": randomUUID() };
        while (!(await sent(services[turn++ % 2]!, record, headers))) {
          retries++;
          await sleep(100);
        }
        acknowledged.push(record);
      }
    };
    const producing = Array.from({ length: PRODUCERS }, (_, producer) => produce(producer));
    const more = async (count: number) => {
      const due = acknowledged.length + count;
      while (acknowledged.length < due) await sleep(10);
    };
    await more(40);
    await primary.kill();
    await sleep(Math.random() * 300);
    await standby.promote();
    await more(40);
    isOver = true;
    await Promise.all(producing);
    expect(retries).toBeGreaterThan(0);
    for (const service of services) {
      const records = await site.records(service);
      expect([...records].sort()).toEqual([...acknowledged].sort());
      for (let producer = 0; producer < PRODUCERS; producer++) {
        const own = records.filter((record) => record.startsWith(`${producer}-`));
        expect(own).toEqual(own.map((_, i) => `${producer}-${i}`));
      }
    }
    process.stderr.write(`a standby was promoted: ${acknowledged.length} acknowledged, ${retries} sent again\n`);
    // The primary is one no more: else what is asked for could come from either.
    await expect(asked(database, "SELECT 1")).rejects.toThrow();
  });
});
