// The bytes of a journal in a database.

import { Readable } from "node:stream";
import { ioError } from "@sealed-files/seal/internal";
import { Overtaken } from "../../codes.js";
import type { JournalReading } from "../store.js";
import { asStoreError } from "./outcome.js";
import type { Pool, Queries } from "./pool.js";

/** Bytes that are asked for at a time. */
const STRETCH = 256 * 1024;

/** `$2` … `$2 + $3` of what is there, and where it begins. One statement sees the journal as it was at one moment. */
const READ = `SELECT j.origin, (
  SELECT string_agg(
    substring(p.bytes
      FROM (GREATEST(j.origin + $2::bigint - p.start, 0) + 1)::int
      FOR GREATEST(0, LEAST(p.start + p.length, j.origin + $2::bigint + $3::bigint)
        - GREATEST(p.start, j.origin + $2::bigint))::int),
    ''::bytea ORDER BY p.start)
  FROM seal_inbox_pieces p
  WHERE p.inbox = j.inbox AND p.start < j.origin + $2::bigint + $3::bigint AND p.start >= COALESCE(
    (SELECT max(q.start) FROM seal_inbox_pieces q WHERE q.inbox = j.inbox AND q.start <= j.origin + $2::bigint),
    j.origin)
) AS bytes FROM seal_inbox_journals j WHERE j.inbox = $1`;

export interface Stretch {
  readonly origin: number;
  readonly bytes: Uint8Array;
}

/** Throws what the pool throws. */
export async function readStretch(
  database: Queries,
  inbox: string,
  position: number,
  length: number,
): Promise<Stretch> {
  const { rows } = await database.query(READ, [inbox, position, length]);
  const [row] = rows;
  return { origin: Number(row?.origin ?? 0), bytes: Uint8Array.from((row?.bytes as Buffer | null) ?? []) };
}

/** Throws `io`, also where nothing was written yet. */
export async function openRows(pool: Pool, inbox: string, name: string): Promise<JournalReading> {
  const text = "SELECT origin, stop FROM seal_inbox_journals WHERE inbox = $1 AND stop > origin";
  const { rows } = await pool.query(text, [inbox]).catch((error) => {
    throw asStoreError(`cannot read ${name}`, error);
  });
  if (rows.length === 0) throw ioError(`cannot read ${name}`, { code: "ENOENT" });
  return new RowReading(pool, inbox, name, { origin: Number(rows[0].origin), stop: Number(rows[0].stop) });
}

class RowReading implements JournalReading {
  readonly name: string;
  readonly #pool: Pool;
  readonly #inbox: string;
  readonly #origin: number;
  readonly #size: number;

  constructor(pool: Pool, inbox: string, name: string, { origin, stop }: { origin: number; stop: number }) {
    this.name = name;
    this.#pool = pool;
    this.#inbox = inbox;
    this.#origin = origin;
    this.#size = stop - origin;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async flushed(): Promise<number> {
    return this.#size;
  }

  async readAt(position: number, length: number): Promise<Uint8Array> {
    const there = Math.min(length, Math.max(0, this.#size - position));
    const { origin, bytes } = await readStretch(this.#pool, this.#inbox, position, there).catch((error) => {
      throw asStoreError(`cannot read ${this.name}`, error);
    });
    if (origin !== this.#origin)
      throw ioError(`cannot read ${this.name}`, new Overtaken("it was shortened while it was read"));
    return bytes;
  }

  stream(start: number, end: number): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false, highWaterMark: STRETCH });
  }

  async close(): Promise<void> {}

  async *#pieces(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; ) {
      const bytes = await this.readAt(at, Math.min(STRETCH, end - at));
      if (bytes.length === 0) throw ioError(`cannot read ${this.name}`, new Error("it is shorter than it was"));
      yield bytes;
      at += bytes.length;
    }
  }
}
