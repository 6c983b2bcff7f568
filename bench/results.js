// Raw results: a file of each kind for each major version of Node, never merged.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** @typedef {Record<string, any> & { cases: import("./rounds.js").Result[] }} Results */

/** @param {string} directory @param {Results} results */
export function writeResults(directory, results) {
  mkdirSync(directory, { recursive: true });
  const major = results.about.node.split(".")[0];
  const cases = results.cases.map((each) => JSON.stringify(each, rounded)).join(",\n    ");
  const { cases: _, ...head } = results;
  const text = JSON.stringify({ ...head, cases: [] }, null, 2).replace(/\[\]\n\}$/, `[\n    ${cases}\n  ]\n}`);
  writeFileSync(`${directory}/node${major}.json`, `${text}\n`);
}

/** @param {string} directory @param {"journals" | "soak"} kind @param {Record<string, any>} results */
export function writeNamed(directory, kind, results) {
  mkdirSync(directory, { recursive: true });
  const major = results.about.node.split(".")[0];
  writeFileSync(`${directory}/${kind}-node${major}.json`, `${JSON.stringify(results)}\n`);
}

function rounded(key, value) {
  return key === "seconds" ? value.map((seconds) => Number(seconds.toFixed(5))) : value;
}

/** @param {string} directory @returns {Results[]} of bench/run.js, by version of Node */
export function readResults(directory) {
  return readAll(directory, /^node\d+\.json$/);
}

/** @param {string} directory @param {"journals" | "soak"} kind @returns {Record<string, any>[]} by version of Node */
export function readNamed(directory, kind) {
  return readAll(directory, new RegExp(`^${kind}-node\\d+\\.json$`));
}

function readAll(directory, pattern) {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => pattern.test(name));
  const results = names.map((name) => JSON.parse(readFileSync(`${directory}/${name}`, "utf8")));
  return results.sort((a, b) => Number.parseInt(a.about.node, 10) - Number.parseInt(b.about.node, 10));
}
