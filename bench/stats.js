// Medians, and ratios of what ran in the same round.

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {number[]} values
 * @returns {{ median: number, min: number, max: number }}
 */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times as long `slow` took as `fast`, round by round: what slows a machine down for a while slows both.
 * @param {number[]} slow
 * @param {number[]} fast
 */
export function pairedRatio(slow, fast) {
  return summary(fast.map((seconds, round) => slow[round] / seconds));
}
