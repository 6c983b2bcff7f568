// Whether the service can do its work: what its health says. An inbox of which the journal is not in order is one
// inbox's trouble; a disk that takes nothing is everybody's.

import type { Inboxes } from "../inboxes.js";
import { Problem, type ProblemName, storageProblem } from "../problem.js";
import type { InboxStore } from "../store/store.js";

/** Milliseconds after which inboxes that failed are tried again, whether or not anybody asks for them. */
const RETRY = 5000;
/** What all inboxes would share. */
const SHARED: ReadonlySet<ProblemName> = new Set(["full", "storage", "too-many-open"]);

export class Fitness {
  readonly #store: InboxStore;
  readonly #inboxes: Inboxes;
  /** Inboxes whose last use has failed, and why. */
  readonly #failing = new Map<string, ProblemName>();
  readonly #timer: NodeJS.Timeout;
  #retrying: Promise<void> | null = null;
  /** Whether the store has failed in something that belongs to no inbox. */
  #hasStoreFailed = false;

  constructor(store: InboxStore, inboxes: Inboxes, retry = RETRY) {
    this.#store = store;
    this.#inboxes = inboxes;
    this.#timer = setInterval(() => {
      this.#retrying ??= this.#retry().finally(() => {
        this.#retrying = null;
      });
    }, retry).unref();
  }

  get failing(): number {
    return this.#failing.size;
  }

  /** How many fail with each problem. */
  get problems(): ReadonlyMap<ProblemName, number> {
    const counts = new Map<ProblemName, number>();
    for (const problem of this.#failing.values()) counts.set(problem, (counts.get(problem) ?? 0) + 1);
    return counts;
  }

  /** A journal that another service has taken over, in a store that services share, is in order there. */
  failed(inbox: string, problem: ProblemName): void {
    if (problem === "fenced" && this.#store.place(inbox).isAlwaysWhole) this.#failing.delete(inbox);
    else this.#failing.set(inbox, problem);
  }

  storeFailed(): void {
    this.#hasStoreFailed = true;
  }

  worked(inbox: string): void {
    this.#failing.delete(inbox);
  }

  /** Throws `Problem` where no inbox can be used, or none could be: the disk takes nothing. */
  async check(): Promise<void> {
    if (this.#failing.size === 0 && !this.#hasStoreFailed) return;
    const names = new Set(await this.#store.list().catch(refuse));
    for (const name of this.#failing.keys()) if (!names.has(name)) this.#failing.delete(name);
    const problems = new Set(this.#failing.values());
    if (this.#failing.size > 0 && this.#failing.size >= names.size) throw unfit(...problems);
    if (!this.#hasStoreFailed && ![...problems].some((problem) => SHARED.has(problem))) return;
    await this.#store.probe().catch(refuse);
    this.#hasStoreFailed = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An inbox works again that can be opened, where its disk takes something. Never rejects. */
  async #retry(): Promise<void> {
    for (const name of [...this.#failing.keys()]) {
      try {
        await this.#inboxes.use(name, (inbox) => inbox.probe());
        this.#failing.delete(name);
      } catch (error) {
        this.failed(name, storageProblem(error).problem);
      }
    }
  }
}

function refuse(error: unknown): never {
  throw unfit(storageProblem(error).problem);
}

function unfit(...problems: readonly ProblemName[]): Problem {
  return new Problem("storage", `No inbox can be used: ${problems.join(", ")}.`, { retryAfter: 1 });
}
