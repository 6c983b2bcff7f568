// The targets, and whether a run meets them.

import { MIB } from "../options.js";
import { median, pairedRatio } from "../stats.js";
import { all, find, pair, peak, typical } from "./find.js";
import { memoryText, ratioText, sizeText } from "./format.js";
import { againstHardware } from "./limit.js";
import { slopes } from "./slope.js";

/** @typedef {import("../rounds.js").Result} Result @typedef {import("../results.js").Results} Results */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} wanted
 * @property {(cases: Result[], results: Results) => { text: string, met: boolean } | null} look null: not measured
 */

/** How fast against another; above 1 is faster. Without a size, at the largest at which both ran. */
function speed(name, via, work, [tool, otherWork], least, size) {
  return {
    name,
    wanted: `≥ ${least.toFixed(2)} ×`,
    look: (cases) => {
      const facts = { group: "compare", via, ...(size && { size }) };
      const found = pair(cases, { ...facts, tool: "seal", work }, { ...facts, tool, work: otherWork });
      if (!found) return null;
      const ratio = pairedRatio(found.other.seconds, found.own.seconds);
      return { text: `${ratioText(ratio)}, ${sizeText(found.own.size)}`, met: ratio.median >= least };
    },
  };
}

/** The smaller sizes: signed, against age, which does not sign. */
function smaller(mebibytes, least) {
  const size = mebibytes * MIB;
  return [
    speed(`signed seal, ${mebibytes} MiB, against age`, "file", "seal, signed", ["age", "encrypt"], least, size),
    speed(`open (signed), ${mebibytes} MiB, against age -d`, "file", "open, signed", ["age", "decrypt"], least, size),
  ];
}

/** Processor time, of the largest size that was compared. */
function hardwareLimit(work, most) {
  return {
    name: `${work}, file → file: processor time against the hardware's limit`,
    wanted: `≤ ${most.toFixed(2)} ×`,
    look: (cases, results) => {
      const [largest] = all(cases, { group: "compare", via: "file", tool: "seal", work }).sort(
        (a, b) => b.size - a.size,
      );
      const ratio = largest && againstHardware(results, largest);
      return ratio ? { text: `${ratioText(ratio)}, ${sizeText(largest.size)}`, met: ratio.median <= most } : null;
    },
  };
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
  wanted: "≤ 128 MiB, Node 20: 160 MiB",
  look: (cases, { about }) => {
    const peaks = large(cases).map(peak);
    if (peaks.length === 0) return null;
    const highest = Math.max(...peaks);
    const most = Number.parseInt(about.node, 10) < 24 ? 160 : 128;
    return { text: memoryText(highest), met: highest <= most * MIB };
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

/** Against age; above 1 is faster. */
function manyRecipients(work, other, least) {
  return {
    name: `1 KiB, 4096 recipients: ${work}, against age`,
    wanted: `≥ ${least.toFixed(2)} ×`,
    look: (cases) => {
      const facts = { group: "recipients", recipients: 4096 };
      const [own, age] = [
        find(cases, { ...facts, tool: "seal", work }),
        find(cases, { ...facts, tool: "age", work: other }),
      ];
      if (!own || !age) return null;
      const ratio = pairedRatio(age.seconds, own.seconds);
      return { text: ratioText(ratio), met: ratio.median >= least };
    },
  };
}

const smallFiles = {
  name: "small files in one call, signed: each",
  wanted: "≤ 0.45 ms",
  look: (cases, { how }) => {
    const found = find(cases, { group: "many files", tool: "seal" });
    if (!found) return null;
    const each = typical(found) / how.smallFiles;
    return { text: `${(each * 1000).toFixed(2)} ms, ${how.smallFiles} files`, met: each <= 0.45e-3 };
  },
};

/** @type {Target[]} */
export const TARGETS = [
  hardwareLimit("seal, signed", 1.45),
  speed("signed seal, file → file, against age, which does not sign", "file", "seal, signed", ["age", "encrypt"], 1.1),
  speed("unsigned seal, file → file, against age", "file", "seal, unsigned", ["age", "encrypt"], 1.45),
  speed("open (signed), file → file, against age -d", "file", "open, signed", ["age", "decrypt"], 1.25),
  ...smaller(256, 0.9),
  ...smaller(64, 0.6),
  speed("unsigned seal, pipe → pipe, against age", "pipe", "seal, unsigned", ["age", "encrypt"], 0.9),
  speed("signed seal, pipe → pipe, against age", "pipe", "seal, signed", ["age", "encrypt"], 0.75),
  speed("open (signed), pipe → pipe, against age -d", "pipe", "open, signed", ["age", "decrypt"], 0.75),
  speed("signed seal, against gpg --sign --encrypt", "file", "seal, signed", ["gpg", "sign and encrypt"], 6),
  speed("verify, against minisign -V", "file", "verify", ["minisign", "verify"], 2),
  ...["seal, signed", "seal, unsigned", "open, signed", "verify"].map(constantCost),
  memory,
  flatMemory,
  start("--version", 1.5),
  start("seal 1 KiB, signed", 2),
  start("open 1 KiB", 2.2),
  start("seal 20 MB, signed", 3),
  start("open 20 MB", 3),
  smallFiles,
  manyRecipients("seal, classic", "encrypt", 0.9),
  manyRecipients("open, no recipient, classic", "decrypt, last of them", 0.9),
];
