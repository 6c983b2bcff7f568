// Idempotency keys in a database. They are committed in the same transaction as the frame that holds their records, so
// they stand and fall with it.

import type { QueryResult } from "pg";
import type { AgeClock } from "../../idempotency/age.js";
import type { Stands } from "../../idempotency/stands.js";
import type { Answered, FramePlace } from "../../idempotency/unit.js";
import type { Announced, KeyStore } from "../store.js";
import { asStoreError } from "./outcome.js";
import type { Pool } from "./pool.js";

/** Keys that are read, or removed, at a time. */
const PAGE = 5000;

/** What goes into the transaction of a frame, beside it. */
export interface Beside extends Announced {
  readonly frame: FramePlace;
  readonly entries: readonly Answered[];
}

/** What the keys and the journal of an inbox tell each other while it is open. */
export class Shared {
  /** The writer's term; null before it has one. */
  term: Buffer | null = null;
  beside: Beside | null = null;
  clock: AgeClock | null = null;
}

/** A key counts where its frame is there, or was when the journal was shortened. */
const LOAD = `SELECT k.id, k.print, k.age, k.start, k.stop, k.chain, j.journal FROM seal_inbox_keys k
  JOIN seal_inbox_journals j ON j.inbox = k.inbox
  LEFT JOIN seal_inbox_pieces p ON p.inbox = k.inbox AND p.start = k.start
  WHERE k.inbox = $1 AND k.id > $2 AND (k.stop <= j.kept OR (p.chain = k.chain AND p.start + p.length = k.stop))
  ORDER BY k.id LIMIT ${PAGE}`;

/** One that is answered anew meanwhile is young when it comes to it. */
const FORGET = `DELETE FROM seal_inbox_keys WHERE inbox = $1 AND age < $2 AND id IN (
    SELECT id FROM seal_inbox_keys WHERE inbox = $1 AND age < $2 ORDER BY age LIMIT ${PAGE})
  AND EXISTS (SELECT 1 FROM seal_inbox_journals j WHERE j.inbox = $1 AND j.term = $3)`;

export class KeyRows implements KeyStore {
  readonly #pool: Pool;
  readonly #inbox: string;
  readonly #shared: Shared;
  readonly #clock: AgeClock;
  #forgetting: Promise<void> | null = null;
  #isClosed = false;

  constructor(pool: Pool, inbox: string, shared: Shared, clock: AgeClock) {
    this.#pool = pool;
    this.#inbox = inbox;
    this.#shared = shared;
    this.#clock = clock;
    shared.clock = clock;
  }

  async load(_stands: Stands, found: (age: number, answered: Answered, frame: FramePlace) => void): Promise<void> {
    await this.#resume();
    for (let last: Buffer | null = Buffer.alloc(0); last; ) {
      const rows = await this.#query(LOAD, [this.#inbox, last]);
      for (const { id, print, age, start, stop, chain, journal } of rows) {
        const frame = {
          journal: journal as Buffer,
          position: Number(start),
          end: Number(stop),
          chain: chain as Buffer,
        };
        found(Number(age), { id: id as Buffer, print: print as Buffer }, frame);
      }
      last = rows.length === PAGE ? (rows.at(-1)!.id as Buffer) : null;
    }
  }

  async own(): Promise<void> {}

  async announce(frame: FramePlace, entries: readonly Answered[]): Promise<Announced> {
    const beside = { frame, entries };
    this.#shared.beside = beside;
    return beside;
  }

  settle(announced: Announced): void {
    if (this.#shared.beside === announced) this.#shared.beside = null;
  }

  /** A few at a time, so that nobody else waits long; who asks meanwhile waits for the same. */
  forget(age: number): Promise<void> {
    this.#forgetting ??= this.#forget(Math.floor(age)).finally(() => {
      this.#forgetting = null;
    });
    return this.#forgetting;
  }

  async close(): Promise<void> {
    this.#shared.beside = null;
    this.#isClosed = true;
    await this.#forgetting?.catch(() => undefined);
  }

  async #forget(age: number): Promise<void> {
    for (let removed = PAGE; removed > 0 && !this.#isClosed; ) {
      removed = (await this.#result(FORGET, [this.#inbox, age, this.#shared.term])).rowCount ?? 0;
    }
  }

  async #resume(): Promise<void> {
    const text = "SELECT boot, steady, age FROM seal_inbox_journals WHERE inbox = $1 AND boot IS NOT NULL";
    const [row] = await this.#query(text, [this.#inbox]);
    if (row) this.#clock.resume({ boot: row.boot as Buffer, steady: Number(row.steady), age: Number(row.age) });
  }

  async #query(text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.#result(text, values)).rows;
  }

  async #result(text: string, values: readonly unknown[]): Promise<QueryResult> {
    try {
      return await this.#pool.query(text, values);
    } catch (error) {
      throw asStoreError(`cannot use the idempotency keys in ${this.#pool.name}`, error);
    }
  }
}
