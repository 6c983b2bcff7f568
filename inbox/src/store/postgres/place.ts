// The parts of an inbox in a database.

import type { AgeClock } from "../../idempotency/age.js";
import type { JournalReading, KeyStore, Place } from "../store.js";
import { PostgresJournal } from "./journal.js";
import { KeyRows, Shared } from "./keys.js";
import { LedgerRow } from "./ledger.js";
import type { Pool } from "./pool.js";
import { openRows } from "./reading.js";
import { TokenRows } from "./tokens.js";

/** Connections, and those over which strange tokens are looked up. */
export interface Pools {
  readonly pool: Pool;
  readonly strangers: Pool;
}

export class PostgresPlace implements Place {
  readonly name: string;
  readonly journal: string;
  readonly tokens: TokenRows;
  readonly ledger: LedgerRow;
  /** A frame is there or not, and when it is seen it is durable. */
  readonly isAlwaysWhole = true;
  readonly #pool: Pool;
  readonly #probe: () => Promise<void>;
  readonly #shared = new Shared();

  constructor({ pool, strangers }: Pools, name: string, probe: () => Promise<void>) {
    this.name = name;
    this.journal = `${pool.name} ${name}`;
    this.tokens = new TokenRows(pool, strangers, name);
    this.ledger = new LedgerRow(pool, name);
    this.#pool = pool;
    this.#probe = probe;
  }

  async writing(): Promise<PostgresJournal> {
    return new PostgresJournal(this.#pool, this.name, this.journal, this.#shared);
  }

  reading(): Promise<JournalReading> {
    return openRows(this.#pool, this.name, this.journal);
  }

  keys(_slice: number, clock: AgeClock): KeyStore {
    return new KeyRows(this.#pool, this.name, this.#shared, clock);
  }

  probe(): Promise<void> {
    return this.#probe();
  }
}
