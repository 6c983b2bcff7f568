// The inboxes of a directory: each is opened when it is asked for, and closed when it has not been for a while, so that few are open
// where there are many, and a thief finds the keys of few.

import { Inbox, type InboxOptions } from "./inbox.js";
import { Problem, storageProblem } from "./problem.js";
import type { Directory } from "./store/directory.js";

export interface InboxesOptions extends InboxOptions {
  /** Milliseconds without a request after which an inbox is closed. */
  readonly idle: number;
  /** Told what the operator should know. */
  readonly note: (event: InboxEvent) => void;
}

export type InboxEvent =
  | { readonly is: "opened" | "closed"; readonly inbox: string; readonly aside?: string | null }
  | { readonly is: "failed"; readonly inbox: string; readonly error: unknown };

interface Entry {
  readonly inbox: Promise<Inbox>;
  /** The same, as soon as it is open. */
  open: Inbox | null;
  users: number;
  /** When the last user left. */
  left: number;
}

/** After an inbox could not be opened, it is not tried again for so many milliseconds. */
const PAUSE = 1000;

export class Inboxes {
  readonly #directory: Directory;
  readonly #options: InboxesOptions;
  readonly #entries = new Map<string, Entry>();
  /** Being closed: not to be opened before that is done. */
  readonly #closing = new Map<string, Promise<void>>();
  #stopping = false;
  readonly #timer: NodeJS.Timeout;

  constructor(directory: Directory, options: InboxesOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#timer = setInterval(() => this.#sweep(), Math.min(options.idle, 60_000)).unref();
  }

  /** How many are open now, and the bytes that wait for the disk in them. */
  figures(): { open: number; queuedBytes: number } {
    const open = [...this.#entries.values()].flatMap(({ open }) => open ?? []);
    return { open: open.length, queuedBytes: open.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0) };
  }

  /** Does `work` with the inbox of that name, which exists. Throws `Problem`; what `work` throws. */
  async use<T>(name: string, work: (inbox: Inbox) => Promise<T>): Promise<T> {
    await this.#closing.get(name);
    if (this.#stopping) throw new Problem("stopping", "Another one may be there soon.", { retryAfter: 1 });
    const entry = this.#entries.get(name) ?? this.#open(name);
    entry.users++;
    try {
      return await work(await entry.inbox);
    } finally {
      entry.users--;
      entry.left = performance.now();
    }
  }

  nextEpoch(): void {
    for (const { inbox } of this.#entries.values()) inbox.then((open) => open.nextEpoch()).catch(() => undefined);
  }

  /** Closes all, when what is under way is done. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    for (const [name, entry] of this.#entries) this.#close(name, entry);
    await Promise.all(this.#closing.values());
  }

  #open(name: string): Entry {
    const place = this.#directory.place(name);
    const opening = this.#directory.settings(name).then((settings) => Inbox.open(place, settings, this.#options));
    const inbox = opening.catch((error) => {
      this.#options.note({ is: "failed", inbox: name, error });
      setTimeout(() => this.#entries.delete(name), PAUSE).unref();
      throw storageProblem(error);
    });
    const entry: Entry = { inbox, open: null, users: 0, left: performance.now() };
    this.#entries.set(name, entry);
    inbox.then(
      (open) => {
        entry.open = open;
        this.#options.note({ is: "opened", inbox: name, aside: open.aside });
      },
      () => undefined,
    );
    return entry;
  }

  #close(name: string, { inbox }: Entry): void {
    this.#entries.delete(name);
    const closed = this.#afterOpening(name, inbox, async (open) => {
      await open.close();
      this.#options.note({ is: "closed", inbox: name });
    });
    this.#closing.set(
      name,
      closed.finally(() => this.#closing.delete(name)),
    );
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
      if (entry.users === 0 && entry.left < since) this.#close(name, entry);
      else this.#afterOpening(name, entry.inbox, (open) => open.tidy());
    }
  }
}
