// Inboxes in a PostgreSQL database. It sees ciphertext, public keys and hashes.

import { SealError } from "@sealed-files/seal";
import { DatabaseError, type QueryResult } from "pg";
import { steadyClock } from "../../idempotency/age.js";
import { checkName } from "../names.js";
import {
  changedSettings,
  type Given,
  inboxExists,
  newSettings,
  noInbox,
  parseSettings,
  type Settings,
} from "../settings.js";
import type { InboxStore, Moment } from "../store.js";
import { endGrants } from "../tokens.js";
import type { Address } from "./address.js";
import { LeaseRows } from "./leases.js";
import { asStoreError } from "./outcome.js";
import { type Pools, PostgresPlace } from "./place.js";
import { Pool, type PoolOptions } from "./pool.js";
import { removeInbox } from "./remove.js";
import { checkSchema, migrate } from "./schema.js";

export { parseAddress } from "./address.js";

const DUPLICATE = "23505";
/** Connections over which strange tokens are looked up. */
const FOR_STRANGERS = 2;
/** Of a change that others were faster with each time. */
const MOST_TRIES = 20;
/**
 * The clock of ages of the store: of each machine's, which goes on from the furthest of all when it is read first, the
 * furthest. So it never says more than has passed since the first of them was.
 */
const TIME = `WITH most AS (SELECT COALESCE(max(age), 0) AS age FROM seal_inbox_clocks)
  INSERT INTO seal_inbox_clocks AS c (boot, steady, age) SELECT $1, $2::bigint, age FROM most
  ON CONFLICT (boot) DO UPDATE SET steady = GREATEST(c.steady, $2::bigint),
    age = GREATEST(c.age + GREATEST(0, $2::bigint - c.steady), (SELECT age FROM most))
  RETURNING age, floor(extract(epoch FROM clock_timestamp()) * 1000) AS wall`;

/** Makes the tables, or brings them up to date; whether there was anything to do. Throws `usage`, `io`. */
export async function initPostgres(address: Address, options: PoolOptions): Promise<boolean> {
  const pool = new Pool(address, options);
  try {
    return (await migrate(pool)) > 0;
  } catch (error) {
    throw asStoreError(`cannot prepare ${address.name}`, error);
  } finally {
    await pool.close();
  }
}

export class PostgresStore implements InboxStore {
  readonly name: string;
  readonly leases: LeaseRows;
  readonly #pool: Pool;
  readonly #strangers: Pool;

  private constructor({ pool, strangers }: Pools) {
    this.name = pool.name;
    this.#pool = pool;
    this.#strangers = strangers;
    this.leases = new LeaseRows(pool);
  }

  /** Throws `usage` where `initPostgres` was not here; `io`. */
  static async open(address: Address, options: PoolOptions): Promise<PostgresStore> {
    const pool = new Pool(address, options);
    try {
      await checkSchema(pool);
      return new PostgresStore({ pool, strangers: new Pool(address, { ...options, most: FOR_STRANGERS }) });
    } catch (error) {
      await pool.close();
      throw asStoreError(`cannot use ${address.name}`, error);
    }
  }

  async list(): Promise<string[]> {
    const { rows } = await this.#query("SELECT inbox FROM seal_inboxes WHERE NOT removed");
    return rows.map(({ inbox }) => String(inbox)).sort();
  }

  async settings(name: string): Promise<Settings> {
    return (await this.#stored(name)).settings;
  }

  async add(name: string, given: Given): Promise<Settings> {
    const settings = await newSettings(name, given);
    const text = `WITH i AS (INSERT INTO seal_inboxes (inbox, settings) VALUES ($1, $2) RETURNING inbox)
      INSERT INTO seal_inbox_journals (inbox) SELECT inbox FROM i`;
    await this.#pool.query(text, [name, JSON.stringify(settings)]).catch((error) => {
      const isThere = error instanceof DatabaseError && error.code === DUPLICATE;
      throw isThere ? inboxExists(name) : asStoreError(`cannot write to ${this.name}`, error);
    });
    return settings;
  }

  async change(name: string, work: (settings: Settings) => Settings): Promise<Settings> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { text, settings } = await this.#stored(name);
      const changed = await changedSettings(settings, work);
      const swap = "UPDATE seal_inboxes SET settings = $3 WHERE inbox = $1 AND settings = $2 AND NOT removed";
      if ((await this.#query(swap, [name, text, JSON.stringify(changed)])).rowCount === 1) return changed;
    }
    throw new SealError("io", `others change the settings of ${name} all the time`);
  }

  async remove(name: string): Promise<void> {
    checkName("an inbox", name);
    const { rows } = await this.#query("SELECT 1 FROM seal_inboxes WHERE inbox = $1", [name]);
    if (rows.length === 0) throw noInbox(name);
    await endGrants(this.place(name));
    await removeInbox(this.#pool, name).catch((error) => {
      throw asStoreError(`cannot write to ${this.name}`, error);
    });
  }

  async time(): Promise<Moment> {
    const { boot, now } = steadyClock();
    const { rows } = await this.#query(TIME, [Buffer.from(boot), now()]);
    return { wall: Number(rows[0]!.wall), age: Number(rows[0]!.age) };
  }

  place(name: string): PostgresPlace {
    return new PostgresPlace({ pool: this.#pool, strangers: this.#strangers }, name, () => this.probe());
  }

  /** Any number of services may use a database. */
  async hold(): Promise<{ release(): Promise<void> }> {
    return { release: async () => {} };
  }

  async probe(): Promise<void> {
    await this.#query("UPDATE seal_inbox_schema SET version = version");
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#strangers.close()]);
  }

  /** Settings, and the text that they are kept as. Throws `usage` where there is no such inbox; `io`. */
  async #stored(name: string): Promise<{ text: string; settings: Settings }> {
    checkName("an inbox", name);
    const { rows } = await this.#query("SELECT settings FROM seal_inboxes WHERE inbox = $1 AND NOT removed", [name]);
    const text = rows.length > 0 ? String(rows[0]!.settings) : null;
    const settings = text === null ? null : parseSettings(JSON.parse(text));
    if (text !== null && settings) return { text, settings };
    throw noInbox(name);
  }

  async #query(text: string, values: readonly unknown[] = []): Promise<QueryResult> {
    return this.#pool.query(text, values).catch((error) => {
      throw asStoreError(`cannot use ${this.name}`, error);
    });
  }
}
