// The garbage collector, called by name: what OpenSSL holds of a KeyObject is erased when that is collected, and not
// before.

import type { PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as after, setImmediate as turn } from "node:timers/promises";
import { SealError } from "../errors.js";

/** Everything, where it is called without an argument; `undefined` is one to V8, and means the young. */
type Collect = (...options: [] | [{ type: "minor" }]) => void;

let collector: Collect | null = null;
/** For each millisecond that collecting everything takes, so many go by before it is done again. */
const SHARE = 3;
let again = 0;
let due: Promise<void> | null = null;

function collect(...options: Parameters<Collect>): void {
  collector ??= exposed();
  collector(...options);
}

/** Collects what was made lately, which takes some 50 µs. */
export function collectYoung(): void {
  collect({ type: "minor" });
}

/** Turns of the event loop for which those who ask wait for more of them. */
const TURNS = 8;
let asked = 0;
let soonDue: Promise<void> | null = null;

/** The same soon, once for all who ask in turns that follow on each other. */
export function collectYoungSoon(): Promise<void> {
  asked += 1;
  soonDue ??= whenAllHaveAsked().then(() => {
    soonDue = null;
    collectYoung();
  });
  return soonDue;
}

async function whenAllHaveAsked(): Promise<void> {
  for (let [turns, before] = [0, 0]; turns < TURNS && before !== asked; turns++) {
    before = asked;
    await turn();
  }
}

/** As of NODE_PERFORMANCE_GC_MINOR. */
const MINOR = 1;
/** How many there have been since the first Age; one of everything counts twice. */
let collections = 0;
let observer: PerformanceObserver | null = null;

function count(entries: readonly PerformanceEntry[]): void {
  for (const entry of entries) collections += "detail" in entry && isMinor(entry.detail) ? 1 : 2;
}

const isMinor = (detail: unknown) => (detail as { kind: number }).kind === MINOR;

/** What it needs of Node is loaded when it is first needed. */
function observing(): PerformanceObserver {
  const { PerformanceObserver } = process.getBuiltinModule("node:perf_hooks");
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return observer;
}

/** V8's collections are heard of a turn later. */
async function heard(): Promise<number> {
  await turn();
  await turn();
  count(observer!.takeRecords());
  return collections;
}

/** What was made when this was: V8 calls it old once it has outlived two collections, or one of everything. */
export class Age {
  readonly #then: number;

  constructor() {
    observer ??= observing();
    this.#then = collections;
  }

  /** Collects what it was made with, if nobody holds it any more: what is young, or everything. */
  async collect(): Promise<void> {
    if ((await heard()) - this.#then < 2) collectYoung();
    else await collectAll();
    // Or it would make those older that are made next.
    await heard();
  }
}

/**
 * Collects everything, which takes ten milliseconds and more: once for all who ask meanwhile, and for a quarter of the
 * time at most, however many ask.
 */
export function collectAll(): Promise<void> {
  due ??= soon().then(() => {
    due = null;
    const began = performance.now();
    collect();
    const took = performance.now() - began;
    again = began + (1 + SHARE) * took;
  });
  return due;
}

function soon(): Promise<void> {
  const wait = again - performance.now();
  return wait > 0 ? after(wait) : turn();
}

/**
 * As `node --expose-gc` has it, for this file alone: contexts made before and after do not. The flag is that of all
 * threads, and another may put it down before the context is made.
 */
function exposed(): Collect {
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  for (let tries = 0; tries < TRIES; tries++) {
    setFlagsFromString("--expose-gc");
    try {
      const found = runInNewContext("globalThis.gc") as Collect | undefined;
      if (found) return found;
    } finally {
      setFlagsFromString("--no-expose-gc");
    }
  }
  throw new SealError("internal", "the garbage collector cannot be called");
}

/** Each takes a millisecond, and another thread is in the way for less than one. */
const TRIES = 1000;
