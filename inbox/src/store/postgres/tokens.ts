// Tokens of an inbox in a database: a row each.

import type { TokenStore } from "../store.js";
import { asStoreError } from "./outcome.js";
import type { Pool } from "./pool.js";

export class TokenRows implements TokenStore {
  readonly #pool: Pool;
  readonly #strangers: Pool;
  readonly #inbox: string;

  /** `strangers`: connections over which strange tokens are looked up. */
  constructor(pool: Pool, strangers: Pool, inbox: string) {
    this.#pool = pool;
    this.#strangers = strangers;
    this.#inbox = inbox;
  }

  async put(hash: string, text: string): Promise<void> {
    await this.#query(
      this.#pool,
      "INSERT INTO seal_inbox_tokens (inbox, hash, allows) VALUES ($1, $2, $3)",
      hash,
      text,
    );
  }

  async replace(hash: string, text: string): Promise<void> {
    const replacing = "UPDATE seal_inbox_tokens SET allows = $3 WHERE inbox = $1 AND hash = $2";
    await this.#query(this.#pool, replacing, hash, text);
  }

  async get(hash: string, isStrange = false): Promise<string | null> {
    const pool = isStrange ? this.#strangers : this.#pool;
    const rows = await this.#query(pool, "SELECT allows FROM seal_inbox_tokens WHERE inbox = $1 AND hash = $2", hash);
    return rows.length === 0 ? null : String(rows[0]!.allows);
  }

  async hashes(): Promise<string[]> {
    const rows = await this.#query(this.#pool, "SELECT hash FROM seal_inbox_tokens WHERE inbox = $1");
    return rows.map(({ hash }) => String(hash));
  }

  async remove(hash: string): Promise<void> {
    await this.#query(this.#pool, "DELETE FROM seal_inbox_tokens WHERE inbox = $1 AND hash = $2", hash);
  }

  async #query(pool: Pool, text: string, ...values: readonly string[]): Promise<Record<string, unknown>[]> {
    try {
      return (await pool.query(text, [this.#inbox, ...values])).rows;
    } catch (error) {
      throw asStoreError(`cannot use the tokens in ${pool.name}`, error);
    }
  }
}
