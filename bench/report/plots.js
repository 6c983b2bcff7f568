// The plots of one run, each an SVG.

import { MIB } from "../options.js";
import { summary } from "../stats.js";
import { axis, BARS, draw, INK, lineColor, marker } from "./chart.js";
import { all, find, sizesOf, typical } from "./find.js";
import { sizeText } from "./format.js";

/** @typedef {import("../rounds.js").Result} Result */

/** @param {Result[]} cases @param {string} node @returns {Record<string, string>} name → SVG, only what was measured */
export function plots(cases, node) {
  const drawn = {
    files: throughput(cases, "file", `File to file, ${node}`),
    pipes: throughput(cases, "pipe", `Pipe to pipe (cat | tool | cat), ${node}`),
    sizes: bySize(cases, `Time by size, file to file, ${node}`),
    threads: byThreads(cases, `Throughput by threads, file to file, ${node}`),
    recipients: byRecipients(cases, `Time by number of recipients, a file of 1 KiB, ${node}`),
  };
  return Object.fromEntries(Object.entries(drawn).filter(([, svg]) => svg !== null));
}

/**
 * Bars, of each tool at the largest size that it ran at, in three blocks; the line goes from the slowest to the fastest
 * run.
 */
function throughput(cases, via, title) {
  const found = all(cases, { group: "compare", via }).sort((a, b) => a.size - b.size);
  if (found.length === 0) return null;
  const largest = found.at(-1).size;
  const latest = [...new Map(found.map((each) => [`${each.tool}, ${each.work}`, each])).values()];
  // The first category is at the bottom of the chart.
  const bars = BLOCKS.flatMap((block) => [...sortedBlock(latest, block), null])
    .slice(0, -1)
    .reverse();
  const name = (bar) => (bar ? `${bar.tool}: ${bar.work}${bar.size < largest ? ` (${sizeText(bar.size)})` : ""}` : "");
  const data = bars.map((bar) => ({
    value: bar ? Number(speed(bar).toFixed(3)) : null,
    itemStyle: { color: BARS[bar?.tool] ?? BARS.other },
  }));
  return draw(
    `${title}, ${sizeText(largest)}`,
    {
      grid: { left: 260, right: 60, top: 50, bottom: 50 },
      legend: { show: false },
      xAxis: axis({ type: "value", name: "GB/s (median)", nameGap: 30 }),
      yAxis: axis({ type: "category", data: bars.map(name), axisTick: { show: false } }),
      series: [{ type: "bar", barWidth: "68%", data }, whiskers(bars)],
    },
    { height: 110 + 22 * bars.length },
  );
}

/** How the works of a block begin. */
const BLOCKS = [/^(seal|encrypt|sign and)/, /^(open|decrypt)/, /^(verify|sign$|copy)/];

function sortedBlock(results, begins) {
  return results.filter(({ work }) => begins.test(work)).sort((a, b) => speed(b) - speed(a));
}

function speed(result) {
  return result.size / typical(result) / 1e9;
}

/** A thin line from the slowest to the fastest run, and the median behind it. */
function whiskers(bars) {
  const data = bars.flatMap((bar, index) => {
    if (!bar) return [];
    const { min, max } = summary(bar.seconds);
    return [[bar.size / max / 1e9, bar.size / min / 1e9, index, speed(bar)]];
  });
  return {
    type: "custom",
    z: 5,
    encode: { x: [0, 1], y: 2 },
    data,
    renderItem: (_, api) => {
      const [from, to] = [0, 1].map((at) => api.coord([api.value(at), api.value(2)]));
      const [x, y] = to;
      return {
        type: "group",
        children: [
          { type: "line", shape: { x1: from[0], y1: y, x2: x, y2: y }, style: { stroke: INK, lineWidth: 1.2 } },
          {
            type: "text",
            x: x + 7,
            y: y - 6,
            style: { text: api.value(3).toFixed(api.value(3) < 0.1 ? 3 : 2), fill: INK, fontSize: 12 },
          },
        ],
      };
    },
  };
}

function bySize(cases, title) {
  const found = all(cases, { group: "size" });
  const sizes = sizesOf(found);
  if (sizes.length < 2) return null;
  const point = (result) => [result.size / MIB, Number(typical(result).toFixed(4))];
  return draw(title, {
    xAxis: axis({
      type: "log",
      logBase: 2,
      name: "size",
      nameGap: 32,
      min: sizes[0] / MIB,
      max: sizes.at(-1) / MIB,
      axisLabel: { fontSize: 12, formatter: (mebibytes) => sizeText(mebibytes * MIB) },
    }),
    yAxis: axis({ type: "log", name: "seconds", nameGap: 48 }),
    series: lines(found, point),
  });
}

function byThreads(cases, title) {
  const found = all(cases, { group: "threads" }).filter(({ threads }) => threads !== undefined);
  if (found.length === 0) return null;
  const counts = [...new Set(found.map(({ threads }) => threads))];
  const age = find(cases, { group: "threads", tool: "age" });
  const flat = age && {
    ...line("age", "encrypt (one thread)", 0),
    symbol: "none",
    data: counts.map((threads) => [String(threads), Number(speed(age).toFixed(3))]),
  };
  const point = (result) => [String(result.threads), Number(speed(result).toFixed(3))];
  return draw(`${title}, ${sizeText(found[0].size)}`, {
    xAxis: axis({ type: "category", data: counts.map(String), name: "threads", nameGap: 32 }),
    yAxis: axis({ type: "value", name: "GB/s (median)", nameGap: 44, min: 0 }),
    series: [...lines(found, point), ...(flat ? [flat] : [])],
  });
}

function byRecipients(cases, title) {
  const found = all(cases, { group: "recipients" });
  if (found.length === 0) return null;
  const point = (result) => [result.recipients, Number((typical(result) * 1000).toFixed(2))];
  return draw(title, {
    xAxis: axis({ type: "log", name: "recipients", nameGap: 32 }),
    yAxis: axis({ type: "log", name: "milliseconds", nameGap: 48 }),
    series: lines(found, point),
  });
}

/** A line for each tool and work. */
function lines(results, point) {
  const facts = new Map(results.map(({ tool, work }) => [`${tool}: ${work}`, { tool, work }]));
  const count = {};
  return [...facts.values()].map(({ tool, work }) => {
    count[tool] = (count[tool] ?? -1) + 1;
    return { ...line(tool, work, count[tool]), data: all(results, { tool, work }).map(point) };
  });
}

const STROKES = { seal: "solid", "bare loop": "dotted" };

function line(tool, work, index) {
  const color = lineColor(tool, index);
  const type = STROKES[tool] ?? "dashed";
  return {
    name: `${tool}: ${work}`,
    type: "line",
    symbol: marker(index),
    symbolSize: 8,
    lineStyle: { width: 2, type, color },
    itemStyle: { color },
  };
}
