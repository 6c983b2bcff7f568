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
let pause = 0;
let again = 0;
/** When that was last begun here, which spares nothing. */
let everything = Number.NEGATIVE_INFINITY;
let allDue: Promise<void> | null = null;

function collect(...options: Parameters<Collect>): void {
  collector ??= exposed();
  collector(...options);
}

/** Collects what was made lately, which takes some 50 µs. */
export function collectYoung(): void {
  collect({ type: "minor" });
}

/** As of NODE_PERFORMANCE_GC_MINOR. */
const MINOR = 1;

/** A collection, and when it was, in milliseconds as of `performance.now()`. */
interface Collection {
  readonly at: number;
  readonly isMinor: boolean;
}

/** So many are remembered. */
const KEPT = 256;
const collections: Collection[] = [];
/** When the last was that is not remembered. */
let forgotten = Number.NEGATIVE_INFINITY;
let observer: PerformanceObserver | null = null;

function count(entries: readonly PerformanceEntry[]): void {
  for (const entry of entries) {
    const { kind } = (entry as { detail?: unknown }).detail as { kind: number };
    collections.push({ at: entry.startTime, isMinor: kind === MINOR });
    if (collections.length > KEPT) forgotten = collections.shift()!.at;
  }
}

/** What it needs of Node is loaded when it is first needed. */
function observing(): PerformanceObserver {
  const { PerformanceObserver } = process.getBuiltinModule("node:perf_hooks");
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return observer;
}

/** V8's collections are heard of a turn later. */
async function hear(): Promise<void> {
  await turn();
  await turn();
  count(observer!.takeRecords());
}

/** Milliseconds by which the clock of collections may differ from that of programs. */
const TOLERANCE = 0.1;

/** How many have not ended. */
let current = 0;

/** The time from when something was made to when nobody held it any more. */
export class Age {
  readonly #began: number;
  #ended = Number.POSITIVE_INFINITY;

  constructor() {
    observer ??= observing();
    current += 1;
    this.#began = performance.now();
  }

  /** Nobody holds it any more, from now on. */
  end(): void {
    if (this.#ended < Number.POSITIVE_INFINITY) return;
    this.#ended = performance.now();
    current -= 1;
  }

  /**
   * Whether V8 may call old what was made in it, as far as its collections have been heard of: what has outlived two,
   * or one of everything. That also spares what somebody held when it began, which may be long before it is done.
   */
  get isOld(): boolean {
    if (this.#ended < everything) return false;
    const [from, to] = [this.#began - TOLERANCE, this.#ended + TOLERANCE];
    const since = collections.filter(({ at }) => at >= from);
    return forgotten >= from || since.some((each) => !each.isMinor) || since.filter(({ at }) => at <= to).length > 1;
  }

  /**
   * Ends it, and collects what it was made with, what is young or everything: once for all who ask in the next turns of
   * the event loop.
   */
  collect(): Promise<void> {
    this.end();
    asking.push(this);
    due ??= collectForAll();
    return due;
  }
}

/**
 * Turns of the event loop for which those who ask wait for more of them: as long as more come, or fewer ask than have
 * not ended.
 */
const TURNS = 8;
let asking: Age[] = [];
let due: Promise<void> | null = null;

async function collectForAll(): Promise<void> {
  for (let [turns, before] = [0, 0]; turns < TURNS && (asking.length !== before || asking.length < current); turns++) {
    before = asking.length;
    await turn();
  }
  const ages = asking;
  asking = [];
  due = null;
  await hear();
  if (ages.some(({ isOld }) => isOld)) await collectAll();
  else collectYoung();
}

/**
 * Collects everything, which takes ten milliseconds and more: once for all who ask meanwhile, and for a quarter of the
 * time at most, however many ask.
 */
export function collectAll(): Promise<void> {
  allDue ??= soon().then(() => {
    allDue = null;
    everything = performance.now();
    collect();
    const took = performance.now() - everything;
    pause = SHARE * took;
    again = everything + took + pause;
  });
  return allDue;
}

function soon(): Promise<void> {
  // A clock that is put forward and back, as tests do, is no reason to wait longer.
  const wait = Math.min(again - performance.now(), pause);
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
