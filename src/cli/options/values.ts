// Option values: durations, ranges, labels.

import { SealError } from "../../errors.js";
import type { Range } from "../../files/range.js";
import { labelFault } from "../../format/core.js";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** `90s`, `15m`, `12h`, `30d` in seconds. Throws `usage`. */
export function parseDuration(text: string, flag = "--max-age"): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (!count || !unit)
    throw new SealError("usage", `${flag} ${text}: not a duration`, { hint: "Such as 90s, 15m, 12h, 30d." });
  return Number(count) * UNITS[unit]!;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * `2026-01-31T12:00Z`, a date (from its beginning in UTC), or a duration before `now`; Unix milliseconds. Throws
 * `usage`.
 */
export function parseTime(text: string, flag: string, now: number): number {
  if (/^\d+[smhd]$/.test(text)) return now - 1000 * parseDuration(text, flag);
  const [, date, minutes = "00:00", seconds = ":00", zone = "Z"] = TIME.exec(text) ?? [];
  const time = Date.parse(`${date}T${minutes}${seconds}${zone}`);
  // What no calendar has is another day for Date.
  if (date && time >= 0 && new Date(`${date}T00:00Z`).toISOString().startsWith(date)) return time;
  throw new SealError("usage", `${flag} ${text}: not a time`, {
    hint: "Such as 2026-01-31T12:00Z, 2026-01-31 (its beginning in UTC), or 2h (two hours ago).",
  });
}

/** A number, from 1 on. Throws `usage`. */
export function parseCount(text: string, flag: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new SealError("usage", `${flag} ${text}: must be a whole number, at least 1`);
}

/** `FIRST-LAST`, both included, counted from 0. Throws `usage`. */
export function parseRange(text: string): Range {
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (!first || !last || Number(first) > Number(last)) {
    throw new SealError("usage", `--range ${text}: not a range`, {
      hint: "FIRST-LAST, in bytes from 0, both included.",
    });
  }
  return { first: Number(first), last: Number(last) };
}

/** The label as it stands. Throws `usage` for one that no file can have. */
export function parseLabel(text: string): string {
  const fault = labelFault(text);
  if (fault) throw new SealError("usage", `--label: the label ${fault}`);
  return text;
}

const SIZE_UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** A number of bytes for people: `12 bytes`, `3.4 MB`. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${bytes === 1 ? "byte" : SIZE_UNITS[unit]}`;
}
