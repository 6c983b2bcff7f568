// Loaded into programs by the test of a year that is played fast: all their clocks are ahead by as many milliseconds as
// the file says that SHIFTED_CLOCK names. When that grows, what they do every so often is done once, as it would have
// been in the time that was skipped, and then `FILE.PID` says how far that process is. (node --import …)

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import "./shifted-clock.js";

const FILE = process.env.SHIFTED_CLOCK;
/** Milliseconds. */
const LOOK = 5;

const read = () => Number(readFileSync(FILE, "latin1"));
let ahead = read();

const realNow = performance.now.bind(performance);
performance.now = () => realNow() + ahead;
const realTime = process.hrtime.bigint;
process.hrtime.bigint = () => realTime() + BigInt(ahead) * 1_000_000n;

const { setInterval: startInterval, clearInterval: endInterval } = globalThis;
const repeated = new Map();

globalThis.setInterval = (work, each, ...given) => {
  const timer = startInterval(work, each, ...given);
  repeated.set(timer, () => work(...given));
  return timer;
};
globalThis.clearInterval = (timer) => {
  repeated.delete(timer);
  endInterval(timer);
};

startInterval(async () => {
  const now = read();
  if (now === ahead) return;
  ahead = now;
  await Promise.allSettled([...repeated.values()].map(async (work) => work()));
  const draft = `${FILE}.${process.pid}.new`;
  writeFileSync(draft, String(now));
  renameSync(draft, `${FILE}.${process.pid}`);
}, LOOK).unref();
