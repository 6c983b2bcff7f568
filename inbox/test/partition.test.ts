// Three services, each on a machine of its own, as its network knows it, and a database; what some of them send to some
// others is lost for a while, as producers send, and send again. SEAL_FAILOVER_ROUNDS sets how often each is played.

import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { makeNetwork, type Network, noNetwork } from "./network.js";
import { hasOwnServer } from "./own-server.js";
import { type Server, startPostgres } from "./postgres.js";
import { expectRecords, ownerOf, produce, readerOf, sleep } from "./producers.js";
import { makeDatabaseSite, serveDatabase } from "./program.js";

const IS_SHORT = !IS_WHOLE && process.env.SEAL_FAILOVER_ROUNDS === undefined;
const ROUNDS = Number(process.env.SEAL_FAILOVER_ROUNDS ?? 1);
const LIMIT = 60_000 + 90_000 * ROUNDS;
const COUNT = 3;

const why = noNetwork();
if (why) process.stderr.write(`the tests of networks in parts are skipped: ${why}\n`);

/** What is cut off, of the service that has the inbox open and the others. */
const CUTS: Record<string, (network: Network, owner: number, others: readonly number[]) => void> = {
  "its database": (network, owner) => {
    network.cut(owner, "database");
    network.cut("database", owner);
  },
  "the others": (network, owner, others) => {
    for (const other of others) {
      network.cut(owner, other);
      network.cut(other, owner);
    }
  },
  "all but producers": (network, owner, others) => {
    for (const party of ["database", ...others] as const) {
      network.cut(owner, party);
      network.cut(party, owner);
    }
  },
  "the answers of all": (network, owner, others) => {
    for (const party of ["database", ...others] as const) network.cut(party, owner);
  },
  "its way to the database, but not back": (network, owner) => network.cut(owner, "database"),
  "its way to the others, but not back": (network, owner, others) => {
    for (const other of others) network.cut(owner, other);
  },
};

const played = IS_SHORT ? ["the answers of all"] : Object.keys(CUTS);

describe.skipIf(why !== null || !hasOwnServer)("three services in a network in parts", () => {
  let [network, server]: [Network?, Server?] = [];
  const rules = join(tmpdir(), `seal-hba-${process.pid}`);
  beforeAll(async () => {
    network = makeNetwork(COUNT);
    writeFileSync(rules, "local all all trust\nhost all all 127.0.0.1/32 trust\nhost all all 198.18.0.0/16 trust\n");
    server = await startPostgres([`listen_addresses=127.0.0.1,${network.database}`, `hba_file=${rules}`]);
  }, 60_000);
  afterAll(async () => {
    network?.remove();
    await server?.remove();
    rmSync(rules, { force: true });
  });

  async function start() {
    const url = (await server!.database()).replace("127.0.0.1", network!.database);
    const site = await makeDatabaseSite(`${url}?sslmode=disable`);
    const starting = network!.machines.map(({ front, own, before }) =>
      serveDatabase(site, ["--listen", `${front}:8080`, "--peers", `${own}:9443`], {}, before),
    );
    return { site, services: await Promise.all(starting) };
  }

  test.each(played)("the one that has the inbox open is cut off from %s", { timeout: LIMIT }, async (name) => {
    onTestFinished(() => network!.heal());
    const { site, services } = await start();
    const reader = readerOf(site);
    // Those who stay let it be the cut that services meet first, on no connection that they had before.
    const { more, end } = produce(services, { count: 6, wandering: IS_SHORT ? 0 : 3, patience: 1500 });
    await more(30);
    for (let round = 0; round < ROUNDS; round++) {
      await reader.read(services[round % COUNT]!);
      const owner = await ownerOf(site, services);
      const others = services.map((_, i) => i).filter((i) => i !== owner);
      CUTS[name]!(network!, owner, others);
      await more(30);
      if (!IS_SHORT) await sleep(Math.random() * 20_000);
      network!.heal();
      await more(30);
    }
    const { acknowledged, retries } = await end();
    expect(retries).toBeGreaterThan(0);
    await expectRecords(site, services, acknowledged);
    await reader.read(services[0]!);
    expect([...reader.records].sort()).toEqual([...acknowledged].sort());
    process.stderr.write(
      `cut off from ${name}, ${ROUNDS}: ${acknowledged.length} acknowledged, ${retries} sent again\n`,
    );
  });
});
