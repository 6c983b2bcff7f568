// Sizes, times and durations in words.

import { TEXT } from "../text.js";

const UNITS = ["byte", "kB", "MB", "GB", "TB", "PB"];

/** 1.5 MB: in thousands, as file managers do. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  if (unit === 0) return TEXT.common.bytes(bytes);
  return `${value.toLocaleString(TEXT.language, { maximumSignificantDigits: 3 })} ${UNITS[unit]}`;
}

export function dateText(date: Date): string {
  return Number.isNaN(date.getTime())
    ? TEXT.common.none
    : date.toLocaleString(TEXT.language, { dateStyle: "medium", timeStyle: "medium" });
}

export function durationText(seconds: number): string {
  const { seconds: s, minutes, hours } = TEXT.progress;
  if (seconds < 90) return s(Math.max(1, Math.round(seconds)));
  return seconds < 5400 ? minutes(Math.round(seconds / 60)) : hours(Math.round(seconds / 3600));
}
