// node bench/inbox.js: acknowledged POSTs a second of seal-inbox, and its memory meanwhile. See --help.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { ROOT } from "./options.js";

const HELP = `node bench/inbox.js [options]

  --requests N     POSTs of one record each; 200000 by default (1000000 shows whether memory stays flat)
  --connections N  64 by default
  --bytes N        of a record; 256 by default
  --keys           with an idempotency key each
  --node PATH      the node that runs the service (default: the one that runs this)
  --json           the figures as JSON
`;

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "200000" },
    connections: { type: "string", default: "64" },
    bytes: { type: "string", default: "256" },
    keys: { type: "boolean", default: false },
    node: { type: "string", default: process.execPath },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}

const directory = mkdtempSync(join(tmpdir(), "seal-bench-inbox-"));
const box = join(directory, "box");
const program = (path, ...args) =>
  execFileSync(process.execPath, [ROOT + path, ...args], {
    cwd: directory,
    env: { ...process.env, SEAL_HOME: directory, SEAL_INBOX_DIR: box },
    encoding: "utf8",
  }).trim();
const seal = (...args) => program("bin/seal.js", ...args);
const inbox = (...args) => program("inbox/bin/seal-inbox.js", ...args);

try {
  const token = setUp();
  const service = await start();
  try {
    report(await measure(service, token));
  } finally {
    service.child.kill("SIGTERM");
    await service.ended;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The producer's token. */
function setUp() {
  seal("keygen", "-q", "-o", "inbox.key");
  seal("keygen", "-q", "-o", "user.key", "--from", "inbox.pub");
  inbox("init", box);
  inbox("add", "bench", "--to", "user.pub");
  return inbox("token", "create", "bench", "--producer", "bench", "-q");
}

async function start() {
  const limits = ["--rate", "1000000", "--max-keys", "10000000"];
  const args = ["serve", "--dir", box, "--sign", join(directory, "inbox.key"), "--listen", "127.0.0.1:0", ...limits];
  const child = spawn(values.node, [`${ROOT}inbox/bin/seal-inbox.js`, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (piece) => {
      text += piece;
      const [, found] = /listening on (http:[^"]+)/.exec(text) ?? [];
      if (found) resolve(found);
    });
    ended.then((status) => reject(new Error(`the service ended with ${status}`)));
  });
  return { child, ended, url };
}

async function measure({ child, url }, token) {
  const memory = [];
  let isOver = false;
  const watching = watch();
  async function watch() {
    for (; !isOver; await sleep(1000)) memory.push(residentBytes(child.pid));
  }
  const before = processorSeconds(child.pid);
  const load = autocannon({
    url: `${url}/v1/inboxes/bench/records`,
    method: "POST",
    connections: Number(values.connections),
    amount: Number(values.requests),
    timeout: 60,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/octet-stream" },
    body: Buffer.alloc(Number(values.bytes), 1),
    ...(values.keys && { idReplacement: true }),
    ...(values.keys && { headers: keyed(token) }),
  });
  const result = await load;
  isOver = true;
  const processor = processorSeconds(child.pid) - before;
  await watching;
  return { result, processor, memory };
}

function keyed(token) {
  return {
    authorization: `Bearer ${token}`,
    "content-type": "application/octet-stream",
    "idempotency-key": "bench-[<id>]",
  };
}

function report({ result, processor, memory }) {
  const third = memory.slice(Math.floor(memory.length / 3));
  const facts = {
    acknowledged: result["2xx"],
    refused: result.non2xx,
    errors: result.errors,
    seconds: result.duration,
    perSecond: Math.round(result["2xx"] / result.duration),
    perProcessorSecond: Math.round(result["2xx"] / processor),
    medianMs: result.latency.p50,
    p99Ms: result.latency.p99,
    residentMiB: {
      first: mib(memory[1] ?? memory[0]),
      least: mib(Math.min(...third)),
      most: mib(Math.max(...third)),
      last: mib(memory.at(-1)),
    },
  };
  process.stdout.write(`${JSON.stringify(facts, null, values.json ? 0 : 2)}\n`);
}

function mib(bytes) {
  return Math.round(bytes / 1024 / 1024);
}

/** Linux alone tells this of another process. */
function residentBytes(pid) {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** User and system time of all threads of a process. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
