// What is measured as whole processes, in turns.

import { copyFileSync, rmSync } from "node:fs";
import { measure } from "../measure.js";
import { append, LONE, NEW, read } from "./furnish.js";

/**
 * @typedef {object} Case
 * @property {string} work
 * @property {number} records
 * @property {string[]} argv
 * @property {string} feed what comes from a pipe; what it writes goes into one
 * @property {string} [makes] removed before each run, with what stands beside it
 * @property {[string, string]} [copies] made before each run
 *
 * @typedef {{ work: string, records: number, seconds: number[], bytes: (number | null)[] }} Result
 */

const NOTHING = "/dev/null";

/** @returns {Case[]} */
export function rateCases({ node, records }) {
  const appending = (place, journal) => ({
    work: `append, to ${place}`,
    records,
    argv: append(node, journal),
    feed: "lines",
    makes: journal,
  });
  const verify = [node, "program/bin/seal.js", "journal", "verify", "journal", "--from", "alice.pub", "-q"];
  const reading = (work, count, ...argv) => ({ work, records: count, argv: read(node, ...argv), feed: NOTHING });
  return [
    appending("disk", "disk/new.journal"),
    appending("tmpfs", "new.journal"),
    reading("read", records, "journal"),
    reading("read, 1 thread", records, "journal", "--threads", "1"),
    { work: "verify", records, argv: verify, feed: NOTHING },
    reading("read, a frame each", LONE, "lone"),
    reading("read, a frame each, 1 thread", LONE, "lone", "--threads", "1"),
  ];
}

/** @returns {Case[]} */
export function largeCases({ node, records, large }) {
  const both = [
    ["journal", records],
    ["large", large],
  ];
  return both.flatMap(([name, count]) => [
    { work: "read", records: count, argv: read(node, name), feed: NOTHING },
    {
      work: `pick-up of the last ${NEW}`,
      records: count,
      argv: read(node, name, "--cursor", "cursor"),
      feed: NOTHING,
      copies: [`${name}.cursor`, "cursor"],
    },
  ]);
}

/**
 * @param {Case[]} cases
 * @param {import("../workspace.js").Workspace} workspace
 * @returns {Promise<Result[]>}
 */
export async function measureCases(cases, workspace, rounds, say) {
  const runs = new Map(cases.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? cases : cases.toReversed()) {
      runs.get(each).push(await run(each, workspace));
      say(`${each.work}, ${each.records} records: ${runs.get(each).at(-1).seconds.toFixed(2)} s`);
    }
  }
  return cases.map(({ work, records }, index) => ({
    work,
    records,
    seconds: runs.get(cases[index]).map(({ seconds }) => Number(seconds.toFixed(4))),
    bytes: runs.get(cases[index]).map(({ bytes }) => bytes),
  }));
}

async function run({ argv, feed, makes, copies }, { path, env }) {
  const clear = () => {
    if (makes) for (const suffix of ["", ".writer-cursor"]) rmSync(`${path}/${makes}${suffix}`, { force: true });
  };
  clear();
  if (copies) copyFileSync(`${path}/${copies[0]}`, `${path}/${copies[1]}`);
  const result = await measure(argv, { cwd: path, env, feed });
  clear();
  return result;
}
