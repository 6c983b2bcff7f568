// Inboxes in a PostgreSQL database. It sees ciphertext, public keys and hashes.

import { SealError } from "@sealed-files/seal";
import { DatabaseError, type QueryResult } from "pg";
import { checkName } from "../names.js";
import { changedSettings, inboxExists, newSettings, noInbox, parseSettings, type Settings } from "../settings.js";
import type { InboxStore } from "../store.js";
import type { Address } from "./address.js";
import { asStoreError } from "./outcome.js";
import { type Pools, PostgresPlace } from "./place.js";
import { Pool, type PoolOptions } from "./pool.js";
import { checkSchema, migrate } from "./schema.js";

export { parseAddress } from "./address.js";

const DUPLICATE = "23505";
/** Connections over which strange tokens are looked up. */
const FOR_STRANGERS = 2;
/** Of a change that others were faster with each time. */
const MOST_TRIES = 20;

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
  readonly #pool: Pool;
  readonly #strangers: Pool;

  private constructor({ pool, strangers }: Pools) {
    this.name = pool.name;
    this.#pool = pool;
    this.#strangers = strangers;
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
    const { rows } = await this.#query("SELECT inbox FROM seal_inboxes");
    return rows.map(({ inbox }) => String(inbox)).sort();
  }

  async settings(name: string): Promise<Settings> {
    return (await this.#stored(name)).settings;
  }

  async add(name: string, given: Omit<Settings, "created">): Promise<Settings> {
    const settings = await newSettings(name, given);
    const text = `WITH i AS (INSERT INTO seal_inboxes VALUES ($1, $2) RETURNING inbox)
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
      const swap = "UPDATE seal_inboxes SET settings = $3 WHERE inbox = $1 AND settings = $2";
      if ((await this.#query(swap, [name, text, JSON.stringify(changed)])).rowCount === 1) return changed;
    }
    throw new SealError("io", `others change the settings of ${name} all the time`);
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
    const { rows } = await this.#query("SELECT settings FROM seal_inboxes WHERE inbox = $1", [name]);
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
