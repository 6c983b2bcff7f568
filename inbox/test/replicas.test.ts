// Several services on one database, of which some are killed or stopped while producers send, and send again: what was
// acknowledged is in the journal once, and the journal is one. SEAL_FAILOVER_ROUNDS sets how often each is played.

import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { hasOwnServer, ownServer } from "./own-server.js";
import { type DatabaseSite, makeDatabaseSite, type Served, sent, serveDatabase } from "./program.js";

const PRODUCERS = 6;
const ROUNDS = Number(process.env.SEAL_FAILOVER_ROUNDS ?? (IS_WHOLE ? 2 : 1));
const LIMIT = 240_000 + 15_000 * ROUNDS;

describe.skipIf(!hasOwnServer)("services on one database", () => {
  const server = ownServer();

  /** What befalls the replica that took in the last record, or the database; and what has to be done afterwards. */
  const FAULTS = {
    "is killed": async (replicas: Served[], owner: number, site: DatabaseSite) => {
      replicas[owner]!.child.kill("SIGKILL");
      await replicas[owner]!.ended;
      replicas[owner] = await serveDatabase(site);
    },
    "is stopped, and wakes up": async (replicas: Served[], owner: number) => {
      replicas[owner]!.child.kill("SIGSTOP");
      await sleep(1500);
      replicas[owner]!.child.kill("SIGCONT");
    },
    "loses its database, which comes back": async () => {
      await server().kill();
      await server().start();
    },
  };

  test.each(Object.entries(FAULTS))("one that %s", { timeout: LIMIT }, async (_name, strike) => {
    const site = await makeDatabaseSite(await server().database());
    const replicas = await Promise.all([serveDatabase(site), serveDatabase(site)]);
    const acknowledged: string[] = [];
    let [isOver, owner, retries] = [false, 0, 0];
    const produce = async (producer: number) => {
      for (let i = 0; !isOver; i++) {
        const record = `${producer}-${i}`;
        const headers = { "idempotency-key": randomUUID() };
        while (!(await sent(replicas[owner]!, record, headers, 1000))) {
          retries++;
          owner = (owner + 1) % replicas.length;
          await sleep(20);
        }
        acknowledged.push(record);
      }
    };
    const producing = Array.from({ length: PRODUCERS }, (_, producer) => produce(producer));
    for (let round = 0; round < ROUNDS; round++) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 30) await sleep(10);
      await strike(replicas, owner, site);
    }
    const before = acknowledged.length;
    while (acknowledged.length < before + 30) await sleep(10);
    isOver = true;
    await Promise.all(producing);
    expect(retries).toBeGreaterThan(0);
    const found = await Promise.all(replicas.map((replica) => site.records(replica)));
    for (const records of found) {
      expect([...records].sort()).toEqual([...acknowledged].sort());
      for (let producer = 0; producer < PRODUCERS; producer++) {
        const own = records.filter((record) => record.startsWith(`${producer}-`));
        expect(own).toEqual(own.map((_, i) => `${producer}-${i}`));
      }
    }
  });
});

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
