// What others can cost a database's users: connections, rows that are held, keys that are old.

import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { AgeClock } from "../../../src/idempotency/age.js";
import { parseAddress } from "../../../src/store/postgres/address.js";
import { KeyRows, Shared } from "../../../src/store/postgres/keys.js";
import { Pool } from "../../../src/store/postgres/pool.js";
import { initPostgres, PostgresStore } from "../../../src/store/postgres/store.js";
import { anyServer } from "../../own-server.js";
import { asked, hasPostgres } from "../../postgres.js";
import { settings } from "../contract.js";

const UNSAFE = { allowUnsafe: true };

describe.skipIf(!hasPostgres)("a database", { timeout: 60_000 }, () => {
  const server = anyServer();
  let url: string;
  beforeAll(async () => {
    url = await server().database();
    await initPostgres(parseAddress(url, false), UNSAFE);
  }, 60_000);

  const client = async () => {
    const client = new Client(url);
    await client.connect();
    return client;
  };

  test("that is slow to say what a strange token is, says at once what else it is asked for", async () => {
    const store = await PostgresStore.open(parseAddress(url, false), UNSAFE);
    await store.add("till", settings);
    const { tokens } = store.place("till");
    await tokens.put("0".repeat(64), "{}");
    const blocker = await client();
    await blocker.query("BEGIN; LOCK TABLE seal_inbox_tokens IN ACCESS EXCLUSIVE MODE");
    const guesses = Array.from({ length: 40 }, (_, i) => tokens.get(String(i), true));
    // More than there are connections: they would take all of them.
    expect(await store.list()).toEqual(["till"]);
    await blocker.query("COMMIT");
    await blocker.end();
    expect(await Promise.all(guesses)).toEqual(Array(40).fill(null));
    expect(await tokens.get("0".repeat(64))).toBe("{}");
    await store.close();
  });

  test("ends a transaction of a service that has stopped in it, and every statement that lasts", async () => {
    const pool = new Pool(parseAddress(url, false), UNSAFE);
    const shown = async (name: string) => (await pool.query(`SHOW ${name}`)).rows[0][name];
    expect(await shown("idle_in_transaction_session_timeout")).toBe("10s");
    expect([await shown("statement_timeout"), await shown("lock_timeout")]).toEqual(["20s", "10s"]);
    await pool.close();
  });

  test("forgets old keys a few at a time, and none that was answered anew meanwhile", async () => {
    const pool = new Pool(parseAddress(url, false), UNSAFE);
    const term = randomBytes(16);
    const insert = `INSERT INTO seal_inbox_keys SELECT 'keys', int4send(i), '', CASE WHEN i = 1 THEN 5 ELSE 10 END, 0, 1, ''
      FROM generate_series(1, 12000) AS i`;
    await asked(url, "INSERT INTO seal_inboxes VALUES ('keys', '{}')", insert);
    await pool.query("INSERT INTO seal_inbox_journals (inbox, term) VALUES ('keys', $1)", [term]);
    const shared = new Shared();
    const keys = new KeyRows(pool, "keys", shared, new AgeClock());
    const left = async () => Number((await pool.query("SELECT count(*) FROM seal_inbox_keys")).rows[0].count);
    shared.term = randomBytes(16);
    await keys.forget(11);
    expect(await left()).toBe(12_000);
    shared.term = term;
    await keys.forget(10);
    expect(await left()).toBe(11_999);
    const writer = await client();
    await writer.query("BEGIN; UPDATE seal_inbox_keys SET age = 1000 WHERE id = int4send(7)");
    const forgetting = keys.forget(11);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writer.query("COMMIT");
    await writer.end();
    await forgetting;
    const { rows } = await pool.query("SELECT id, age FROM seal_inbox_keys");
    expect(rows).toEqual([{ id: Buffer.from([0, 0, 0, 7]), age: "1000" }]);
    await pool.close();
  });
});
