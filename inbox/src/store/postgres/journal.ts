// A journal in a database, for its writer. Each change is one transaction that the stored term guards: what another has
// taken over cannot be changed any more, whenever a statement that was sent before arrives.

import { createHash, randomBytes } from "node:crypto";
import type { JournalStore, Outcome, Piece, Tail } from "@sealed-files/seal";
import { changed, equal, MAX_BASE_BYTES, shortening } from "@sealed-files/seal/internal";
import type { Shared } from "./keys.js";
import { asStoreError, failureOf, outcomeOf } from "./outcome.js";
import type { Pool, Session } from "./pool.js";
import { readStretch } from "./reading.js";

type Bytes = Piece["bytes"];

const DONE: Outcome = { is: "done" };

const TERM = `UPDATE seal_inbox_journals SET term = $2
  WHERE inbox = $1 AND (term IS NOT DISTINCT FROM $3::bytea OR term = $2)`;

/** The end, the chain value, the frame and its keys: all of it, or nothing. */
const APPEND = `WITH j AS (
  UPDATE seal_inbox_journals SET stop = stop + length($5::bytea), chain = $6,
    journal = COALESCE($7::bytea, journal), boot = COALESCE($8::bytea, boot),
    steady = COALESCE($9::bigint, steady), age = COALESCE($10::bigint, age)
  WHERE inbox = $1 AND term = $2 AND stop = origin + $3::bigint AND (chain IS NULL OR chain = $4)
  RETURNING inbox, origin, stop
), p AS (
  INSERT INTO seal_inbox_pieces (inbox, start, length, chain, bytes)
  SELECT inbox, origin + $3::bigint, length($5::bytea), $6, $5 FROM j
), k AS (
  INSERT INTO seal_inbox_keys (inbox, id, print, age, start, stop, chain)
  SELECT j.inbox, u.id, u.print, $10::bigint, j.origin + $3::bigint, j.stop, $6
  FROM j, unnest($11::bytea[], $12::bytea[]) AS u(id, print)
  ON CONFLICT (inbox, id) DO UPDATE SET print = excluded.print, age = excluded.age, start = excluded.start,
    stop = excluded.stop, chain = excluded.chain
) SELECT 1 FROM j`;

/** It is written, too: what stands is durable only when a commit behind it is. */
const REPEATED = `UPDATE seal_inbox_journals SET stop = stop
  WHERE inbox = $1 AND term = $2 AND stop = origin + $3::bigint + length($4::bytea) AND chain = $5 AND EXISTS (
    SELECT 1 FROM seal_inbox_pieces p WHERE p.inbox = $1 AND p.start = origin + $3::bigint AND p.bytes = $4)`;

const SETTLE =
  "UPDATE seal_inbox_journals SET stop = stop WHERE inbox = $1 AND term = $2 RETURNING stop - origin AS size";

const SWAP = `UPDATE seal_inbox_journals SET cursor = $4
  WHERE inbox = $1 AND term = $2 AND (cursor IS NOT DISTINCT FROM $3::bytea OR cursor = $4)`;

const OWNED = "SELECT origin, stop FROM seal_inbox_journals WHERE inbox = $1 AND term = $2 FOR UPDATE";

export class PostgresJournal implements JournalStore {
  readonly name: string;
  readonly #pool: Pool;
  readonly #inbox: string;
  readonly #shared: Shared;
  /** The term that was there before this store had one; undefined before that is known. */
  #before: Buffer | null | undefined;
  /** Up to where all is known to be durable, as this store has written it: the end, unless something failed since. */
  #settled: number | null = null;

  constructor(pool: Pool, inbox: string, name: string, shared: Shared) {
    this.name = name;
    this.#pool = pool;
    this.#inbox = inbox;
    this.#shared = shared;
    shared.term = null;
  }

  async size(): Promise<number> {
    if (this.#settled !== null) return this.#settled;
    const row = await this.#row("origin, stop");
    return row ? Number(row.stop) - Number(row.origin) : 0;
  }

  async readAt(position: number, length: number): Promise<Uint8Array> {
    const { bytes } = await readStretch(this.#pool, this.#inbox, position, length).catch((error) => {
      throw asStoreError(`cannot read ${this.name}`, error);
    });
    return bytes;
  }

  async cursor(): Promise<Bytes | null> {
    const row = await this.#row("cursor");
    return row?.cursor ? Uint8Array.from(row.cursor as Buffer) : null;
  }

  async takeTerm(term: Bytes): Promise<Outcome> {
    const own = Buffer.from(term);
    this.#settled = null;
    if (this.#before === undefined) this.#before = ((await this.#row("term"))?.term as Buffer | null) ?? null;
    const outcome = await this.#guarded(TERM, [own, this.#shared.term ?? this.#before]);
    if (outcome.is === "done") this.#shared.term = own;
    return outcome;
  }

  async append(piece: Piece): Promise<Outcome> {
    const { position, chain, bytes, after } = piece;
    // Before the first answer the caller has everything back.
    const [own, before, next] = [Buffer.from(bytes), Buffer.from(chain), Buffer.from(after)];
    const beside = this.#besideOf(after);
    this.#settled = null;
    const outcome = await this.#change(async (session, inbox, term) => {
      const values = [inbox, term, position, before, own, next, ...beside];
      if ((await session.query(APPEND, values)).rowCount === 1) return DONE;
      const { rowCount } = await session.query(REPEATED, [inbox, term, position, own, next]);
      return rowCount === 1 ? DONE : this.#fenced();
    });
    if (outcome.is === "done") this.#settled = position + own.length;
    return outcome;
  }

  async settle(position: number): Promise<Outcome> {
    if (this.#settled !== null && position >= this.#settled) {
      const text = "SELECT 1 FROM seal_inbox_journals WHERE inbox = $1 AND term = $2";
      return this.#guarded(text, []);
    }
    return this.#change(async (session, inbox, term) => {
      const { rows } = await session.query(SETTLE, [inbox, term]);
      if (rows.length === 0) return this.#fenced();
      this.#settled = Number(rows[0].size);
      return DONE;
    });
  }

  swapCursor(before: Uint8Array | null, cursor: Uint8Array): Promise<Outcome> {
    return this.#guarded(SWAP, [before && Buffer.from(before), Buffer.from(cursor)]);
  }

  async setAside({ position, length, hash }: Tail): Promise<string> {
    const name = `tail-${position}-${randomBytes(4).toString("hex")}`;
    const expected = Buffer.from(hash);
    const moving = this.#owning(async (session, { origin, stop }) => {
      const from = origin + position;
      const { bytes } = await readStretch(session, this.#inbox, position, stop - from);
      const isSame = stop - from === length && createHash("sha256").update(bytes).digest().equals(expected);
      if (!isSame) return false;
      await session.query("INSERT INTO seal_inbox_asides VALUES ($1, $2, $3, $4)", [
        this.#inbox,
        name,
        from,
        Buffer.from(bytes),
      ]);
      await this.#cut(session, from);
      return true;
    });
    const moved = await moving.catch((error) => {
      throw asStoreError(`cannot write ${this.name}`, error);
    });
    if (!moved) throw changed(this.name);
    return `${this.name} ${name}`;
  }

  async shorten(before: Bytes | null, base: Bytes, position: number): Promise<Outcome> {
    const own = Buffer.from(base);
    const old = before && Uint8Array.from(before);
    const work = async (session: Session, { origin, stop }: Ends) => {
      const { bytes } = await readStretch(session, this.#inbox, 0, MAX_BASE_BYTES);
      const state = shortening(bytes, old, Uint8Array.from(own));
      if (state === "done") return true;
      const from = origin + position;
      if (state === "changed" || from > stop) return false;
      const inbox = this.#inbox;
      await session.query(
        `UPDATE seal_inbox_pieces SET start = $2::bigint, length = (start + length - $2::bigint)::int, chain = NULL,
          bytes = substring(bytes FROM ($2::bigint - start + 1)::int)
        WHERE inbox = $1 AND start < $2::bigint AND start + length > $2::bigint`,
        [inbox, from],
      );
      await session.query("DELETE FROM seal_inbox_pieces WHERE inbox = $1 AND start < $2", [inbox, from]);
      await session.query("INSERT INTO seal_inbox_pieces VALUES ($1, $2, $3, NULL, $4)", [
        inbox,
        from - own.length,
        own.length,
        own,
      ]);
      await session.query("UPDATE seal_inbox_journals SET origin = $2, kept = $3 WHERE inbox = $1", [
        inbox,
        from - own.length,
        from,
      ]);
      return true;
    };
    this.#settled = null;
    try {
      return (await this.#owning(work)) ? DONE : this.#fenced();
    } catch (error) {
      return failureOf(this.name, error);
    }
  }

  async close(): Promise<void> {}

  /** Of a journal that ends further on, what is behind `from`; with it go the keys of what is not there any more. */
  async #cut(session: Session, from: number): Promise<void> {
    const values = [this.#inbox, from];
    await session.query("DELETE FROM seal_inbox_pieces WHERE inbox = $1 AND start >= $2", values);
    await session.query(
      `UPDATE seal_inbox_pieces SET length = ($2::bigint - start)::int, chain = NULL,
        bytes = substring(bytes FROM 1 FOR ($2::bigint - start)::int)
      WHERE inbox = $1 AND start < $2::bigint AND start + length > $2::bigint`,
      values,
    );
    await session.query("DELETE FROM seal_inbox_keys WHERE inbox = $1 AND stop > $2", values);
    await session.query("UPDATE seal_inbox_journals SET stop = $2, chain = NULL WHERE inbox = $1", values);
    this.#settled = null;
  }

  /** What goes beside a frame, as values of `APPEND`. */
  #besideOf(after: Bytes): unknown[] {
    const { beside, clock } = this.#shared;
    if (!beside || !clock || !equal(beside.frame.chain, after)) return [null, null, null, null, [], []];
    const { boot, steady, age } = clock.stamp();
    const ids = beside.entries.map(({ id }) => Buffer.from(id));
    const prints = beside.entries.map(({ print }) => Buffer.from(print));
    return [Buffer.from(beside.frame.journal), Buffer.from(boot), Math.floor(steady), Math.floor(age), ids, prints];
  }

  /** In a transaction in which nobody else changes the journal. Throws `fenced`, and what the pool throws. */
  #owning<T>(work: (session: Session, ends: Ends) => Promise<T>): Promise<T> {
    return this.#pool.transaction(async (session) => {
      const { rows } = await session.query(OWNED, [this.#inbox, this.#shared.term]);
      if (rows.length === 0) throw changed(this.name);
      return work(session, { origin: Number(rows[0].origin), stop: Number(rows[0].stop) });
    });
  }

  /** One statement that changes or finds the row, or nothing where the term is not this store's. */
  #guarded(text: string, values: readonly unknown[]): Promise<Outcome> {
    return this.#change(async (session, inbox, term) => {
      const guard = text === TERM ? [inbox] : [inbox, term];
      const { rowCount } = await session.query(text, [...guard, ...values]);
      return rowCount === 1 ? DONE : this.#fenced();
    });
  }

  #change(work: (session: Session, inbox: string, term: Buffer | null) => Promise<Outcome>): Promise<Outcome> {
    return outcomeOf(this.#pool, this.name, (session) => work(session, this.#inbox, this.#shared.term));
  }

  async #row(columns: string): Promise<Record<string, unknown> | undefined> {
    const text = `SELECT ${columns} FROM seal_inbox_journals WHERE inbox = $1`;
    const { rows } = await this.#pool.query(text, [this.#inbox]).catch((error) => {
      throw asStoreError(`cannot read ${this.name}`, error);
    });
    return rows[0];
  }

  #fenced(): Outcome {
    return { is: "fenced", error: changed(this.name) };
  }
}

/** From where to where the journal is there. */
interface Ends {
  readonly origin: number;
  readonly stop: number;
}
