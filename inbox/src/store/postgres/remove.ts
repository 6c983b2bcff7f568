// Removing an inbox from a database.

import { randomBytes } from "node:crypto";
import type { Pool } from "./pool.js";

/** Rows that are removed at a time: a statement has its time. */
const AT_A_TIME = 500;

/** What is removed, and by what a row of it is known. */
const TABLES = { seal_inbox_pieces: "start", seal_inbox_keys: "id", seal_inbox_asides: "name" };

/** The inbox is there no more, and its writer is fenced; what it had goes afterwards. Throws what the pool throws. */
export async function removeInbox(pool: Pool, inbox: string): Promise<void> {
  await pool.transaction(async (session) => {
    await session.query("UPDATE seal_inboxes SET removed = true WHERE inbox = $1", [inbox]);
    await session.query(
      `UPDATE seal_inbox_journals SET term = $2, origin = 0, kept = 0, stop = 0, chain = NULL, cursor = NULL,
        journal = NULL WHERE inbox = $1`,
      [inbox, randomBytes(16)],
    );
    await session.query("DELETE FROM seal_inbox_ledgers WHERE inbox = $1", [inbox]);
    await session.query("DELETE FROM seal_inbox_leases WHERE inbox = $1", [inbox]);
  });
  for (const [table, column] of Object.entries(TABLES)) {
    const some = `SELECT ${column} FROM ${table} WHERE inbox = $1 LIMIT ${AT_A_TIME}`;
    const text = `DELETE FROM ${table} WHERE inbox = $1 AND ${column} IN (${some})`;
    for (let removed = 1; removed > 0; ) removed = (await pool.query(text, [inbox])).rowCount ?? 0;
  }
}
