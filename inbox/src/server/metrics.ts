// Figures for Prometheus, in its text format. They name no inbox and no producer.

/** Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What is asked for when the figures are. */
export interface Gauges {
  readonly heldBytes: number;
  readonly queuedBytes: number;
  readonly openInboxes: number;
  readonly idempotencyKeys: number;
}

export class Metrics {
  readonly #started = Date.now() / 1000;
  /** By route and status. */
  readonly #requests = new Map<string, number>();
  readonly #buckets = BUCKETS.map(() => 0);
  #seconds = 0;
  #appends = 0;
  #records = 0;
  #bytes = 0;
  #replays = 0;
  #failures = 0;

  answered(route: string, status: number): void {
    const key = `route="${route}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  /** Records that are on disk, and the seconds from the request's arrival to that. */
  appended(records: number, bytes: number, seconds: number): void {
    this.#appends++;
    this.#records += records;
    this.#bytes += bytes;
    this.#seconds += seconds;
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.#buckets[bucket]!++;
  }

  replayed(): void {
    this.#replays++;
  }

  storageFailed(): void {
    this.#failures++;
  }

  text({ heldBytes, queuedBytes, openInboxes, idempotencyKeys }: Gauges): string {
    const { heapUsed, rss } = process.memoryUsage();
    return [
      ...family(
        "requests_total",
        "counter",
        "Requests, by route and status",
        [...this.#requests].map(([labels, n]) => [`{${labels}}`, n]),
      ),
      ...family("records_total", "counter", "Records that were sealed and flushed", [["", this.#records]]),
      ...family("record_bytes_total", "counter", "Bytes of these", [["", this.#bytes]]),
      ...this.#histogram(),
      ...family("replays_total", "counter", "Requests that had been done already", [["", this.#replays]]),
      ...family("storage_failures_total", "counter", "Requests that could not be stored", [["", this.#failures]]),
      ...family("held_bytes", "gauge", "Bytes of requests in memory", [["", heldBytes]]),
      ...family("queued_bytes", "gauge", "Bytes that wait for the disk", [["", queuedBytes]]),
      ...family("open_inboxes", "gauge", "Inboxes that are open for writing", [["", openInboxes]]),
      ...family("idempotency_keys", "gauge", "Idempotency keys that are kept", [["", idempotencyKeys]]),
      ...family("heap_bytes", "gauge", "JavaScript heap in use", [["", heapUsed]]),
      ...family("resident_bytes", "gauge", "Resident memory", [["", rss]]),
      ...family("start_time_seconds", "gauge", "When the service started, Unix time", [["", this.#started]]),
      "",
    ].join("\n");
  }

  #histogram(): string[] {
    let below = 0;
    const samples: [string, number][] = BUCKETS.map((bound, i) => {
      below += this.#buckets[i]!;
      return [`_bucket{le="${bound}"}`, below];
    });
    samples.push(['_bucket{le="+Inf"}', this.#appends], ["_sum", this.#seconds], ["_count", this.#appends]);
    return family("append_seconds", "histogram", "From a request's arrival until its records are on disk", samples);
  }
}

function family(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  const full = `seal_inbox_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([suffix, value]) => `${full}${suffix} ${value}`),
  ];
}
