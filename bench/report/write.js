// The Markdown and the plots, from the raw results of one or more versions of Node.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readNamed, readResults } from "../results.js";
import { table, wrapped } from "./format.js";
import { JOURNAL_TARGETS, journalSections } from "./journals.js";
import { plots } from "./plots.js";
import { peersList, sections } from "./sections.js";
import { TARGETS } from "./targets.js";

const HOW = `## How it was measured

\`npm run bench\` writes this page; \`npx -y -p node@24 -c "node bench/run.js"\` adds the run on Node 24. The raw figures are
in bench/results/. Compare ratios only within one run: on shared machines, absolute figures drift from hour to hour.

- We measure whole processes from outside: wall time from spawn to exit, and peak resident memory as \`/usr/bin/time\` reports
  it. For a pipeline (\`cat FILE | tool | cat > /dev/null\`), the time is that of the pipeline, the memory that of the tool alone.
- The cases of a group take turns within a round, in reverse order every other round. Figures are medians over the rounds,
  with the fastest and the slowest run; a ratio is the median of the ratios within each round. Each command runs once beforehand, to
  warm up; whatever restores the original is then compared with it, byte for byte. Start-up runs four times as many rounds as the
  others; threads and many files run at most three, memory in pipes two.
- The data cannot be compressed. Outputs are removed before each run. seal flushes its output to disk, as it always does.
- GB/s are 10^9 bytes of plaintext per second.
- *A frame each* is a journal of records that arrived alone. There, \`read\` checks the signature of the last frame of a window and
  the hashes of all (docs/FORMAT.md, *Windows*); \`verify\` checks each signature.
- *Processor* is the time of all threads, user and system. The *limit* is what the hardware asks for the same work: AES-256-GCM and
  (if signed) SHA-256 at the speed of \`openssl speed\` on one core, the faster of before and after the run, and the processor time of
  \`cp\` in the same round. On two cores, the wall time of a perfect program is half of it.
- The *bare loop* is what any program that uses node:crypto in threads could reach. For files, threads read by position in
  pieces of 64 KiB, run AES-256-GCM and (if signed) SHA-256, and write by position, in chunks of 4 MiB. For pipes, the main thread
  reads and writes, and the threads encrypt and hash chunks of 4 MiB. It does nothing else: no tags, signatures or keys; when it opens,
  it writes plaintext before it has checked it.

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
    ...bodies.slice(-1).map(() => `![A gibibyte, file to file](benchmarks/${fileOf(nodeName(files.at(-1)), "files")})`),
    ...journals.slice(-1).map((each) => `![A million records](benchmarks/${fileOf(nodeName(each), "records")})`),
    ...bodies.reverse(),
    ...ofJournals,
    `## Targets\n\n${NOTE}`,
    targets(TARGETS, files, ({ cases }) => cases),
    targets(JOURNAL_TARGETS, journals, (each) => each),
    HOW,
  ];
  writeFileSync(out, `${wrapped(text.join("\n\n"))}\n`);
}

const NOTE =
  "Ratios are medians over all rounds, with the smallest and the largest. For speed, higher is better; for everything else, lower.";

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
      const found = look(figures(results), results);
      return found ? [found.text, found.met ? "met" : "**missed**"] : ["not measured", ""];
    }),
  ]);
  return table([head, ...rows]);
}
