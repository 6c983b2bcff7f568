// Inboxes in a PostgreSQL database. It sees ciphertext, public keys and hashes.

import { DatabaseError } from "pg";
import { checkName } from "../names.js";
import { inboxExists, newSettings, noInbox, parseSettings, type Settings } from "../settings.js";
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
    checkName("an inbox", name);
    const { rows } = await this.#query("SELECT settings FROM seal_inboxes WHERE inbox = $1", [name]);
    const settings = rows.length > 0 ? parseSettings(JSON.parse(String(rows[0]!.settings))) : null;
    if (settings) return settings;
    throw noInbox(name);
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

  async #query(text: string, values: readonly unknown[] = []): Promise<{ rows: Record<string, unknown>[] }> {
    return this.#pool.query(text, values).catch((error) => {
      throw asStoreError(`cannot use ${this.name}`, error);
    });
  }
}
