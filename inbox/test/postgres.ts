// A PostgreSQL server of the tests' own, on a free port, in a temporary folder; or the one that SEAL_TEST_POSTGRES
// names.

import { execFile, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";

const run = promisify(execFile);
const ROOT = "/usr/lib/postgresql";

function binaries(): string | null {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(ROOT, version, "bin")).find((path) => existsSync(join(path, "initdb")));
  return found ?? null;
}

/** Whether there is a server to test with. Where there is none, that is said. */
export const hasPostgres = process.env.SEAL_TEST_POSTGRES !== undefined || binaries() !== null;
if (!hasPostgres) process.stderr.write("PostgreSQL is not installed: the tests of its store do not run\n");

export interface Server {
  /** Of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Makes a database; its URL. */
  database(): Promise<string>;
  /** As a loss of power does, but for what the system has in its cache. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** A second server, without which this one confirms no commit from now on. */
  standby(): Promise<Standby>;
  remove(): Promise<void>;
}

export interface Standby {
  readonly port: number;
  /** It can be written from now on. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

/** Settings are lines of postgresql.conf. */
export async function startPostgres(settings: readonly string[] = []): Promise<Server> {
  const given = process.env.SEAL_TEST_POSTGRES;
  if (given !== undefined && settings.length === 0) return foreign(given);
  const bin = binaries()!;
  const folder = mkdtempSync(join(tmpdir(), "seal-postgres-"));
  const [user, ...before] = await asUser(folder);
  const command = (name: string, ...args: string[]) => run(...split([...before, join(bin, name), ...args]));
  const data = join(folder, "data");
  await command("initdb", "-D", data, "-A", "trust", "-U", "seal", "--no-sync", "--no-locale", "-E", "UTF8");
  const port = await freePort();
  const options = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, ...settings];
  const startIn = async (directory: string, all: readonly string[], on: number) => {
    const flags = all.flatMap((each) => ["-c", each]);
    const [program, args] = split([...before, join(bin, "postgres"), "-D", directory, ...flags]);
    spawn(program, args, { stdio: "ignore" });
    await reachable(`postgres://seal@127.0.0.1:${on}/postgres`);
  };
  const start = () => startIn(data, options, port);
  await start();
  const url = `postgres://seal@127.0.0.1:${port}/postgres`;
  const stopIn = (directory: string, mode: string) =>
    command("pg_ctl", "-D", directory, "-m", mode, "-w", "stop").catch(() => undefined);
  const stop = (mode: string) => stopIn(data, mode);
  const standby = async (): Promise<Standby> => {
    const copy = join(folder, "copy");
    await command("pg_basebackup", "-d", url, "-D", copy, "-R", "-X", "stream", "-c", "fast", "--no-sync");
    const own = await freePort();
    await startIn(copy, [`port=${own}`, ...options.slice(1)], own);
    await asked(url, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()");
    for (let isThere = false; !isThere; ) {
      const there = "SELECT 1 / count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
      isThere = await asked(url, there).then(
        () => true,
        () => false,
      );
    }
    return {
      port: own,
      promote: async () => void (await command("pg_ctl", "-D", copy, "-w", "promote")),
      remove: async () => void (await stopIn(copy, "immediate")),
    };
  };
  return {
    url,
    port,
    database: () => makeDatabase(url),
    kill: async () => void (await stop("immediate")),
    start,
    standby,
    remove: async () => {
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
    ...(user && {}),
  };
}

function foreign(url: string): Server {
  const nothing = async () => {};
  const standby = () => Promise.reject(new Error("a server of others has no standby"));
  return { url, port: 0, database: () => makeDatabase(url), kill: nothing, start: nothing, standby, remove: nothing };
}

const split = ([program, ...args]: readonly string[]): [string, string[]] => [program!, args];

/** The server refuses to run as root: then it runs as `postgres`, with what goes in front of its command. */
async function asUser(folder: string): Promise<string[]> {
  if (process.getuid?.() !== 0) return [""];
  const id = async (kind: string) => Number((await run("id", [kind, "postgres"])).stdout);
  chownSync(folder, await id("-u"), await id("-g"));
  return ["postgres", "setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"];
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reachable(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await asked(url, "SELECT 1"));
    } catch (error) {
      if (tries > 600) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Sends statements to a database; what the last one finds. */
export async function asked(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  client.on("error", () => undefined);
  await client.connect();
  let rows: Record<string, unknown>[] = [];
  for (const each of statements) ({ rows } = await client.query(each));
  await client.end();
  return rows;
}

let count = 0;

async function makeDatabase(url: string): Promise<string> {
  const name = `seal_${process.pid}_${Date.now()}_${count++}`;
  await asked(url, `CREATE DATABASE ${name}`);
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}
