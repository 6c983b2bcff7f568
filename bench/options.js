// What can be asked of the benchmark.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const MIB = 1024 * 1024;

const HELP = `npm run bench -- [options]

  --sizes LIST   MiB of the inputs, e.g. 64,256,1024,4096 (the default)
  --rounds N     rounds of each group; 5 by default
  --only REGEX   only cases whose id (group/size/tool/work/path) matches
  --node PATH    the node that runs seal and the limit loops (default: the one that runs this)
  --out FILE     the Markdown; plots go to benchmarks/ beside it, raw results to results/ beside it
                 (default: docs/BENCHMARKS.md, docs/benchmarks/, bench/results/)
  --quick        16,64 MiB, one round, fewer small files: does it work?
  --report       measure nothing, write Markdown and plots from the results that are there

With --quick or --only nothing is written, unless --out names a file: a part never replaces the whole.
`;

/**
 * @typedef {object} Options
 * @property {number[]} sizes bytes, ascending
 * @property {number} rounds
 * @property {RegExp} only
 * @property {string} node
 * @property {string | null} out null: print only
 * @property {string} results directory of the raw results
 * @property {boolean} quick
 * @property {boolean} report
 */

/**
 * @param {string[]} argv
 * @returns {Options}
 */
export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      sizes: { type: "string" },
      rounds: { type: "string" },
      only: { type: "string" },
      node: { type: "string" },
      out: { type: "string" },
      quick: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit();
  }
  const { quick, report, out } = values;
  const partial = quick || values.only !== undefined;
  return {
    sizes: sizes(values.sizes ?? (quick ? "16,64" : "64,256,1024,4096")),
    rounds: wholeNumber("--rounds", values.rounds ?? (quick ? "1" : "5")),
    only: new RegExp(values.only ?? ""),
    node: values.node ?? process.execPath,
    out: out ?? (partial && !report ? null : `${ROOT}docs/BENCHMARKS.md`),
    results: out === undefined ? `${ROOT}bench/results` : `${out.replace(/[^/]*$/, "")}results`,
    quick,
    report,
  };
}

function sizes(list) {
  return list
    .split(",")
    .map((size) => wholeNumber("--sizes", size) * MIB)
    .sort((a, b) => a - b);
}

/**
 * What is asked of a smaller benchmark: whole numbers, texts and switches, as their defaults are. Prints `help` where
 * that is asked for.
 * @template {Record<string, number | string | boolean>} T
 * @param {string} help @param {T} defaults
 * @returns {T}
 */
export function plainOptions(help, defaults) {
  const options = Object.entries(defaults).map(([name, value]) => [
    name,
    { type: typeof value === "boolean" ? "boolean" : "string" },
  ]);
  const { values } = parseArgs({ options: { ...Object.fromEntries(options), help: { type: "boolean", short: "h" } } });
  if (values.help) {
    process.stdout.write(help);
    process.exit();
  }
  const given = Object.entries(values).map(([name, value]) => [
    name,
    typeof defaults[name] === "number" ? wholeNumber(`--${name}`, value) : value,
  ]);
  return { ...defaults, ...Object.fromEntries(given) };
}

function wholeNumber(name, text) {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new Error(`${name}: a whole number, not "${text}"`);
}
