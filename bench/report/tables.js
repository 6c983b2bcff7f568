// The tables of one run. Each returns rows, the head first.

import { pairedRatio, summary } from "../stats.js";
import { all, find, peak, typical } from "./find.js";
import { memoryText, ratioText, sizeText, speedText, spreadText, timeText } from "./format.js";
import { againstHardware, processorTime } from "./limit.js";
import { slopes } from "./slope.js";

/** @typedef {import("../rounds.js").Result} Result */

/** What to compare each kind of work with. */
const AGE = { decrypt: ["open", "decrypt"], encrypt: ["seal", "encrypt", "sign and"] };

/** Everything, for a terminal. @param {Result[]} cases */
export function casesTable(cases) {
  const rows = cases.map((each) => {
    const speed = each.size > 0 ? speedText(each.size, typical(each)) : "";
    return [each.id, timeText(typical(each)), spreadText(summary(each.seconds)), speed, memoryText(peak(each))];
  });
  return [["case", "median", "min – max", "GB/s", "memory"], ...rows];
}

/** @param {import("../results.js").Results} results @param {"file" | "pipe"} via @param {number} size */
export function throughputTable(results, via, size) {
  const { cases } = results;
  const rows = all(cases, { group: "compare", via, size }).map((each) => {
    const { tool, work, seconds } = each;
    const age = find(cases, { group: "compare", via, size, tool: "age", work: ageWork(work) });
    const ratio = age && tool !== "age" ? ratioText(pairedRatio(age.seconds, seconds)) : "";
    const limit = againstHardware(results, each);
    const processor = processorTime(each);
    return [
      tool,
      work,
      speedText(size, typical(each)),
      timeText(typical(each)),
      spreadText(summary(seconds)),
      ratio,
      processor === null ? "–" : timeText(processor),
      limit ? ratioText(limit) : "",
      memoryText(peak(each)),
    ];
  });
  const head = [
    "tool",
    "work",
    "GB/s",
    "median",
    "min – max",
    "against age",
    "processor",
    "against the limit",
    "memory",
  ];
  return [head, ...rows];
}

function ageWork(work) {
  return Object.keys(AGE).find((name) => AGE[name].some((beginning) => work.startsWith(beginning)));
}

/** @param {Result[]} cases @param {number[]} sizes */
export function sizeTable(cases, sizes) {
  const lines = distinct(all(cases, { group: "size" }), ({ tool, work }) => [tool, work]);
  const rows = lines.map(([tool, work]) => {
    const times = sizes.map((size) => {
      const found = find(cases, { group: "size", tool, work, size });
      return found ? timeText(typical(found)) : "–";
    });
    const slope = slopes(cases, tool, work)?.intervals.map((interval) => interval.slope.toFixed(3));
    return [tool, work, ...times, slope?.join(", ") ?? "–"];
  });
  return [["tool", "work", ...sizes.map(sizeText), "s/GiB, interval by interval"], ...rows];
}

/** @param {Result[]} cases */
export function threadsTable(cases) {
  const found = all(cases, { group: "threads" });
  const threads = [...new Set(found.map((each) => each.threads).filter(Boolean))];
  const rows = distinct(found, ({ tool, work }) => [tool, work]).map(([tool, work]) => {
    const line = all(found, { tool, work });
    if (line[0].threads === undefined) return [tool, work, cell(line[0]), ...threads.slice(1).map(() => "")];
    return [tool, work, ...threads.map((count) => cell(find(line, { threads: count })))];
  });
  return [["tool", "work", ...threads.map((count) => `${count} thread${count === 1 ? "" : "s"}`)], ...rows];
}

function cell(result) {
  if (!result) return "–";
  return `${timeText(typical(result))}, ${memoryText(peak(result))}`;
}

/** @param {Result[]} cases */
export function recipientsTable(cases) {
  const found = all(cases, { group: "recipients" });
  const counts = [...new Set(found.map(({ recipients }) => recipients))];
  const rows = distinct(found, ({ tool, work }) => [tool, work]).map(([tool, work]) => [
    tool,
    work,
    ...counts.map((recipients) => {
      const { seconds } = find(found, { tool, work, recipients }) ?? { seconds: [Number.NaN] };
      const { median, max } = summary(seconds);
      return `${timeText(median)} (${timeText(max)})`;
    }),
  ]);
  return [["tool", "work", ...counts.map(String)], ...rows];
}

/** @param {Result[]} cases */
export function startTable(cases) {
  const node = find(cases, { group: "start-up", tool: "node" });
  const rows = all(cases, { group: "start-up" }).map((each) => {
    const ratio = node && each !== node ? ratioText(pairedRatio(each.seconds, node.seconds)) : "";
    return [each.tool, each.work, timeText(typical(each)), spreadText(summary(each.seconds)), ratio];
  });
  return [["tool", "work", "median", "min – max", "against node -e 0"], ...rows];
}

/** @param {Result[]} cases @param {number} count */
export function manyTable(cases, count) {
  const found = all(cases, { group: "many files" });
  const [loop, copy] = ["bare loop", "cp"].map((tool) => find(found, { tool }));
  const against = (other, each) => (other && other !== each ? ratioText(pairedRatio(each.seconds, other.seconds)) : "");
  const rows = found.map((each) => {
    const one = `${((typical(each) / count) * 1000).toFixed(3)} ms`;
    const { tool, work, seconds } = each;
    return [
      tool,
      work,
      timeText(typical(each)),
      spreadText(summary(seconds)),
      one,
      against(loop, each),
      against(copy, each),
      memoryText(peak(each)),
    ];
  });
  return [
    ["tool", "work", "median", "min – max", "per file", "time against the bare loop", "against cp -r", "memory"],
    ...rows,
  ];
}

/** @param {Result[]} cases */
export function memoryTable(cases) {
  const found = cases.filter(({ group, tool }) => ["compare", "size", "memory"].includes(group) && tool === "seal");
  const sizes = [...new Set(found.map(({ size }) => size))].sort((a, b) => a - b);
  const rows = distinct(found, ({ work, via }) => [work, via]).map(([work, via]) => [
    work,
    via,
    ...sizes.map((size) => {
      const peaks = all(found, { work, via, size }).map(peak);
      return peaks.length === 0 ? "–" : memoryText(peaks.includes(null) ? null : Math.max(...peaks));
    }),
  ]);
  return [["work", "path", ...sizes.map(sizeText)], ...rows];
}

/** @param {Result[]} cases */
export function syncTable(cases) {
  const rows = all(cases, { group: "sync" }).map((each) => [
    each.tool,
    each.work,
    timeText(typical(each)),
    spreadText(summary(each.seconds)),
    speedText(each.size, typical(each)),
  ]);
  return [["tool", "work", "median", "min – max", "GB/s"], ...rows];
}

/** @param {Result[]} results @param {(result: Result) => string[]} of */
function distinct(results, of) {
  return [...new Map(results.map((result) => [of(result).join(), of(result)])).values()];
}
