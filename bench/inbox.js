// node bench/inbox.js: acknowledged POSTs a second of seal-inbox, and its memory meanwhile. See --help.

import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { makeInbox, processorSeconds, residentBytes } from "./inbox/service.js";
import { MIB, plainOptions } from "./options.js";

const HELP = `node bench/inbox.js [options]

  --requests N     POSTs of one record each; 200000 by default (1000000 shows whether memory stays flat)
  --connections N  64 by default
  --bytes N        of a record; 256 by default
  --keys           with an idempotency key each
  --store URL      a database, empty; otherwise a directory
  --node PATH      the node that runs the service (default: the one that runs this)
  --json           the figures as JSON
`;

const values = plainOptions(HELP, {
  requests: 200_000,
  connections: 64,
  bytes: 256,
  keys: false,
  store: "",
  node: process.execPath,
  json: false,
});

const inbox = makeInbox(values.node, values.store || null);
try {
  const service = await inbox.serve();
  try {
    report(await measure(service, inbox.tokens.producer));
  } finally {
    service.child.kill("SIGTERM");
    await service.ended;
  }
} finally {
  inbox.remove();
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
    connections: values.connections,
    amount: values.requests,
    timeout: 60,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/octet-stream" },
    body: Buffer.alloc(values.bytes, 1),
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
    memory: memory.map(mib),
  };
  process.stdout.write(`${JSON.stringify(facts, null, values.json ? 0 : 2)}\n`);
}

function mib(bytes) {
  return Math.round(bytes / MIB);
}
