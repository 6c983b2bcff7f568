// What is measured otherwise than as whole processes: latency, other tools' cost of one record, and the inbox.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "rolldown";
import { must } from "../measure.js";
import { ROOT } from "../options.js";
import { RECORD } from "./furnish.js";

/** Milliseconds. */
const INTERVAL = 5;
const TRICKLED = 400;
const INJECTED = 5;

const SAMPLES = { hpke: 5000, "age-encryption": 1000, age: 300 };

/**
 * Latency of records that come one by one: the acknowledgement, the flush, and what is between them, in milliseconds.
 */
export async function trickles({ path, env }, { node }, say) {
  const found = [];
  for (const delay of [0, INJECTED]) {
    const journal = `disk/trickle-${delay}`;
    const args = ["program/dist", "alice.key", "bob.pub", journal, TRICKLED, INTERVAL, delay].map(String);
    const took = JSON.parse(await must([node, `${ROOT}bench/journals/trickle.js`, ...args], { cwd: path, env }));
    const [acknowledged, flushed, beyond] = [
      took.map((each) => each.acknowledged),
      took.map((each) => each.flushed),
      took.map((each) => each.acknowledged - each.flushed),
    ].map(quantiles);
    found.push({ delay, count: TRICKLED, acknowledged, flushed, beyond });
    say(`a record alone, ${delay} ms added to the flush: ${acknowledged.median.toFixed(2)} ms`);
  }
  return found;
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => Number(sorted[Math.floor(part * (sorted.length - 1))].toFixed(3));
  return { median: at(0.5), p99: at(0.99), most: at(1) };
}

/** Seconds that one record costs with a public-key operation for each, a median of rounds: a sample each. */
export async function perRecord(workspace, { node, rounds }, hasAge, say) {
  const { path, env } = workspace;
  const own = (program, count) => async () =>
    JSON.parse(await must([node, program, String(count)], { cwd: path, env }));
  await build({
    input: { hpke: `${ROOT}bench/journals/hpke.js` },
    platform: "node",
    external: [/^node:/],
    output: { dir: `${path}/bundled`, format: "esm" },
    logLevel: "silent",
  });
  writeFileSync(`${path}/bundled/package.json`, '{ "type": "module" }');
  const tools = [
    { tool: "HPKE, on node:crypto", sample: SAMPLES.hpke, run: own("bundled/hpke.js", SAMPLES.hpke) },
    {
      tool: "age-encryption, in one process",
      sample: SAMPLES["age-encryption"],
      run: own(`${ROOT}bench/journals/age-encryption.js`, SAMPLES["age-encryption"]),
    },
    ...(hasAge ? [{ tool: "age, a process each", sample: SAMPLES.age, run: () => ageFiles(workspace) }] : []),
  ];
  const found = tools.map(({ tool, sample }) => ({ tool, sample, seal: [], open: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { tool, run }] of tools.entries()) {
      const { seal, open } = await run();
      found[index].seal.push(seal);
      found[index].open.push(open);
      say(`${tool}: ${(open * 1e6).toFixed(0)} µs to open a record`);
    }
  }
  return found;
}

async function ageFiles({ path, env }) {
  const [recipient] = /age1\w+/.exec(readFileSync(`${path}/age.key`, "utf8"));
  writeFileSync(`${path}/record`, Buffer.alloc(RECORD, "r"));
  const timed = async (script) => {
    const started = performance.now();
    await must(["sh", "-c", `for i in $(seq ${SAMPLES.age}); do ${script} || exit 1; done`], { cwd: path, env });
    return (performance.now() - started) / 1000 / SAMPLES.age;
  };
  const seal = await timed(`age -r ${recipient} -o record.$i.age record`);
  const open = await timed("age -d -i age.key record.$i.age > /dev/null");
  for (let index = 1; index <= SAMPLES.age; index++) rmSync(`${path}/record.${index}.age`);
  return { seal, open };
}

/** @returns {Promise<object[]>} what bench/inbox.js tells: rounds of a tenth, then all posts at once, for the memory */
export async function inboxFigures({ node, posts, rounds }, say) {
  const found = [];
  for (const requests of [...Array(rounds).fill(Math.ceil(posts / 10)), posts]) {
    const command = [
      process.execPath,
      `${ROOT}bench/inbox.js`,
      "--json",
      "--requests",
      String(requests),
      "--node",
      node,
    ];
    found.push(JSON.parse(await must(command, { cwd: ROOT })));
    say(`inbox, ${requests} posts: ${found.at(-1).perSecond} a second`);
  }
  return found;
}
