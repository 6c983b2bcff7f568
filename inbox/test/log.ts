// What a service logs. A line about a request may come after its answer, and from another process later still: whoever
// looks for one waits for it, here.

import { expect, vi } from "vitest";

/** Lines of a service in this process; or what one of its own has written so far. */
export type Log = readonly string[] | (() => string);

/** Milliseconds: on a busy machine too. */
const PATIENCE = 20_000;

/** All lines in which this stands, once there are so many. */
export async function logged(log: Log, what: string | RegExp, count = 1): Promise<string[]> {
  const has = (line: string) => (typeof what === "string" ? line.includes(what) : what.test(line));
  const found = () => linesOf(log).filter(has);
  await vi.waitFor(
    () => expect(found().length, `${what} in:\n${linesOf(log).join("\n")}\n`).toBeGreaterThanOrEqual(count),
    { timeout: PATIENCE, interval: 10 },
  );
  return found();
}

/** Lines that are whole. */
function linesOf(log: Log): string[] {
  const text = typeof log === "function" ? log() : log.join("");
  return text.split("\n").slice(0, -1);
}
