// The Markdown and the plots, from the raw results of one or more versions of Node.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readNamed, readResults } from "../results.js";
import { table } from "./format.js";
import { JOURNAL_TARGETS, journalSections } from "./journals.js";
import { plots } from "./plots.js";
import { peersList, sections } from "./sections.js";
import { TARGETS } from "./targets.js";

const HOW = `## How it was measured

Written by \`npm run bench\`; \`npx -y -p node@24 -c "node bench/run.js"\` adds the run on Node 24. The raw figures are in
bench/results/. Compare ratios within one run only: absolute figures drift from hour to hour on shared machines.

- Whole processes, from outside: wall time from spawn to exit, peak resident memory as \`/usr/bin/time\` has it. In pipelines
  (\`cat FILE | tool | cat > /dev/null\`) the time is that of the pipeline, the memory that of the tool alone.
- The cases of a group take turns within a round, every other round in reverse order. Figures are medians over the rounds, with
  the fastest and the slowest run; a ratio is the median of the ratios within each round. Each command ran once before, to warm up, and
  what restores the original was compared with it, byte for byte. Start-up runs four times as many rounds as the others, threads and many
  files three at most, memory in pipes two.
- Data cannot be compressed. Outputs are removed before each run. seal flushes its output to disk, as it always does.
- GB/s are 10^9 bytes of plain data a second.
- *bare loop*: the limit on this machine for any program on node:crypto. For files: threads read by position in pieces of
  64 KiB, AES-256-GCM, SHA-256 (signed) and write by position, chunks of 4 MiB in turn. For pipes: the main thread reads and writes, the
  threads cipher and hash chunks of 4 MiB. Nothing else: no tags, no signatures, no keys, and when opening, plain data is written before
  it is checked.

What the peers do:

${peersList()}`;

/** @param {string} out path of the Markdown @param {string} results directory of the raw results */
export function writeReport(out, results) {
  const [files, journals, soaks] = [readResults(results), readNamed(results, "journals"), readNamed(results, "soak")];
  const directory = join(dirname(out), "benchmarks");
  mkdirSync(directory, { recursive: true });
  const write = (each, drawn) => {
    const name = nodeName(each);
    for (const [plot, svg] of Object.entries(drawn)) writeFileSync(join(directory, fileOf(name, plot)), `${svg}\n`);
    return (plot) => (drawn[plot] ? `![${plot}, ${name}](${basename(directory)}/${fileOf(name, plot)})` : "");
  };
  const bodies = files.map((each) => sections(each, write(each, plots(each.cases, nodeName(each)))));
  const ofJournals = journalSections(journals, soaks, write);
  const text = [
    "# Benchmarks",
    `## Targets\n\n${NOTE}`,
    targets(TARGETS, files, ({ cases }) => cases),
    targets(JOURNAL_TARGETS, journals, (each) => each),
    HOW,
    ...bodies,
    ...ofJournals,
  ];
  writeFileSync(out, `${text.join("\n\n")}\n`);
}

const NOTE =
  "Ratios are medians, with the least and the greatest of all rounds. In comparisons of speed more is better, elsewhere less.";

function nodeName({ about }) {
  return `Node ${about.node.split(".")[0]}`;
}

function fileOf(name, plot) {
  return `${name.toLowerCase().replace(" ", "")}-${plot}.svg`;
}

/** A row for each target, with what each version of Node reached. */
function targets(list, all, figures) {
  const head = ["target", "wanted", ...all.flatMap((results) => [nodeName(results), ""])];
  const rows = list.map(({ name, wanted, look }) => [
    name,
    wanted,
    ...all.flatMap((results) => {
      const found = look(figures(results));
      return found ? [found.text, found.met ? "met" : "**missed**"] : ["not measured", ""];
    }),
  ]);
  return table([head, ...rows]);
}
