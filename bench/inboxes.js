// node bench/inboxes.js: a service that has many inboxes, in a directory or a database. See --help.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import autocannon from "autocannon";
import pg from "pg";
import { makeInbox, processorSeconds, residentBytes } from "./inbox/service.js";
import { MIB, plainOptions } from "./options.js";

const HELP = `node bench/inboxes.js [options]

  --inboxes N      10000 by default
  --requests N     POSTs of one record, to one inbox after the other; as many as inboxes by default
  --connections N  64 by default
  --bytes N        of a record; 256 by default
  --records N      in a POST; 1 by default
  --keys           with an idempotency key each
  --every N        POSTs between two looks at the service's memory and descriptors; a tenth of all by default
  --max-open N     inboxes that are open at a time; 1000 by default
  --store URL      a database, empty; otherwise a directory
  --node PATH      the node that runs the service (default: the one that runs this)
  --json           the figures as JSON
`;

const values = plainOptions(HELP, {
  inboxes: 10_000,
  requests: 0,
  connections: 64,
  bytes: 256,
  records: 1,
  keys: false,
  every: 0,
  "max-open": 1000,
  store: "",
  node: process.execPath,
  json: false,
});
const requests = values.requests || values.inboxes;
const every = values.every || Math.ceil(requests / 10);
const nameOf = (i) => (i === 0 ? "bench" : `bench-${i}`);

const inbox = makeInbox(values.node, values.store || null);
try {
  const adding = performance.now();
  await (values.store ? addToDatabase(values.store) : addToDirectory(inbox.box));
  const added = (performance.now() - adding) / 1000;
  const starting = performance.now();
  const service = await inbox.serve("--max-open", String(values["max-open"]));
  const started = (performance.now() - starting) / 1000;
  try {
    const idle = look(service.child.pid);
    const measured = await measure(service, inbox.tokens.producer);
    const facts = { inboxes: values.inboxes, addedSeconds: added, startedSeconds: started, idle, ...measured };
    process.stdout.write(`${JSON.stringify(facts, null, values.json ? 0 : 2)}\n`);
  } finally {
    service.child.kill("SIGTERM");
    await service.ended;
  }
} finally {
  inbox.remove();
}

/** Copies of the one that is there, with its tokens: the command takes half a second for each. */
function addToDirectory(box) {
  const folder = join(box, "inboxes");
  const first = join(folder, nameOf(0));
  const settings = readFileSync(join(first, "inbox.json"), "utf8");
  for (let i = 1; i < values.inboxes; i++) {
    const path = join(folder, nameOf(i));
    for (const part of ["tokens", "keys"]) mkdirSync(join(path, part), { recursive: true });
    cpSync(join(first, "tokens"), join(path, "tokens"), { recursive: true });
    writeFileSync(join(path, "inbox.json"), settings.replace('"label": "bench"', `"label": "${nameOf(i)}"`));
  }
}

async function addToDatabase(store) {
  const client = new pg.Client(store);
  await client.connect();
  const numbers = `generate_series(1, ${values.inboxes - 1}) AS n`;
  await client.query(`INSERT INTO seal_inboxes (inbox, settings)
    SELECT 'bench-' || n, replace(settings, '"bench"', '"bench-' || n || '"') FROM seal_inboxes, ${numbers}`);
  await client.query(`INSERT INTO seal_inbox_journals (inbox) SELECT 'bench-' || n FROM ${numbers}`);
  await client.query(`INSERT INTO seal_inbox_tokens (inbox, hash, allows)
    SELECT 'bench-' || n, hash, allows FROM seal_inbox_tokens, ${numbers}`);
  await client.end();
}

async function measure({ child, url }, token) {
  const looks = [];
  let [next, answered] = [0, 0];
  const before = processorSeconds(child.pid);
  const line = `${"x".repeat(values.bytes)}\n`;
  const load = autocannon({
    url,
    connections: values.connections,
    amount: requests,
    timeout: 120,
    requests: [{ setupRequest: (request) => Object.assign(request, one(next++, token)) }],
    body: values.records === 1 ? Buffer.alloc(values.bytes, "x") : Buffer.from(line.repeat(values.records)),
  });
  load.on("response", () => {
    answered++;
    if (answered % every !== 0) return;
    looks.push({ answered, ...look(child.pid) });
    process.stderr.write(`${JSON.stringify(looks.at(-1))}\n`);
  });
  const result = await load;
  const processor = processorSeconds(child.pid) - before;
  return {
    acknowledged: result["2xx"],
    refused: result.non2xx,
    errors: result.errors,
    seconds: result.duration,
    perSecond: Math.round(result["2xx"] / result.duration),
    recordsPerSecond: Math.round((result["2xx"] * values.records) / result.duration),
    perProcessorSecond: Math.round(result["2xx"] / processor),
    medianMs: result.latency.p50,
    p99Ms: result.latency.p99,
    looks,
  };
}

function one(i, token) {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": values.records === 1 ? "application/octet-stream" : "application/x-ndjson",
    ...(values.keys && { "idempotency-key": `the-key-of-request-${i}` }),
  };
  return { method: "POST", path: `/v1/inboxes/${nameOf(i % values.inboxes)}/records`, headers };
}

function look(pid) {
  return { residentMiB: Math.round(residentBytes(pid) / MIB), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
