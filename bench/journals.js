// node bench/journals.js: what it costs to append to journals, to read them, and to pick up what is new. See --help.

import { largeCases, measureCases, rateCases } from "./journals/cases.js";
import { furnish } from "./journals/furnish.js";
import { inboxFigures, perRecord, trickles } from "./journals/parts.js";
import { aboutNode, machine, peerVersions } from "./machine.js";
import { plainOptions, ROOT } from "./options.js";
import { writeReport } from "./report/write.js";
import { writeNamed } from "./results.js";
import { makeWorkspace } from "./workspace.js";

const HELP = `node bench/journals.js [options]

  --records N   records of a journal, 256 bytes each; 2000000 by default
  --large N     records of a large one; 10000000 by default
  --posts N     records that are posted to the inbox; 1000000 by default
  --rounds N    3 by default
  --node PATH   the node that runs seal (default: the one that runs this)
  --print       print the figures as JSON, write nothing

Otherwise the figures go to bench/results/, and into docs/BENCHMARKS.md.
`;

const { print, ...plan } = plainOptions(HELP, {
  records: 2_000_000,
  large: 10_000_000,
  posts: 1_000_000,
  rounds: 3,
  node: process.execPath,
  print: false,
});

const say = (text) => process.stderr.write(`${text}\n`);
const results = await measureAll();
if (print) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
else {
  writeNamed(`${ROOT}bench/results`, "journals", results);
  writeReport(`${ROOT}docs/BENCHMARKS.md`, `${ROOT}bench/results`);
}

async function measureAll() {
  const about = { ...machine(), ...(await aboutNode(plan.node)) };
  const peers = await peerVersions();
  const workspace = makeWorkspace();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => workspace.remove().then(() => process.exit(130)));
  }
  try {
    say(`Node ${about.node}, ${about.cores} cores, load ${about.load.toFixed(1)}`);
    await furnish(workspace, plan, peers.age !== null);
    const rates = await measureCases(rateCases(plan), workspace, plan.rounds, say);
    const trickle = await trickles(workspace, plan, say);
    const single = await perRecord(workspace, plan, peers.age !== null, say);
    const large = await measureCases(largeCases(plan), workspace, plan.rounds, say);
    await workspace.remove();
    const inbox = await inboxFigures(plan, say);
    return {
      about,
      peers,
      how: { ...plan, node: undefined, disk: workspace.disk },
      rates,
      trickle,
      single,
      large,
      inbox,
    };
  } finally {
    await workspace.remove();
  }
}
