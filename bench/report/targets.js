// The targets, and whether a run meets them.

import { MIB } from "../options.js";
import { median, pairedRatio } from "../stats.js";
import { all, find, pair, peak, typical } from "./find.js";
import { memoryText, ratioText, sizeText, timeText } from "./format.js";
import { slopes } from "./slope.js";

/** @typedef {import("../rounds.js").Result} Result */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} wanted
 * @property {(cases: Result[]) => { text: string, met: boolean } | null} look null: not measured
 */

const MOST_MEMORY = 176 * MIB;

/** How fast against another at the same size; above 1 is faster. */
function speed(name, via, work, [tool, otherWork], least) {
  return {
    name,
    wanted: `≥ ${least.toFixed(2)} ×`,
    look: (cases) => {
      const found = pair(
        cases,
        { group: "compare", via, tool: "seal", work },
        { group: "compare", via, tool, work: otherWork },
      );
      if (!found) return null;
      const ratio = pairedRatio(found.other.seconds, found.own.seconds);
      return { text: `${ratioText(ratio)}, ${sizeText(found.own.size)}`, met: ratio.median >= least };
    },
  };
}

/** The same work without all that is not cryptography, reading or writing. */
function limit(via, work) {
  const place = via === "file" ? "file → file" : "pipe → pipe";
  return speed(`${work}, ${place}, against the bare loop`, via, work, ["bare loop", work], 0.85);
}

function constantCost(work) {
  return {
    name: `cost per byte, ${work}: most expensive interval against cheapest, from 256 MiB on`,
    wanted: "≤ 1.10 ×",
    look: (cases) => {
      const found = slopes(cases, "seal", work);
      if (!found) return null;
      const bare = slopes(cases, "bare loop", work);
      const each = found.intervals.map(({ slope }) => slope.toFixed(2)).join(", ");
      const loop = bare ? `; the bare loop: ${spreadOf(bare)}` : "";
      return { text: `${spreadOf(found)} (${each} s/GiB${loop})`, met: found.spread <= 1.1 };
    },
  };
}

function spreadOf({ spread }) {
  return Number.isFinite(spread) ? `${spread.toFixed(2)} ×` : "noise";
}

/** All measurements of seal with its default threads. */
function large(cases) {
  return cases.filter(
    ({ group, tool, bytes }) =>
      ["compare", "size", "memory"].includes(group) && tool === "seal" && !bytes.includes(null),
  );
}

const memory = {
  name: "peak memory: the highest of all modes and sizes, default threads",
  wanted: "≤ 176 MiB",
  look: (cases) => {
    const peaks = large(cases).map(peak);
    if (peaks.length === 0) return null;
    const highest = Math.max(...peaks);
    return { text: memoryText(highest), met: highest <= MOST_MEMORY };
  },
};

/** Of the modes that ran at several sizes from 256 MiB on: the one that changed most. */
const flatMemory = {
  name: "peak memory at the largest size against 256 MiB, the mode that changes most",
  wanted: "± 10 %",
  look: (cases) => {
    const changes = all(large(cases), {})
      .filter(({ group, size }) => group !== "compare" && size > 256 * MIB)
      .flatMap((most) => {
        const { group, work, via } = most;
        const least = find(large(cases), { group, work, via, size: 256 * MIB });
        return least ? [{ work, via, change: median(most.bytes) / median(least.bytes) - 1, size: most.size }] : [];
      });
    if (changes.length === 0) return null;
    const { work, via, change, size } = changes.reduce((a, b) => (Math.abs(b.change) > Math.abs(a.change) ? b : a));
    const percent = `${change < 0 ? "−" : "+"}${Math.abs(change * 100).toFixed(0)} %`;
    return { text: `${percent} (${work}, ${via}, ${sizeText(size)})`, met: Math.abs(change) <= 0.1 };
  },
};

function start(work, most) {
  return {
    name: `${work}, against node -e 0`,
    wanted: `≤ ${most.toFixed(1)} ×`,
    look: (cases) => {
      const own = find(cases, { group: "start-up", tool: "seal", work });
      const node = find(cases, { group: "start-up", tool: "node" });
      if (!own || !node) return null;
      const ratio = pairedRatio(own.seconds, node.seconds);
      return { text: ratioText(ratio), met: ratio.median <= most };
    },
  };
}

function manyRecipients(work, name) {
  return {
    name: `1 KiB, 1 000 recipients: ${name}`,
    wanted: "≤ 0.5 s",
    look: (cases) => {
      const found = find(cases, { group: "recipients", tool: "seal", work, recipients: 1000 });
      return found ? { text: timeText(typical(found)), met: typical(found) <= 0.5 } : null;
    },
  };
}

/** @type {Target[]} */
export const TARGETS = [
  speed("unsigned seal, file → file, against age", "file", "seal, unsigned", ["age", "encrypt"], 1.8),
  speed("signed seal, file → file, against age, which does not sign", "file", "seal, signed", ["age", "encrypt"], 1.2),
  speed("open (signed), file → file, against age -d", "file", "open, signed", ["age", "decrypt"], 1.5),
  speed("unsigned seal, pipe → pipe, against age", "pipe", "seal, unsigned", ["age", "encrypt"], 1),
  speed("signed seal, pipe → pipe, against age", "pipe", "seal, signed", ["age", "encrypt"], 0.9),
  speed("open (unsigned), pipe → pipe, against age -d", "pipe", "open, unsigned", ["age", "decrypt"], 1),
  speed("open (signed), pipe → pipe, against age -d", "pipe", "open, signed", ["age", "decrypt"], 0.9),
  speed("signed seal, against gpg --sign --encrypt", "file", "seal, signed", ["gpg", "sign and encrypt"], 6),
  speed("verify, against minisign -V", "file", "verify", ["minisign", "verify"], 2),
  ...["seal, signed", "seal, unsigned", "open, signed", "open, unsigned", "verify"].map((work) => limit("file", work)),
  ...["seal, signed", "seal, unsigned", "open, signed", "open, unsigned"].map((work) => limit("pipe", work)),
  ...["seal, signed", "seal, unsigned", "open, signed", "verify"].map(constantCost),
  memory,
  flatMemory,
  start("--version", 1.5),
  start("seal 1 KiB, signed", 2),
  manyRecipients("seal", "seal"),
  manyRecipients("open, no recipient", "open as the last recipient, who tries all stanzas"),
];
