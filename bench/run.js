// npm run bench: measures, then writes Markdown and plots. See --help.

import { availableParallelism } from "node:os";
import { groups } from "./cases/groups.js";
import { hasSyncOption } from "./cases/special.js";
import { aboutNode, hardware, machine, peerVersions } from "./machine.js";
import { canMeasureMemory } from "./measure.js";
import { MIB, parseOptions, ROOT } from "./options.js";
import { table } from "./report/format.js";
import { casesTable } from "./report/tables.js";
import { writeReport } from "./report/write.js";
import { writeResults } from "./results.js";
import { runGroups } from "./rounds.js";
import { furnish, makeWorkspace, room } from "./workspace.js";

const MOST_THREADS = 8;
const SLACK = 1024 * MIB;

const options = parseOptions(process.argv.slice(2));
const say = (text) => process.stderr.write(`${text}\n`);

if (!options.report) await measureAll();
if (options.out) writeReport(options.out, options.results);

async function measureAll() {
  const workspace = makeWorkspace();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => workspace.remove().then(() => process.exit(130)));
  }
  try {
    const results = await measureIn(workspace);
    if (options.out) writeResults(options.results, results);
    else process.stdout.write(`${table(casesTable(results.cases))}\n`);
  } finally {
    await workspace.remove();
  }
}

/** @param {import("./workspace.js").Workspace} workspace */
async function measureIn(workspace) {
  const started = performance.now();
  const about = { ...machine(), ...(await aboutNode(options.node)) };
  const peers = await peerVersions();
  const sizes = fitting(options.sizes, room(workspace) - SLACK);
  const plan = {
    ...options,
    sizes,
    threads: Math.min(availableParallelism(), MOST_THREADS),
    has: (tool) => !(tool in peers) || peers[tool] !== null,
    can: { disk: workspace.disk, syncOption: hasSyncOption(`${ROOT}src/api/types.ts`) },
  };
  say(
    `Node ${about.node}, ${plan.threads} threads, ${sizes.map((size) => size / MIB).join(", ")} MiB, load ${about.load.toFixed(1)}`,
  );
  await furnish(workspace, plan);
  const chosen = groups(plan).map((group) => ({
    ...group,
    cases: group.cases.filter(({ id }) => options.only.test(id)),
  }));
  const before = await hardware();
  const cases = await runGroups(chosen, workspace, plan, say);
  const after = await hardware();
  const seconds = Math.round((performance.now() - started) / 1000);
  const { syncOption, disk } = plan.can;
  const left = options.sizes.filter((size) => !sizes.includes(size));
  const how = {
    rounds: options.rounds,
    threads: plan.threads,
    tmpfs: workspace.onTmpfs,
    memory: canMeasureMemory,
    disk,
    syncOption,
    smallFiles: options.quick ? 500 : 10_000,
    sizes,
    left,
    seconds,
  };
  say(`all of it took ${seconds} s`);
  return { about: { ...about, hardware: before && [before, after] }, peers, how, cases };
}

/** The largest group has, of every size, the plain and the sealed file at once, and one output. */
function fitting(sizes, bytes) {
  const fits = sizes.filter((size, index) => {
    const upToHere = sizes.slice(0, index + 1).reduce((sum, each) => sum + each, 0);
    return 2 * upToHere + size < bytes;
  });
  if (fits.length === 0) throw new Error("there is no room for data, not even of the smallest size");
  return fits;
}
