// What one run has to say, section by section, in Markdown.

import { AGE_ENCRYPTION, hardwareText, PEERS, primitivesText } from "../machine.js";
import { all, sizesOf } from "./find.js";
import { sizeText, table } from "./format.js";
import {
  manyTable,
  memoryTable,
  recipientsTable,
  sizeTable,
  startTable,
  syncTable,
  threadsTable,
  throughputTable,
} from "./tables.js";

/** @typedef {import("../results.js").Results} Results */

/** @param {Results} results @param {(name: string) => string} plot the image of a plot, empty where there is none */
export function sections(results, plot) {
  const { about, cases } = results;
  const parts = [
    `## Node ${about.node}`,
    machineTable(results),
    ...throughputSection(results, "file", "File to file", plot("files")),
    ...throughputSection(results, "pipe", "Pipe to pipe", plot("pipes")),
    ...sizeSection(results, plot("sizes")),
    ...memorySection(cases),
    ...threadsSection(results, plot("threads")),
    ...recipientsSection(results, plot("recipients")),
    ...startSection(results),
    ...manySection(results),
    ...syncSection(results),
  ];
  return parts.filter(Boolean).join("\n\n");
}

function machineTable({ about, peers, how }) {
  const installed = Object.entries(peers).map(([name, version]) => `${name} ${version ?? "(not installed)"}`);
  const rows = [
    ["processor", `${about.cpu}, ${about.cores} cores`],
    ["memory", `${(about.memory / 2 ** 30).toFixed(0)} GiB`],
    ["system", about.system],
    ["Node, its OpenSSL", `${about.node}, ${about.openssl}`],
    ["one core by openssl speed, before and after", about.hardware?.map(hardwareText).join("; ") ?? "not measured"],
    ["one core in Node, at the start", about.primitives ? primitivesText(about.primitives) : "not measured"],
    ["peers", installed.join(", ")],
    ["data on", how.tmpfs ? "tmpfs" : "the temporary directory, which is NOT on tmpfs: all figures include the disk"],
    ["threads of seal and of the bare loop", String(how.threads)],
    ["rounds", String(how.rounds)],
    ["date", about.date],
    ["load at the start", about.load.toFixed(2)],
  ];
  const left = how.left.map(sizeText).join(", ");
  if (left) rows.push(["sizes left out for lack of space", left]);
  if (!how.memory) rows.push(["peak memory", "not measured: /usr/bin/time is missing"]);
  return table([["", ""], ...rows]);
}

/** @returns {string} what each peer does and does not do */
export function peersList() {
  const lines = Object.entries(PEERS).map(([name, { does }]) => `- ${name}: ${does}.`);
  return [...lines, `- age-encryption: ${AGE_ENCRYPTION}; does not sign.`].join("\n");
}

/** Rows of which each begins with a tool, with the versions of those that are not ours. */
function named({ peers }, [head, ...rows]) {
  return [head, ...rows.map(([tool, ...rest]) => [peers[tool] ? `${tool} ${peers[tool]}` : tool, ...rest])];
}

function throughputSection(results, via, title, image) {
  const sizes = sizesOf(all(results.cases, { group: "compare", via })).reverse();
  const tables = sizes.flatMap((size) => [
    `**${sizeText(size)}**`,
    table(named(results, throughputTable(results, via, size))),
  ]);
  return sizes.length > 0 ? [`### ${title}`, image, ...tables] : [];
}

function sizeSection(results, image) {
  const { cases } = results;
  const sizes = sizesOf(all(cases, { group: "size" }));
  if (sizes.length === 0) return [];
  const note = `Medians; all sizes take turns within a round. age -d is left out: there was no room for a third file of ${sizeText(sizes.at(-1))}.`;
  return ["### By size", image, note, table(named(results, sizeTable(cases, sizes)))];
}

function memorySection(cases) {
  const rows = memoryTable(cases);
  return rows.length > 1
    ? ["### Peak memory", "The highest of all runs, with the default number of threads.", table(rows)]
    : [];
}

function threadsSection(results, image) {
  const rows = named(results, threadsTable(results.cases));
  return rows.length > 1
    ? ["### By number of threads", image, "Median time and highest peak memory.", table(rows)]
    : [];
}

function recipientsSection(results, image) {
  const rows = named(results, recipientsTable(results.cases));
  const note =
    "A file of 1 KiB: median (slowest run). Stanzas are in random order, so a recipient may find its own anywhere. Somebody who is not a recipient tries them all, as the last recipient does: “no recipient” is the worst case of opening.";
  return rows.length > 1 ? ["### By number of recipients", image, note, table(rows)] : [];
}

function startSection(results) {
  const rows = named(results, startTable(results.cases));
  return rows.length > 1 ? ["### Start-up", table(rows)] : [];
}

function manySection(results) {
  const { cases, how } = results;
  const rows = named(results, manyTable(cases, how.smallFiles));
  if (rows.length === 1) return [];
  const title = `### ${how.smallFiles} files of 10 KiB in one call`;
  return [
    title,
    "The bare loop reads, writes, flushes and links each file, and flushes the directory. It does no cryptography.",
    table(rows),
  ];
}

function syncSection(results) {
  const { cases, how } = results;
  const rows = named(results, syncTable(cases));
  if (rows.length === 1) return how.disk ? [] : ["### Sync to disk", "Not measured: the machine has only tmpfs."];
  const missing = how.syncOption
    ? ""
    : "The library has no option to leave out the flush, so only the cost for `cp` is shown.";
  const note = `One signed seal through the library, on a disk. Everything else on this page runs on tmpfs, where flushes cost nothing. ${missing}`;
  return ["### Sync to disk", note.trim(), table(rows)];
}
