// Figures for Prometheus, in its text format. They name no inbox and no producer.

import { type ProblemName, QUOTA_PROBLEMS } from "../problem.js";
import { family, Histogram, type Sample } from "./exposition.js";
import { processFamilies } from "./process-figures.js";

/** Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/**
 * What an inbox can fail with: each is a series from the start, as quotas are, so that its first shows as an increase.
 */
const FAILURES: readonly ProblemName[] = ["storage", "full", "refused", "fenced", "too-many-open", "internal"];

/**
 * A request that was not let in had no token, one that is not valid in its inbox, one of the other role, or no
 * signature that fits.
 */
export type Refusal = "missing" | "unknown" | "role" | "signature";

/** What is asked for when the figures are. */
export interface Gauges {
  readonly heldBytes: number;
  readonly queuedBytes: number;
  readonly openInboxes: number;
  /** Inboxes whose last use has failed, by problem. */
  readonly failing: ReadonlyMap<ProblemName, number>;
  readonly idempotencyKeys: number;
}

export class Metrics {
  /** By route and status. */
  readonly #requests = new Map<string, number>();
  readonly #appends = new Histogram(BOUNDS);
  readonly #flushes = new Histogram(BOUNDS);
  #records = 0;
  #bytes = 0;
  #replays = 0;
  readonly #problems = new Map<ProblemName, number>(QUOTA_PROBLEMS.map((problem) => [problem, 0]));
  readonly #failures = new Map<ProblemName, number>(FAILURES.map((problem) => [problem, 0]));
  readonly #refusals = new Map<Refusal, number>([
    ["missing", 0],
    ["unknown", 0],
    ["role", 0],
    ["signature", 0],
  ]);
  readonly #about: Sample;

  /** `version`: of the service. */
  constructor(version: string) {
    this.#about = [`{version="${version}",node="${process.version}"}`, 1];
  }

  answered(route: string, status: number): void {
    count(this.#requests, `route="${route}",status="${status}"`);
  }

  /** Records that are on disk, and the seconds from the request's arrival to that. */
  appended(records: number, bytes: number, seconds: number): void {
    this.#records += records;
    this.#bytes += bytes;
    this.#appends.observe(seconds);
  }

  /** The seconds that it took to write a frame and flush it. */
  flushed(seconds: number): void {
    this.#flushes.observe(seconds);
  }

  replayed(): void {
    this.#replays++;
  }

  refused(problem: ProblemName): void {
    count(this.#problems, problem);
  }

  notLetIn(reason: Refusal): void {
    count(this.#refusals, reason);
  }

  storageFailed(problem: ProblemName): void {
    count(this.#failures, problem);
  }

  text({ heldBytes, queuedBytes, openInboxes, failing, idempotencyKeys }: Gauges, more: readonly string[]): string {
    const requests = [...this.#requests].map(([labels, n]): Sample => [`{${labels}}`, n]);
    const unusable = new Map([...FAILURES.map((problem) => [problem, 0] as const), ...failing]);
    return [
      ...family("seal_inbox_build_info", "gauge", "What runs; always 1", [this.#about]),
      ...counter("requests_total", "Requests, by route and status", requests),
      ...counter("records_total", "Records that were sealed and flushed", [["", this.#records]]),
      ...counter("record_bytes_total", "Bytes of these", [["", this.#bytes]]),
      ...this.#appends.family("seal_inbox_append_seconds", "From a request's arrival until its records are on disk"),
      ...this.#flushes.family("seal_inbox_flush_seconds", "To write a frame and flush it"),
      ...counter("replays_total", "Requests that had been done already", [["", this.#replays]]),
      ...counter("problems_total", "Requests that were refused, by problem", by("problem", this.#problems)),
      ...counter("authentication_failures_total", "Requests that were not let in", by("reason", this.#refusals)),
      ...counter("storage_failures_total", "Failures to open or write an inbox", by("problem", this.#failures)),
      ...gauge("held_bytes", "Bytes of requests in memory", [["", heldBytes]]),
      ...gauge("queued_bytes", "Bytes that wait for the disk", [["", queuedBytes]]),
      ...gauge("open_inboxes", "Inboxes that are open for writing", [["", openInboxes]]),
      ...gauge("failing_inboxes", "Inboxes whose last use has failed, by problem", by("problem", unusable)),
      ...gauge("idempotency_keys", "Idempotency keys that are kept", [["", idempotencyKeys]]),
      ...more,
      ...processFamilies(),
      "",
    ].join("\n");
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function by(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([value, n]) => [`{${label}="${value}"}`, n]);
}

function counter(name: string, help: string, samples: readonly Sample[]): string[] {
  return family(`seal_inbox_${name}`, "counter", help, samples);
}

function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  return family(`seal_inbox_${name}`, "gauge", help, samples);
}
