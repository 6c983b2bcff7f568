// What the readers of an inbox have acknowledged, in a database.

import type { TextStore } from "../store.js";
import { asStoreError } from "./outcome.js";
import type { Pool } from "./pool.js";

export class LedgerRow implements TextStore {
  readonly name: string;
  readonly #pool: Pool;
  readonly #inbox: string;

  constructor(pool: Pool, inbox: string) {
    this.name = `${pool.name} ${inbox}`;
    this.#pool = pool;
    this.#inbox = inbox;
  }

  async get(): Promise<string | null> {
    const { rows } = await this.#query("SELECT ledger FROM seal_inbox_ledgers WHERE inbox = $1", []);
    return rows.length === 0 ? null : String(rows[0].ledger);
  }

  async swap(before: string | null, text: string): Promise<boolean> {
    const isNew = before === null;
    const swapping = isNew
      ? this.#query("INSERT INTO seal_inbox_ledgers VALUES ($1, $2) ON CONFLICT (inbox) DO NOTHING", [text])
      : this.#query("UPDATE seal_inbox_ledgers SET ledger = $2 WHERE inbox = $1 AND ledger = $3", [text, before]);
    return (await swapping).rowCount === 1;
  }

  async #query(text: string, values: readonly string[]) {
    return this.#pool.query(text, [this.#inbox, ...values]).catch((error) => {
      throw asStoreError(`cannot use the acknowledgements in ${this.#pool.name}`, error);
    });
  }
}
