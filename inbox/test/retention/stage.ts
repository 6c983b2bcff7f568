// Where a year is played: a store, and programs whose clocks are ahead by as much as the test says.

import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asked } from "../postgres.js";
import { sleep } from "../producers.js";
import {
  type DatabaseSite,
  type Ended,
  makeDatabaseSite,
  makeSite,
  type Served,
  type Site,
  serve,
} from "../program.js";

const FAST = fileURLToPath(new URL("../fast-clock.js", import.meta.url));

export class Stage {
  readonly site: Site;
  /** Its services, of which each can be ended and started again. */
  readonly services: Served[] = [];
  readonly #env: Record<string, string>;
  readonly #database: string | null;
  readonly #clock: string;
  #ahead = 0;

  private constructor(site: Site, database: string | null) {
    this.site = site;
    this.#database = database;
    this.#clock = join(site.path, "clock");
    writeFileSync(this.#clock, "0");
    const store = database === null ? { SEAL_INBOX_DIR: join(site.path, "box") } : { SEAL_INBOX_STORE: database };
    this.#env = { NODE_OPTIONS: `--import ${FAST}`, SHIFTED_CLOCK: this.#clock, ...store } as Record<string, string>;
  }

  static async inDirectory(): Promise<Stage> {
    return new Stage(await makeSite(), null);
  }

  /** What its sessions find first under the name of a clock is one of the test's own. */
  static async inDatabase(database: string): Promise<Stage> {
    const site: DatabaseSite = await makeDatabaseSite(database);
    await asked(
      database,
      "CREATE SCHEMA ahead",
      "CREATE TABLE ahead.clock AS SELECT interval '0' AS by",
      `CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS 'SELECT pg_catalog.clock_timestamp() + by FROM ahead.clock'`,
      `ALTER DATABASE ${new URL(database).pathname.slice(1)} SET search_path = public, ahead, pg_catalog`,
    );
    return new Stage(site, database);
  }

  /** Milliseconds since it began, by all clocks. */
  get ahead(): number {
    return this.#ahead;
  }

  async start(count: number): Promise<void> {
    const peers = count > 1 ? ["--peers", "127.0.0.1:0"] : [];
    for (let i = 0; i < count; i++) this.services.push(await serve(this.site, peers, [], this.#env));
  }

  /** All services end, as they are asked to, or at once. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number[]> {
    const ending = this.services.splice(0);
    for (const { child } of ending) child.kill(signal);
    return Promise.all(ending.map(({ ended }) => ended));
  }

  /** The clocks go on, and services do what they do every so often. */
  async go(milliseconds: number): Promise<void> {
    this.#ahead += milliseconds;
    if (this.#database !== null)
      await asked(this.#database, `UPDATE ahead.clock SET by = interval '${this.#ahead} milliseconds'`);
    writeFileSync(`${this.#clock}.new`, String(this.#ahead));
    renameSync(`${this.#clock}.new`, this.#clock);
    for (const { child } of this.services) while (this.#seenBy(child.pid!) !== this.#ahead) await sleep(5);
  }

  #seenBy(pid: number): number | null {
    try {
      return Number(readFileSync(`${this.#clock}.${pid}`, "latin1"));
    } catch {
      return null;
    }
  }

  command(...args: string[]): Promise<Ended> {
    return this.site.inboxWith(this.#env, ...args);
  }

  /** What the journal takes on the disk, or of the database. */
  async bytes(): Promise<number> {
    if (this.#database === null) return statSync(join(this.site.path, "box", "inboxes", "till", "journal.sealed")).size;
    const [row] = await asked(this.#database, "SELECT sum(octet_length(bytes)) AS bytes FROM seal_inbox_pieces");
    return Number(row!.bytes);
  }
}
