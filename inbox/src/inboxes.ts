// The inboxes of a store: each is opened when it is asked for, and closed when it has not been for a while or
// another needs its place, so that few are open where there are many, and a thief finds the keys of few.

import { Inbox, type InboxOptions } from "./inbox.js";
import { Problem, storageProblem } from "./problem.js";
import type { Quotas } from "./quotas/quotas.js";
import type { InboxStore } from "./store/store.js";

export interface InboxesOptions extends InboxOptions {
  /** Milliseconds without a request after which an inbox is closed. */
  readonly idle: number;
  /** How many are open at a time. */
  readonly maxOpen: number;
  /** None: as much is taken as comes. */
  readonly quotas?: Quotas;
  /** Told what the operator should know. */
  readonly note: (event: InboxEvent) => void;
}

export type InboxEvent =
  | { readonly is: "opened" | "closed"; readonly inbox: string; readonly tailMovedTo?: string | null }
  | { readonly is: "failed"; readonly inbox: string; readonly error: unknown };

interface Entry {
  readonly inbox: Promise<Inbox>;
  /** The same, as soon as it is open; "failed" where it could not be opened, which takes no place. */
  open: Inbox | "failed" | null;
  users: number;
  /** When the last user left. */
  left: number;
  /** Called then, where somebody waits for it. */
  onUnused: (() => void) | null;
}

/** After an inbox could not be opened, it is not tried again for so many milliseconds. */
const PAUSE = 1000;
/** Milliseconds after which others are told again which inboxes are open here. */
const RENEWAL = 5000;

export class Inboxes {
  readonly #store: InboxStore;
  readonly #options: InboxesOptions;
  readonly #entries = new Map<string, Entry>();
  /** Being closed: not to be opened before that is done. */
  readonly #closing = new Map<string, Promise<void>>();
  /** What `between` has taken from here, to be opened here again. */
  readonly #between = new Set<string>();
  #stopping = false;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(store: InboxStore, options: InboxesOptions) {
    this.#store = store;
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#sweep(), Math.min(options.idle, 60_000)).unref(),
      setInterval(() => this.#renew(), RENEWAL).unref(),
    ];
  }

  /** How many are open now, and the bytes that wait for the disk in them. */
  figures(): { open: number; queuedBytes: number } {
    const open = [...this.#entries.values()].flatMap(({ open }) => (open instanceof Inbox ? open : []));
    return { open: open.length, queuedBytes: open.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0) };
  }

  /** Whether it is open here, or being opened, or between two openings, which what comes for it waits for. */
  has(name: string): boolean {
    if (this.#between.has(name)) return true;
    const entry = this.#entries.get(name);
    return entry !== undefined && entry.open !== "failed" && !(entry.open instanceof Inbox && entry.open.isLost);
  }

  /** Does `work` with the inbox of that name, which exists. Throws `Problem`; what `work` throws. */
  async use<T>(name: string, work: (inbox: Inbox) => Promise<T>): Promise<T> {
    const entry = await this.#entry(name);
    let inbox: Inbox | null = null;
    try {
      inbox = await entry.inbox;
      return await work(inbox);
    } finally {
      entry.users--;
      entry.left = performance.now();
      if (entry.users === 0) entry.onUnused?.();
      if (inbox?.isLost && this.#entries.get(name) === entry) this.#close(name, entry);
    }
  }

  nextEpoch(): void {
    for (const { inbox } of this.#entries.values()) inbox.then((open) => open.nextEpoch()).catch(() => undefined);
  }

  /** Closes all, when what is under way is done. */
  async close(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const [name, entry] of this.#entries) this.#close(name, entry);
    await Promise.all(this.#closing.values());
  }

  /**
   * Does `work` with an inbox that is open neither here nor at another service, which has not been asked then: false.
   * What comes for it meanwhile waits. Throws what `work` throws, `Problem`, `io`.
   */
  async between(name: string, work: () => Promise<void>): Promise<boolean> {
    while (this.#closing.has(name)) await this.#closing.get(name);
    if (this.#stopping) return false;
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (entry) this.#between.add(name);
    const isDone = this.#alone(name, entry, work);
    const left = () => {
      this.#between.delete(name);
      return this.#leave(name);
    };
    const settled = isDone.then(left, left);
    this.#closing.set(name, settled);
    return isDone;
  }

  /** Throws as `between`. */
  async #alone(name: string, entry: Entry | undefined, work: () => Promise<void>): Promise<boolean> {
    if (entry) {
      await unused(entry);
      await this.#ended(name, entry);
    }
    // One that was open here may have been taken over since it was written last.
    if (await this.#store.leases?.isOthers(name)) return false;
    await work();
    return true;
  }

  /** Throws `Problem`. The entry counts one user more. */
  async #entry(name: string): Promise<Entry> {
    for (;;) {
      await this.#closing.get(name);
      if (this.#stopping) throw new Problem("stopping", "Another one may be there soon.", { retryAfter: 1 });
      const there = this.#entries.get(name);
      const entry = there ?? (this.#taken() < this.#options.maxOpen ? this.#open(name) : null);
      if (entry) {
        entry.users++;
        return entry;
      }
      await this.#makeRoom();
    }
  }

  /** How many are open, or being opened or closed. */
  #taken(): number {
    const open = [...this.#entries.values()].filter((entry) => entry.open !== "failed");
    return open.length + this.#closing.size;
  }

  /**
   * Closes the one that has not been used for the longest time, or waits for one that is being closed. Throws `Problem`
   * where all are in use.
   */
  async #makeRoom(): Promise<void> {
    if (this.#closing.size === 0) {
      const unused = [...this.#entries].filter(([, { open, users }]) => open instanceof Inbox && users === 0);
      const [oldest] = unused.sort(([, one], [, other]) => one.left - other.left);
      if (!oldest) throw new Problem("too-many-open", "Try again in a moment.", { retryAfter: 1 });
      this.#close(...oldest);
    }
    await Promise.race(this.#closing.values());
  }

  #open(name: string): Entry {
    const place = this.#store.place(name);
    const quota = this.#options.quotas?.of(name);
    const to = async () => {
      const { recipients, quotas } = await this.#store.settings(name);
      quota?.follow(quotas);
      return recipients;
    };
    const { leases } = this.#store;
    const opening = this.#store.settings(name).then(async ({ label, quotas }) => {
      quota?.follow(quotas);
      await leases?.take(name);
      return Inbox.open(place, { label, to, ...(quota && { quota }) }, this.#options);
    });
    const inbox = opening.catch((error) => {
      entry.open = "failed";
      this.#release(name);
      this.#options.note({ is: "failed", inbox: name, error });
      setTimeout(() => this.#forget(name, entry), PAUSE).unref();
      throw storageProblem(error);
    });
    const entry: Entry = { inbox, open: null, users: 0, left: performance.now(), onUnused: null };
    this.#entries.set(name, entry);
    inbox.then(
      (open) => {
        entry.open = open;
        this.#options.note({ is: "opened", inbox: name, tailMovedTo: open.tailMovedTo });
        this.#afterOpening(name, inbox, () => open.tidy());
      },
      () => undefined,
    );
    return entry;
  }

  #forget(name: string, entry: Entry): void {
    if (this.#entries.get(name) === entry) this.#entries.delete(name);
  }

  #close(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#closing.set(
      name,
      this.#ended(name, entry).finally(() => this.#leave(name)),
    );
  }

  /** Never rejects. */
  #ended(name: string, { inbox }: Entry): Promise<void> {
    return this.#afterOpening(name, inbox, async (open) => {
      await open.close();
      this.#options.note({ is: "closed", inbox: name });
    });
  }

  /** It may be opened again, here or elsewhere. */
  async #leave(name: string): Promise<void> {
    await this.#release(name);
    this.#closing.delete(name);
  }

  /** A lease that is neither renewed nor given back ends in a while. Never rejects. */
  async #release(name: string): Promise<void> {
    await this.#store.leases?.release(name).catch((error) => this.#options.note({ is: "failed", inbox: name, error }));
  }

  #renew(): void {
    const open = [...this.#entries].flatMap(([name, { open }]) =>
      open instanceof Inbox && !open.isLost ? [name] : [],
    );
    // Where the store is gone, the next record shows it.
    this.#store.leases?.renew(open).catch(() => undefined);
  }

  /** Nothing where the inbox could not be opened, which has been told. Never rejects. */
  #afterOpening(name: string, inbox: Promise<Inbox>, work: (open: Inbox) => Promise<void>): Promise<void> {
    const failed = (error: unknown) => this.#options.note({ is: "failed", inbox: name, error });
    return inbox.then(
      (open) => work(open).catch(failed),
      () => undefined,
    );
  }

  #sweep(): void {
    const since = performance.now() - this.#options.idle;
    for (const [name, entry] of this.#entries) {
      const isLost = entry.open instanceof Inbox && entry.open.isLost;
      if (entry.users === 0 && (isLost || entry.left < since)) this.#close(name, entry);
      else this.#afterOpening(name, entry.inbox, (open) => open.tidy());
    }
  }
}

function unused(entry: Entry): Promise<void> {
  if (entry.users === 0) return Promise.resolve();
  return new Promise((resolve) => {
    entry.onUnused = resolve;
  });
}
