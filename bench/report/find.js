// Finding results.

import { median } from "../stats.js";

/** @typedef {import("../rounds.js").Result} Result */

/** The results with these facts. @param {Result[]} cases @param {Partial<Result>} facts */
export function all(cases, facts) {
  return cases.filter((each) => Object.entries(facts).every(([name, value]) => each[name] === value));
}

/** @param {Result[]} cases @param {Partial<Result>} facts @returns {Result | undefined} */
export function find(cases, facts) {
  return all(cases, facts)[0];
}

/** A result and what it is compared with, at the largest size at which both ran. @param {Result[]} cases */
export function pair(cases, facts, otherFacts) {
  for (const own of all(cases, facts).sort((a, b) => b.size - a.size)) {
    const other = find(cases, { ...otherFacts, size: own.size });
    if (other) return { own, other };
  }
  return null;
}

/** @param {Result[]} cases */
export function sizesOf(cases) {
  return [...new Set(cases.map(({ size }) => size))].sort((a, b) => a - b);
}

/** The highest that was seen, null where it was not measured. @param {Result} result */
export function peak({ bytes }) {
  return bytes.includes(null) || bytes.length === 0 ? null : Math.max(...bytes);
}

/** @param {Result} result */
export function typical({ seconds }) {
  return median(seconds);
}
