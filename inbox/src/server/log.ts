// The log: structured, on stdout, of events and figures only.

import { type Logger, pino } from "pino";

export const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type Level = (typeof LEVELS)[number];

export function makeLogger(level: Level): Logger {
  // What is not written here by name is not written: no requests, responses or errors as they come.
  const nothing = () => undefined;
  const serializers = { req: nothing, res: nothing, err: nothing };
  // In order, and nothing is lost when the process ends.
  const stdout = pino.destination({ dest: 1, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers }, stdout);
}
