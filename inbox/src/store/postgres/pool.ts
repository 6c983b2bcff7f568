// Connections to a database. One on which anything went wrong is not used again, so what a statement meets is always a
// session as it was opened.

import { SealError } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { Client, type ClientConfig, type QueryResult } from "pg";
import type { Address } from "./address.js";

/** How many there are at most. */
const MOST = 16;
const CONNECT_TIME = 5000;
/** Milliseconds for one to become free. */
const WAIT_TIME = 10_000;
/** Milliseconds for a statement, by the server's clock, and for its answer to be here. */
const STATEMENT_TIME = 20_000;
const ANSWER_TIME = 25_000;
/** For a row that another transaction has. */
const LOCK_TIME = 10_000;
/** After which the server ends a transaction of a service that is silent: nobody waits longer for its rows. */
const SILENT_TIME = 10_000;
/** Unused for so long, a connection is closed. */
const IDLE_TIME = 30_000;

export interface PoolOptions {
  /** Takes also a database that may lose what it has committed. */
  readonly allowUnsafe: boolean;
  /** Connections at a time. */
  readonly most?: number;
}

export interface Queries {
  query(text: string, values?: readonly unknown[]): Promise<QueryResult>;
}

/** A connection while it is used. */
export interface Session extends Queries {
  /** Warnings that came since it was taken: the server did something, but not all that it should have. */
  readonly warnings: number;
}

/**
 * Of notices by their codes, as their other words are in the server's language: one without any, or that something is
 * there already. A commit that no standby has is told by a warning.
 */
function isHarmless(code: string | undefined): boolean {
  return code === "00000" || code?.startsWith("42") === true;
}

export class Pool implements Queries {
  readonly name: string;
  readonly #address: Address;
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #count = 0;
  /** The host that could be written last. */
  #host = 0;
  #isClosed = false;

  constructor(address: Address, options: PoolOptions) {
    this.name = address.name;
    this.#address = address;
    this.#options = options;
  }

  /**
   * Does `work` with a connection of its own. Throws `Unconnected` where there is none, when nothing was asked of the
   * database; what `work` throws.
   */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const connection = await this.#take().catch((error) => {
      throw new Unconnected(this.name, error);
    });
    let isFine = false;
    try {
      const result = await work(connection);
      isFine = connection.warnings === 0;
      return result;
    } finally {
      this.#giveBack(connection, isFine);
    }
  }

  /** In one transaction. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.use(async (session) => {
      await session.query("BEGIN");
      const result = await work(session);
      await session.query("COMMIT");
      if (session.warnings > 0) throw new SealError("io", "the database did not do all that a commit does");
      return result;
    });
  }

  query(text: string, values: readonly unknown[] = []): Promise<QueryResult> {
    return this.use((session) => session.query(text, values));
  }

  /** Closes what is not in use; what is, when it is given back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
  }

  async #take(): Promise<Connection> {
    for (;;) {
      if (this.#isClosed) throw new SealError("io", "the store is closed");
      for (let found = this.#idle.pop(); found; found = this.#idle.pop()) {
        if (found.take()) return found;
        this.#count--;
      }
      if (this.#count < (this.#options.most ?? MOST)) break;
      await this.#oneIsFree();
    }
    this.#count++;
    return this.#connect().catch((error) => {
      this.#free();
      throw error;
    });
  }

  /** Throws `io` where that takes too long. */
  #oneIsFree(): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(new SealError("io", `all connections to ${this.name} are in use`));
      }, WAIT_TIME);
      this.#waiting.push(wake);
    });
  }

  /** To the first host that can be written, beginning with the one that could be last. */
  async #connect(): Promise<Connection> {
    const { hosts } = this.#address;
    let failure: unknown;
    for (let i = 0; i < hosts.length; i++) {
      const host = (this.#host + i) % hosts.length;
      try {
        const connection = await Connection.open(hosts[host]!, this.#options);
        this.#host = host;
        return connection;
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }

  #giveBack(connection: Connection, isFine: boolean): void {
    if (isFine && !this.#isClosed && connection.rest()) {
      this.#idle.push(connection);
      this.#waiting.shift()?.();
    } else {
      connection.destroy();
      this.#free();
    }
  }

  #free(): void {
    this.#count--;
    this.#waiting.shift()?.();
  }
}

/** Nothing was asked of the database, as it could not be reached or is not fit. */
export class Unconnected extends Error {
  readonly error: SealError;

  constructor(name: string, cause: unknown) {
    const error = cause instanceof SealError ? cause : ioError(`cannot reach ${name}`, reasonOf(cause));
    super(error.message, { cause });
    this.error = error;
  }
}

/** Where a name has several addresses, the first one's reason stands for all. */
function reasonOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}

class Connection implements Session {
  warnings = 0;
  readonly #client: Client;
  #isBroken = false;
  #timer: NodeJS.Timeout | null = null;

  private constructor(config: ClientConfig) {
    this.#client = new Client({
      ...config,
      application_name: "seal-inbox",
      connectionTimeoutMillis: CONNECT_TIME,
      query_timeout: ANSWER_TIME,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    this.#client.on("error", () => {
      this.#isBroken = true;
    });
    this.#client.on("notice", ({ code }) => {
      if (!isHarmless(code)) this.warnings++;
    });
  }

  /** Throws `io` for a database that is not fit; what the client throws. */
  static async open(config: ClientConfig, options: PoolOptions): Promise<Connection> {
    const connection = new Connection(config);
    try {
      await connection.#client.connect();
      await connection.#prepare(options);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  async query(text: string, values: readonly unknown[] = []): Promise<QueryResult> {
    try {
      return await this.#client.query({ text, values: [...values] });
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  /** false where it broke while it rested. */
  take(): boolean {
    if (this.#timer) clearTimeout(this.#timer);
    return !this.#isBroken;
  }

  rest(): boolean {
    this.#timer = setTimeout(() => {
      this.#isBroken = true;
      this.destroy();
    }, IDLE_TIME).unref();
    return !this.#isBroken;
  }

  destroy(): void {
    if (this.#timer) clearTimeout(this.#timer);
    // An answer that is still due is nobody's any more.
    (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async end(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#isBroken) return this.destroy();
    await this.#client.end().catch(() => undefined);
  }

  /** What the session is to be, and whether what it commits stays. */
  async #prepare({ allowUnsafe }: PoolOptions): Promise<void> {
    await this.query("SET default_transaction_isolation = 'read committed'");
    await this.query(`SET statement_timeout = ${STATEMENT_TIME}`);
    await this.query(`SET lock_timeout = ${LOCK_TIME}`);
    await this.query(`SET idle_in_transaction_session_timeout = ${SILENT_TIME}`);
    if ((await this.#setting("transaction_read_only")) === "on")
      throw new SealError("io", "the database cannot be written: it is a standby, or read-only");
    if (allowUnsafe) return;
    for (const name of ["synchronous_commit", "fsync", "full_page_writes"]) {
      if ((await this.#setting(name)) === "off")
        throw new SealError("io", `the database may lose what it has committed: its ${name} is off`, {
          hint: "Turn it on, or say that acknowledged records may be lost.",
        });
    }
  }

  async #setting(name: string): Promise<string> {
    const { rows } = await this.query(`SHOW ${name}`);
    return String(rows[0][name]);
  }
}
