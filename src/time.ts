// Times: those that the format can state, and how they are shown.

import { SealError } from "./errors.js";

/** 9999-12-31T23:59:59Z, in Unix seconds. */
export const MAX_SEALED_AT = 253402300799;

/** A time that the format can state, in Unix milliseconds. Throws `usage`. */
export function checkedTime(now: number): number {
  if (now >= 0 && now < (MAX_SEALED_AT + 1) * 1000) return now;
  throw new SealError("usage", "the clock is before 1970 or after 9999");
}

/** Unix seconds as ISO 8601. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
