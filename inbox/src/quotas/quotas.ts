// Quotas: how much this process has taken in for an inbox, and of each producer. What others have passed on is counted
// here, by whoever has the inbox open, so that who sends to several services has no more than his own.

import { Problem, type ProblemName } from "../problem.js";
import { Bucket } from "../server/bucket.js";
import { type Limits, limitsOfInbox, limitsOfProducer, NO_RULES, type Rules } from "./limits.js";
import { Recent } from "./recent.js";

const DAY = 86_400;
/** Of inboxes and producers, counts are kept of so many: those that were used longest ago begin anew. */
const MOST_COUNTED = 50_000;

/** What an inbox holds of keys: it knows that itself. */
export interface KeysHeld {
  readonly size: number;
  /** Seconds until there will be fewer. */
  untilFewer(): number;
}

interface Counts {
  requests: Bucket | null;
  bytes: Bucket | null;
  readonly keys: Recent;
}

type Who = "inbox" | "producer";

export class Quotas {
  readonly #keyLifetime: number;
  readonly #now: () => number;
  /** By inbox, and by inbox and producer; the one that was used last is the last. */
  readonly #counts = new Map<string, Counts>();

  /** `keyLifetime`: milliseconds. `now`: milliseconds on a clock that only goes forward. */
  constructor(keyLifetime: number, now = () => performance.now()) {
    this.#keyLifetime = keyLifetime;
    this.#now = now;
  }

  of(inbox: string): Quota {
    return new Quota(inbox, (name) => this.#countsOf(name), this.#keyLifetime, this.#now);
  }

  /** How many inboxes and producers are counted. */
  get counted(): number {
    return this.#counts.size;
  }

  #countsOf(name: string): Counts {
    const counts = this.#counts.get(name) ?? { requests: null, bytes: null, keys: new Recent(this.#keyLifetime) };
    this.#counts.delete(name);
    this.#counts.set(name, counts);
    if (this.#counts.size > MOST_COUNTED) this.#counts.delete(this.#counts.keys().next().value!);
    return counts;
  }
}

/** Something that is taken if all else is, too; and given back. */
interface Take {
  /** Seconds to wait; 0 where it is taken. */
  take(): number;
  give(): void;
  readonly problem: ProblemName;
  readonly detail: string;
}

/** Of one inbox. */
export class Quota {
  readonly #inbox: string;
  readonly #countsOf: (name: string) => Counts;
  readonly #keyLifetime: number;
  readonly #now: () => number;
  #rules: Rules = NO_RULES;

  constructor(inbox: string, countsOf: (name: string) => Counts, keyLifetime: number, now: () => number) {
    this.#inbox = inbox;
    this.#countsOf = countsOf;
    this.#keyLifetime = keyLifetime;
    this.#now = now;
  }

  follow(rules: Rules): void {
    this.#rules = rules;
  }

  /** A request has come. Throws `Problem` where it is one too many. */
  request(producer: string): void {
    takeAll(this.#both(producer).flatMap(([who, limits, counts]) => this.#requests(who, limits, counts)));
  }

  /**
   * A body of so many bytes is about to be written, with an idempotency key or without. What it returns gives them
   * back, where nothing comes of it. Throws `Problem` where it is one too many.
   */
  write(producer: string, bytes: number, hasKey: boolean, held: KeysHeld): () => void {
    const takes = this.#both(producer).flatMap(([who, limits, counts]) => [
      ...this.#bytes(who, limits, counts, bytes),
      ...(hasKey ? this.#keys(who, limits, counts, held) : []),
    ]);
    return takeAll(takes);
  }

  #both(producer: string): [Who, Limits, Counts][] {
    return [
      ["producer", limitsOfProducer(this.#rules, producer), this.#countsOf(`${this.#inbox}/${producer}`)],
      ["inbox", limitsOfInbox(this.#rules), this.#countsOf(this.#inbox)],
    ];
  }

  #requests(who: Who, { rate, burst }: Limits, counts: Counts): Take[] {
    if (rate === null) return [];
    const most = burst ?? rate;
    const bucket = bucketOf(counts.requests, rate, most, this.#now());
    counts.requests = bucket;
    const detail = `At most ${rate} requests a second are accepted ${FOR[who]}, and ${most} at once.`;
    return [this.#from(bucket, 1, `${who}-rate`, detail)];
  }

  #bytes(who: Who, { bytes: most }: Limits, counts: Counts, bytes: number): Take[] {
    if (most === null) return [];
    const bucket = bucketOf(counts.bytes, most / DAY, most, this.#now());
    counts.bytes = bucket;
    return [this.#from(bucket, bytes, `${who}-bytes`, `At most ${most} bytes a day are accepted ${FOR[who]}.`)];
  }

  #keys(who: Who, { keys: most }: Limits, counts: Counts, held: KeysHeld): Take[] {
    if (most === null) return [];
    const now = this.#now();
    const [count, wait] =
      who === "inbox"
        ? [held.size, () => held.untilFewer()]
        : [counts.keys.count(now), () => counts.keys.untilFewer(now)];
    return [
      {
        take: () => {
          if (count >= most) return wait();
          if (who === "producer") counts.keys.add(now, 1);
          return 0;
        },
        give: () => {
          if (who === "producer") counts.keys.add(now, -1);
        },
        problem: `${who}-keys`,
        detail: `At most ${most} idempotency keys are kept ${FOR[who]}, each for ${this.#keyLifetime / 1000} seconds.`,
      },
    ];
  }

  #from(bucket: Bucket, count: number, problem: ProblemName, detail: string): Take {
    return { take: () => bucket.take(this.#now(), count), give: () => bucket.give(count), problem, detail };
  }
}

const FOR: Readonly<Record<Who, string>> = { inbox: "for this inbox", producer: "from this producer" };

/** One that has been counted in already, unless the limit has changed. */
function bucketOf(bucket: Bucket | null, rate: number, most: number, now: number): Bucket {
  return bucket?.rate === rate && bucket.most === most ? bucket : new Bucket(rate, now, most);
}

/** All of them or none. What it returns gives them back. Throws `Problem`. */
function takeAll(takes: readonly Take[]): () => void {
  for (const [i, { take, problem, detail }] of takes.entries()) {
    const wait = take();
    if (wait === 0) continue;
    for (const taken of takes.slice(0, i)) taken.give();
    throw new Problem(problem, detail, { retryAfter: wait });
  }
  return () => {
    for (const { give } of takes) give();
  };
}
