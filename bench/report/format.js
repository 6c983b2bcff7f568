// Numbers and tables as text.

import { MIB } from "../options.js";

/** @param {string[][]} rows the first is the head; columns from the third on, and those of numbers, to the right */
export function table([head, ...rows], left = 2) {
  const rule = head.map((_, column) => (column < left ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function sizeText(bytes) {
  return bytes >= 1024 * MIB ? `${bytes / 1024 / MIB} GiB` : `${bytes / MIB} MiB`;
}

const COLUMNS = 100;
/** What stays one line: tables, headings, images, what begins bold. */
const ONE_LINE = /^(\||#|!\[|\*\*)/;

/** Wraps the prose of a page: paragraphs, and the items of lists. @param {string} page */
export function wrapped(page) {
  const blocks = page.split("\n\n").map((block) => (ONE_LINE.test(block) ? block : wrapBlock(block)));
  return blocks.join("\n\n");
}

function wrapBlock(block) {
  return block
    .split(/\n(?=- )/)
    .flatMap((item) => wrapWords(item.split(/\s+/), item.startsWith("- ") ? "  " : ""))
    .join("\n");
}

function wrapWords([first, ...words], indent) {
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}

/** @param {number} seconds */
export function timeText(seconds) {
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(2)} s`;
}

/** @param {{ min: number, max: number }} spread */
export function spreadText({ min, max }) {
  return `${timeText(min)} – ${timeText(max)}`;
}

/** @param {{ median: number, min: number, max: number }} ratio */
export function ratioText({ median, min, max }) {
  return `${median.toFixed(2)} × (${min.toFixed(2)} – ${max.toFixed(2)})`;
}

/** Bytes per second, in units of 10^9. */
export function speedText(bytes, seconds) {
  const speed = bytes / seconds / 1e9;
  return speed.toFixed(speed < 0.1 ? 3 : 2);
}

/** @param {number | null} bytes */
export function memoryText(bytes) {
  return bytes === null ? "–" : `${(bytes / MIB).toFixed(0)} MiB`;
}
