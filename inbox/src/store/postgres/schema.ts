// The tables, in the order in which they came to be. A database keeps the number of the last step.

import { SealError } from "@sealed-files/seal";
import type { Pool, Session } from "./pool.js";

/**
 * Offsets count from the journal's first byte ever; `origin` is the one at which it begins now, with its base if it has
 * one. From `kept` on its epochs are there. `boot`, `steady` and `age` say when the clock of ages was read last: that
 * of an inbox's keys, and in `seal_inbox_clocks` that of the whole store, by each machine.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE seal_inbox_schema (version int NOT NULL);
  INSERT INTO seal_inbox_schema VALUES (0);
  CREATE TABLE seal_inboxes (inbox text PRIMARY KEY, settings text NOT NULL);
  CREATE TABLE seal_inbox_tokens (
    inbox text NOT NULL REFERENCES seal_inboxes,
    hash text NOT NULL,
    allows text NOT NULL,
    PRIMARY KEY (inbox, hash)
  );
  CREATE TABLE seal_inbox_journals (
    inbox text PRIMARY KEY REFERENCES seal_inboxes,
    term bytea,
    origin bigint NOT NULL DEFAULT 0,
    kept bigint NOT NULL DEFAULT 0,
    stop bigint NOT NULL DEFAULT 0,
    chain bytea,
    cursor bytea,
    journal bytea,
    boot bytea,
    steady bigint NOT NULL DEFAULT 0,
    age bigint NOT NULL DEFAULT 0
  );
  CREATE TABLE seal_inbox_pieces (
    inbox text NOT NULL,
    start bigint NOT NULL,
    length int NOT NULL,
    chain bytea,
    bytes bytea NOT NULL,
    PRIMARY KEY (inbox, start)
  );
  CREATE TABLE seal_inbox_keys (
    inbox text NOT NULL,
    id bytea NOT NULL,
    print bytea NOT NULL,
    age bigint NOT NULL,
    start bigint NOT NULL,
    stop bigint NOT NULL,
    chain bytea NOT NULL,
    PRIMARY KEY (inbox, id)
  );
  CREATE INDEX seal_inbox_keys_age ON seal_inbox_keys (inbox, age);
  CREATE INDEX seal_inbox_keys_stop ON seal_inbox_keys (inbox, stop);
  CREATE TABLE seal_inbox_asides (
    inbox text NOT NULL,
    name text NOT NULL,
    start bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (inbox, name)
  );`,
  `ALTER TABLE seal_inboxes ADD COLUMN removed boolean NOT NULL DEFAULT false;
  CREATE TABLE seal_inbox_ledgers (inbox text PRIMARY KEY REFERENCES seal_inboxes, ledger text NOT NULL);
  CREATE TABLE seal_inbox_clocks (boot bytea PRIMARY KEY, steady bigint NOT NULL, age bigint NOT NULL);
  CREATE TABLE seal_inbox_leases (
    inbox text PRIMARY KEY REFERENCES seal_inboxes,
    holder bytea NOT NULL,
    until timestamptz NOT NULL
  );`,
  `CREATE TABLE seal_inbox_services (
    holder bytea PRIMARY KEY,
    address text NOT NULL,
    certificate bytea NOT NULL,
    signature bytea NOT NULL,
    until timestamptz NOT NULL
  );`,
];

/** Brings the tables to what this program uses: how many steps that took. Throws `usage`, and what the pool throws. */
export function migrate(pool: Pool): Promise<number> {
  return pool.transaction(async (session) => {
    const before = await versionOf(session);
    if (before > STEPS.length) throw newer(pool.name);
    if (before > 0) await session.query("UPDATE seal_inbox_schema SET version = version");
    for (const step of STEPS.slice(before)) await session.query(step);
    await session.query("UPDATE seal_inbox_schema SET version = $1", [STEPS.length]);
    return STEPS.length - before;
  });
}

/** Throws `usage` where the tables are not what this program uses. */
export async function checkSchema(pool: Pool): Promise<void> {
  const version = await pool.use(versionOf);
  if (version === STEPS.length) return;
  if (version > STEPS.length) throw newer(pool.name);
  const what = version === 0 ? "holds no inboxes" : "was made by an earlier version of seal-inbox";
  throw new SealError("usage", `${pool.name} ${what}`, { hint: "Prepare it with init." });
}

/** 0 where there are none. */
async function versionOf(session: Session): Promise<number> {
  const { rows } = await session.query(
    "SELECT 1 FROM information_schema.tables WHERE table_name = 'seal_inbox_schema' AND table_schema = current_schema()",
  );
  if (rows.length === 0) return 0;
  const { rows: versions } = await session.query("SELECT version FROM seal_inbox_schema");
  return Number(versions[0]?.version ?? 0);
}

function newer(name: string): SealError {
  return new SealError("usage", `${name} was made by a newer version of seal-inbox`);
}
