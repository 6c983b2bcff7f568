// node bench/soak.js: an inbox, a journal's writer and readers at work for a long time, and their memory meanwhile. See
// --help.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { makeInbox, residentBytes } from "./inbox/service.js";
import { aboutNode, machine } from "./machine.js";
import { MIB, plainOptions, ROOT } from "./options.js";
import { writeReport } from "./report/write.js";
import { writeNamed } from "./results.js";

const HELP = `node bench/soak.js [options]

  --minutes N   30 by default
  --rate N      records that are posted to the inbox in a second; 500 by default
  --node PATH   the node that runs the programs (default: the one that runs this)
  --print       print the figures as JSON, write nothing

At the same time: records are posted to an inbox; "seal journal read --follow" reads it over HTTP; "seal journal append" writes
a journal of its own, in bursts, with a new epoch by SIGHUP each minute; every ten seconds a pick-up by cursor reads what is new there. All
records must have come out once, in order.
`;

const { minutes, rate, node, print } = plainOptions(HELP, {
  minutes: 30,
  rate: 500,
  node: process.execPath,
  print: false,
});
const SECONDS = 60 * minutes;
const inbox = makeInbox(node);
try {
  const results = await soak();
  if (print) process.stdout.write(`${JSON.stringify(results)}\n`);
  else {
    writeNamed(`${ROOT}bench/results`, "soak", results);
    writeReport(`${ROOT}docs/BENCHMARKS.md`, `${ROOT}bench/results`);
  }
} finally {
  inbox.remove();
}

async function soak() {
  const about = { ...machine(), ...(await aboutNode(node)) };
  const service = await inbox.serve();
  const reading = follow(`${service.url}/v1/inboxes/bench/journal`);
  const writing = write();
  const watched = { service: service.child.pid, reader: reading.pid, writer: writing.pid };
  const samples = [];
  const started = performance.now();
  const load = autocannon({
    url: `${service.url}/v1/inboxes/bench/records`,
    method: "POST",
    connections: 16,
    overallRate: rate,
    duration: SECONDS,
    timeout: 60,
    headers: { authorization: `Bearer ${inbox.tokens.producer}`, "content-type": "application/octet-stream" },
    body: Buffer.alloc(256, "r"),
  });
  for (let second = 0; second < SECONDS; second += 5) {
    await sleep(started + 1000 * second - performance.now());
    const resident = Object.entries(watched).map(([name, pid]) => [name, Math.round(residentBytes(pid) / MIB)]);
    samples.push({ second, ...Object.fromEntries(resident) });
    if (second % 60 === 55) process.kill(watched.writer, "SIGHUP");
    if (second % 10 === 0 && second > 0) await writing.pickUp();
  }
  const posted = await load;
  const appended = await writing.end();
  const followed = await reading.until(posted["2xx"]);
  service.child.kill("SIGTERM");
  return {
    about,
    how: { minutes, rate },
    inbox: { acknowledged: posted["2xx"], refused: posted.non2xx, errors: posted.errors, followed },
    journal: appended,
    endedWith: await service.ended,
    samples,
  };
}

/** The user, who follows the inbox. */
function follow(url) {
  writeFileSync(join(inbox.directory, "header"), `Authorization: Bearer ${inbox.tokens.reader}\n`);
  const child = start(["journal", "read", url, "--header", "@header", "--key", "user.key", "--follow", "-q"]);
  let lines = 0;
  child.stdout.on("data", (piece) => {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++;
  });
  return {
    pid: child.pid,
    async until(count) {
      for (let waited = 0; lines < count && waited < 100; waited++) await sleep(100);
      child.kill("SIGTERM");
      return lines;
    },
  };
}

/** A writer of numbered lines, in bursts, and whoever picks them up. */
function write() {
  const child = start(["journal", "append", "own.journal", "--to", "user.pub", "--sign", "inbox.key", "--json"]);
  let [sent, acknowledged, picked, pickUps] = [0, 0, 0, 0];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece) => {
    const lines = (text + piece).split("\n");
    text = lines.pop();
    for (const line of lines) acknowledged += JSON.parse(line).records ?? 0;
  });
  const burst = setInterval(() => {
    const count = Math.floor(Math.random() ** 4 * 400);
    const lines = Array.from({ length: count }, () => `${sent++} ${"r".repeat(200)}\n`);
    child.stdin.write(lines.join(""));
  }, 100);
  const pickUp = async () => {
    const args = ["journal", "read", "own.journal", "--key", "user.key", "--cursor", "own.cursor", "-q"];
    pickUps++;
    for await (const line of linesOf(start(args))) {
      if (!line.startsWith(`${picked++} `)) throw new Error(`record ${picked - 1} is not the one that is due`);
    }
  };
  return {
    pid: child.pid,
    pickUp,
    async end() {
      clearInterval(burst);
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.stdin.end();
      const status = await ended;
      await pickUp();
      return { sent, acknowledged, picked, pickUps, status };
    },
  };
}

async function* linesOf(child) {
  const ended = new Promise((resolve) => child.once("close", resolve));
  let text = "";
  for await (const piece of child.stdout.setEncoding("utf8")) {
    const lines = (text + piece).split("\n");
    text = lines.pop();
    yield* lines;
  }
  const status = await ended;
  if (status !== 0) throw new Error(`a pick-up ended with ${status}`);
}

function start(args) {
  const options = { cwd: inbox.directory, env: inbox.env, stdio: ["pipe", "pipe", "inherit"] };
  return spawn(node, [join(ROOT, "bin/seal.js"), ...args], options);
}
