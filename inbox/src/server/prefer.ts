// The header Prefer (RFC 7240), as far as it is heeded: how long the client would wait.

/** Seconds: proxies give up after 60, as a rule. */
const LONGEST = 30;

/** Seconds; 0 where it does not say. */
export function waitOf(header: string | string[] | undefined): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(String(header ?? "")) ?? [];
  return Math.min(LONGEST, Number(seconds ?? 0));
}
