// The programs themselves, from dist/: seal-inbox with its service, and seal. The library reads what was taken in.

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Identity, JournalReader } from "@sealed-files/seal";
import { afterAll, onTestFinished } from "vitest";
import { folder } from "./folder.js";

const INBOX = fileURLToPath(new URL("../bin/seal-inbox.js", import.meta.url));
const SEAL = fileURLToPath(new URL("../../bin/seal.js", import.meta.url));

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A directory with the identities `inbox` (which signs) and `ann` (who reads), and an inbox `till` for her in `box`.
 */
export interface Site {
  readonly path: string;
  readonly producer: string;
  readonly reader: string;
  seal(...args: string[]): Promise<Ended>;
  sealWith(env: Record<string, string>, ...args: string[]): Promise<Ended>;
  inbox(...args: string[]): Promise<Ended>;
  inboxWith(env: Record<string, string>, ...args: string[]): Promise<Ended>;
  /** The records of the journal of `till`, as ann reads them. */
  records(): Promise<string[]>;
}

let template: Promise<Site> | undefined;

afterAll(async () => {
  if (template) await rm((await template).path, { recursive: true, force: true });
});

/** A copy of one that is made once, in a folder that goes when the test is over, or in the one that is named. */
export async function makeSite(where?: string): Promise<Site> {
  template ??= makeTemplate();
  const { path: made, producer, reader } = await template;
  const path = where ?? (await folder());
  execFileSync("cp", ["-aT", made, path]);
  return siteAt(path, producer, reader);
}

async function makeTemplate(): Promise<Site> {
  const path = await mkdtemp(join(tmpdir(), "seal-inbox-"));
  const run = (program: string) => (args: readonly string[]) => runProgram(program, args, path);
  const [seal, inbox] = [run(SEAL), run(INBOX)];
  await must(seal(["keygen", "-q", "-o", "inbox.key"]));
  await must(seal(["keygen", "-q", "-o", "ann.key", "--from", "inbox.pub"]));
  await must(inbox(["init", "box"]));
  await must(inbox(["add", "till", "--dir", "box", "--to", "ann.pub"]));
  const create = (...who: string[]) => inbox(["token", "create", "till", "--dir", "box", "-q", ...who]);
  const producer = (await must(create("--producer", "shop"))).stdout.trim();
  const reader = (await must(create("--reader", "ann"))).stdout.trim();
  return siteAt(path, producer, reader);
}

/** A site that is at that path, with its tokens: a copy of another, say. */
export function siteAt(path: string, producer: string, reader: string): Site {
  const run = (program: string) => (args: readonly string[]) => runProgram(program, args, path);
  const [seal, inbox] = [run(SEAL), run(INBOX)];
  return {
    path,
    producer,
    reader,
    records: () => recordsOf(path),
    seal: (...args) => seal(args),
    sealWith: (env, ...args) => runProgram(SEAL, args, path, env),
    inbox: (...args) => inbox(args),
    inboxWith: (env, ...args) => runProgram(INBOX, args, path, env),
  };
}

function recordsOf(path: string): Promise<string[]> {
  return recordsIn(path, join(path, "box", "inboxes", "till", "journal.sealed"));
}

async function recordsIn(path: string, journal: string): Promise<string[]> {
  const ann = await Identity.parse(await readFile(join(path, "ann.key")));
  const read: string[] = [];
  for await (const { records } of await JournalReader.open({ path: journal }, { keys: [ann], label: "till" }))
    for (const record of records) read.push(Buffer.from(record).toString());
  return read;
}

function runProgram(program: string, args: readonly string[], cwd: string, more = {}): Promise<Ended> {
  const env = { ...process.env, SEAL_HOME: join(cwd, "home"), ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function must(ended: Promise<Ended>): Promise<Ended> {
  const { status, stdout, stderr } = await ended;
  if (status !== 0) throw new Error(`exit status ${status}: ${stderr}`);
  return { status, stdout, stderr };
}

/** A program of seal's that runs until it is ended; killed when the test is over. */
export function startSeal({ path }: Site, ...args: string[]): ChildProcess {
  const env = { ...process.env, SEAL_HOME: join(path, "home") };
  const child = spawn(process.execPath, [SEAL, ...args], { cwd: path, env, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  /** What it has written to stdout and stderr. */
  log(): string;
  post(
    body: string | Uint8Array | ReadableStream,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Response>;
}

/**
 * `seal-inbox serve` on a port of its own; killed when the test is over. It waits for idle connections, such as those
 * of fetch, a second where `args` say nothing else. `node`: options of Node itself. `before`: what a shell does before
 * it becomes the service.
 */
export async function serve(
  { path, producer }: Site,
  args: readonly string[] = [],
  node: readonly string[] = [],
  env: Record<string, string> = {},
  before = ":",
): Promise<Served> {
  const store = env.SEAL_INBOX_STORE === undefined ? ["--dir", "box"] : [];
  const drain = args.includes("--drain") ? [] : ["--drain", "1s"];
  const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const serving = ["serve", ...store, "--sign", "inbox.key", ...listen, ...drain, ...args];
  const command = [process.execPath, ...node, INBOX, ...serving];
  const child = spawn("sh", ["-c", `${before}; exec "$@"`, "sh", ...command], {
    cwd: path,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => parts.push(String(piece)));
  const ended = new Promise<number>((resolve) => child.once("close", (code, signal) => resolve(signal ? -1 : code!)));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const log = () => parts.join("");
  const url = await Promise.race([
    addressIn(log),
    ended.then((status) => Promise.reject(new Error(`it ended with ${status}: ${log()}`))),
  ]);
  const post: Served["post"] = (body, headers, signal) =>
    fetch(`${url}/v1/inboxes/till/records`, {
      method: "POST",
      body: body as string,
      headers: { authorization: `Bearer ${producer}`, "content-type": "text/plain", ...headers },
      ...({ duplex: "half", signal } as object),
    });
  return { url, child, ended, log, post };
}

async function addressIn(log: () => string): Promise<string> {
  for (;;) {
    const url = /listening on (https?:\/\/[^"]+)/.exec(log())?.[1];
    if (url) return url;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A site whose inbox is in a database. */
export interface DatabaseSite extends Site {
  readonly database: string;
  /** The journal of `till` as a service gives it: verified by `seal journal verify`, and as ann reads it. */
  records(from?: Served): Promise<string[]>;
}

export async function makeDatabaseSite(database: string): Promise<DatabaseSite> {
  const { path } = await makeSite();
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await runProgram(INBOX, args, path, { SEAL_INBOX_STORE: database });
    // A machine that is busy with other tests does not connect in time: nothing was done.
    return /cannot (reach|prepare) /.test(ended.stderr) ? run(...args) : must(Promise.resolve(ended));
  };
  await run("init");
  await run("add", "till", "--to", "ann.pub");
  const create = async (...who: string[]) => (await run("token", "create", "till", "-q", ...who)).stdout.trim();
  const [producer, reader] = [await create("--producer", "shop"), await create("--reader", "ann")];
  const site = siteAt(path, producer, reader);
  const records = async (from?: Served) => {
    const headers = { authorization: `Bearer ${reader}` };
    const response = await fetch(`${from!.url}/v1/inboxes/till/journal`, { headers });
    const file = join(path, `copy-${Math.random()}`);
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    await must(site.seal("journal", "verify", file, "--from", "inbox.pub", "--label", "till"));
    return recordsIn(path, file);
  };
  return { ...site, database, records };
}

export function serveDatabase(
  site: DatabaseSite,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  before = ":",
): Promise<Served> {
  return serve(site, args, [], { SEAL_INBOX_STORE: site.database, ...env }, before);
}

/** Whether it was acknowledged; false where the service is gone, or silent. */
export async function sent({ post }: Served, record: string, headers: Record<string, string>, most = 4000) {
  try {
    const response = await post(record, headers, AbortSignal.timeout(most));
    await response.arrayBuffer();
    return response.status === 201;
  } catch {
    return false;
  }
}
