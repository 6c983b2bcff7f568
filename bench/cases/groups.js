// Which cases are measured together: the cases of a group run in turn, round after round.

import { MIB } from "../options.js";
import { workCase } from "./case.js";
import { manyFiles, recipients, startUp, syncCost } from "./special.js";
import { WORKS, workOf } from "./works.js";

const LARGEST_COMPARED = 1024 * MIB;
const SMALLEST_PIPED = 256 * MIB;
const THREADS = [1, 2, 4];

/** @typedef {import("./case.js").Group} Group */

/**
 * @typedef {object} Plan
 * @property {string} node
 * @property {number} threads that seal uses by default
 * @property {number[]} sizes
 * @property {number} rounds
 * @property {boolean} quick
 * @property {(tool: string) => boolean} has
 * @property {{ disk: boolean, syncOption: boolean }} can
 */

/** @param {Plan} plan @returns {Group[]} */
export function groups(plan) {
  const compared = plan.sizes.filter((size) => size <= LARGEST_COMPARED);
  const largest = compared.at(-1) ?? plan.sizes[0];
  const few = Math.min(3, plan.rounds);
  return [
    { name: "start-up", rounds: 4 * plan.rounds, cases: startUp(plan) },
    { name: "recipients", rounds: plan.rounds, cases: recipients(plan) },
    { name: "many files", rounds: few, cases: manyFiles(plan) },
    ...compared.map((size) => comparison(plan, size, size === largest)),
    { name: "threads", rounds: few, cases: byThreads(plan, largest) },
    {
      name: "sync",
      rounds: plan.rounds,
      cases: syncCost(
        plan,
        compared.findLast((size) => size <= 256 * MIB),
      ),
    },
    { name: "size", rounds: plan.rounds, cases: bySize(plan) },
    { name: "pipe memory", rounds: Math.min(2, plan.rounds), cases: pipeMemory(plan) },
  ];
}

/** Everything that is installed, by file, and from some size on by pipe. */
function comparison(plan, size, isLargest) {
  const name = `compare ${size / MIB}`;
  const works = WORKS.filter(({ tool, upTo = size }) => plan.has(tool) && size <= upTo);
  const cases = (via) => works.filter((work) => work[via]).map((work) => comparedCase(plan, work, size, via));
  const piped =
    size >= SMALLEST_PIPED || isLargest
      ? cases("pipe").filter(({ tool, work }) => tool !== "seal" || work !== "verify")
      : [];
  return { name, rounds: plan.rounds, cases: [...cases("file"), ...piped] };
}

function comparedCase(base, work, size, via) {
  return workCase(work, { group: "compare", size, via, base });
}

/** Signed, unsigned, open, verify and the limit loop, by threads; age, which has one, for comparison. */
function byThreads(plan, size) {
  const threaded = WORKS.filter(
    ({ tool, work }) =>
      (tool === "seal" && work !== "open, unsigned") ||
      (tool === "bare loop" && ["seal, signed", "open, signed"].includes(work)),
  );
  const how = { group: "threads", size, via: /** @type {const} */ ("file"), base: plan };
  const cases = threaded.flatMap((work) => THREADS.map((threads) => workCase(work, { ...how, threads })));
  return plan.has("age") ? [...cases, workCase(workOf("age", "encrypt"), how)] : cases;
}

/**
 * The same work on all sizes in the same round. age -d is left out: a third large file would not fit beside the others.
 */
function bySize(plan) {
  const works = [
    ...WORKS.filter(({ tool, work }) => ["seal", "bare loop"].includes(tool) && work !== "open, unsigned"),
    workOf("age", "encrypt"),
  ].filter(({ tool }) => plan.has(tool));
  return plan.sizes.flatMap((size) =>
    works.map((work) => workCase(work, { group: "size", size, via: "file", base: plan })),
  );
}

/** The smallest size from 256 MiB on, and the largest. */
function pipeMemory(plan) {
  const from = plan.sizes.find((size) => size >= SMALLEST_PIPED) ?? plan.sizes[0];
  const works = WORKS.filter(({ tool, work }) => tool === "seal" && work !== "open, unsigned");
  return [...new Set([from, plan.sizes.at(-1)])].flatMap((size) =>
    works.map((work) => workCase(work, { group: "memory", size, via: "pipe", base: plan })),
  );
}
