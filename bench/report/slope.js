// What a further byte costs.

import { MIB } from "../options.js";
import { median } from "../stats.js";
import { all } from "./find.js";

const FROM = 256 * MIB;

/**
 * Seconds per GiB between neighbouring sizes from 256 MiB on; null with fewer than two intervals.
 * @param {import("../rounds.js").Result[]} cases
 * @returns {{ intervals: { from: number, to: number, slope: number }[], spread: number } | null} spread: the dearest
 * against the cheapest
 */
export function slopes(cases, tool, work) {
  const points = all(cases, { group: "size", tool, work })
    .filter(({ size }) => size >= FROM)
    .sort((a, b) => a.size - b.size);
  const intervals = points.slice(1).map((point, index) => {
    const before = points[index];
    const seconds = median(point.seconds.map((time, round) => time - before.seconds[round]));
    return { from: before.size, to: point.size, slope: seconds / ((point.size - before.size) / 1024 / MIB) };
  });
  if (intervals.length < 2) return null;
  const values = intervals.map(({ slope }) => slope);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // A size that took no longer than a smaller one is noise, and shows nothing.
  return { intervals, spread: least > 0 ? most / least : Number.POSITIVE_INFINITY };
}
