// The programs themselves, from dist/: seal-inbox with its service, and seal to read what it took in.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { folder } from "./folder.js";

const INBOX = fileURLToPath(new URL("../bin/seal-inbox.js", import.meta.url));
const SEAL = fileURLToPath(new URL("../../bin/seal.js", import.meta.url));

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory with the identities `inbox` (which signs) and `ann` (who reads), and an inbox `till` for her in `box`. */
export interface Site {
  readonly path: string;
  readonly producer: string;
  readonly reader: string;
  seal(...args: string[]): Promise<Ended>;
  sealWith(env: Record<string, string>, ...args: string[]): Promise<Ended>;
  inbox(...args: string[]): Promise<Ended>;
  /** The records of the journal of `till`, as ann reads them. */
  records(): Promise<string[]>;
}

/** In a folder that goes when the test is over, or in the one that is named. */
export async function makeSite(where?: string): Promise<Site> {
  const path = where ?? (await folder());
  const run = (program: string) => (args: readonly string[]) => runProgram(program, args, path);
  const [seal, inbox] = [run(SEAL), run(INBOX)];
  await must(seal(["keygen", "-q", "-o", "inbox.key"]));
  await must(seal(["keygen", "-q", "-o", "ann.key", "--from", "inbox.pub"]));
  await must(inbox(["init", "box"]));
  await must(inbox(["add", "till", "--dir", "box", "--to", "ann.pub"]));
  const create = (...who: string[]) => inbox(["token", "create", "till", "--dir", "box", "-q", ...who]);
  const producer = (await must(create("--producer", "shop"))).stdout.trim();
  const reader = (await must(create("--reader", "ann"))).stdout.trim();
  const records = async () => {
    const journal = join("box", "inboxes", "till", "journal.sealed");
    const read = await must(seal(["journal", "read", journal, "--key", "ann.key", "--label", "till", "-q"]));
    return read.stdout.split("\n").slice(0, -1);
  };
  return {
    path,
    producer,
    reader,
    records,
    seal: (...args) => seal(args),
    sealWith: (env, ...args) => runProgram(SEAL, args, path, env),
    inbox: (...args) => inbox(args),
  };
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

/** `seal-inbox serve` on a port of its own; killed when the test is over. `node`: options of Node itself. */
export async function serve(
  { path, producer }: Site,
  args: readonly string[] = [],
  node: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Served> {
  const serving = ["serve", "--dir", "box", "--sign", "inbox.key", "--listen", "127.0.0.1:0", ...args];
  const child = spawn(process.execPath, [...node, INBOX, ...serving], {
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
