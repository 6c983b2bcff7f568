// What the hardware asks for a work, in seconds of processor time: the two primitives by `openssl speed`, at the faster
// of the speeds before and behind the run, and `cp` for reading and writing.

import { median, pairedRatio } from "../stats.js";
import { find } from "./find.js";

/** @typedef {import("../rounds.js").Result} Result @typedef {import("../results.js").Results} Results */

const CIPHERS = /^(seal|open), /;
const HASHES = /^(seal|open), signed$/;

/** Of cryptography alone; null for other works, and where openssl is missing. @param {Results} results */
function cryptography({ about }, { work, size }) {
  if (!about.hardware || !CIPHERS.test(work)) return null;
  const fastest = (name) => Math.max(...about.hardware.map((speeds) => speeds[name]));
  return size / fastest("aes") + (HASHES.test(work) ? size / fastest("sha256") : 0);
}

/**
 * How many times the processor time of the hardware's limit a work took, round by round; null where that was not
 * measured. From file to file only: pipes have no copy to compare with.
 * @param {Results} results @param {Result} each
 */
export function againstHardware(results, each) {
  const own = cryptography(results, each);
  const { group, size, via, processor } = each;
  const copy = via === "file" && find(results.cases, { group, size, via, tool: "cp", work: "copy" });
  if (own === null || !copy || isUnmeasured(each) || isUnmeasured(copy)) return null;
  return pairedRatio(
    processor,
    copy.processor.map((seconds) => own + seconds),
  );
}

/** Median processor time; null where it was not measured. @param {Result} each */
export function processorTime(each) {
  return isUnmeasured(each) ? null : median(each.processor);
}

const isUnmeasured = ({ processor }) => processor === undefined || processor.includes(null);
