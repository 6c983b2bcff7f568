// The Range header, as far as it is heeded: one range of bytes (RFC 9110, section 14).

/** First byte and end (after the last). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part that is asked for; null for all of it: no range, several, or what is none; "none" where there is no such
 * part.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "none" | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.replace(/\s/g, "") ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return null;
  if (first === "")
    return Number(last) === 0 || size === 0 ? "none" : { start: Math.max(0, size - Number(last)), end: size };
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (start >= size) return "none";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}
