// Inboxes whose settings say so are shortened from time to time: what all their readers have had for long enough goes.

import type { Identity, Signer } from "@sealed-files/seal";
import type { Inboxes } from "../inboxes.js";
import { cutJournal, round } from "../retention/round.js";
import type { InboxStore } from "../store/store.js";

/** Milliseconds from one round to the next. */
const EACH = 600_000;

export type RoundEvent =
  | { readonly is: "shortened"; readonly inbox: string; readonly bytes: number }
  | { readonly is: "failed"; readonly inbox: string | null; readonly error: unknown };

export interface RoundsOptions {
  /** Who signs the journals. */
  readonly sign: Identity | Signer;
  readonly note: (event: RoundEvent) => void;
  readonly each?: number;
}

export class Rounds {
  readonly #store: InboxStore;
  readonly #inboxes: Inboxes;
  readonly #options: RoundsOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;
  #isStopped = false;

  constructor(store: InboxStore, inboxes: Inboxes, options: RoundsOptions) {
    this.#store = store;
    this.#inboxes = inboxes;
    this.#options = options;
    this.#timer = setInterval(() => this.run(), options.each ?? EACH).unref();
  }

  /** Goes through all inboxes, once at a time. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Done when the inbox that is being shortened is. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { note } = this.#options;
    const names = await this.#store.list().catch((error) => {
      note({ is: "failed", inbox: null, error });
      return [];
    });
    for (const inbox of names) {
      if (this.#isStopped) return;
      await this.#shorten(inbox).catch((error) => note({ is: "failed", inbox, error }));
    }
  }

  /** An inbox that another service has open is that one's to shorten. Throws as `round`. */
  async #shorten(inbox: string): Promise<void> {
    const { shortenAfter } = await this.#store.settings(inbox);
    if (shortenAfter === null) return;
    const cut = (cursor: string) => cutJournal(this.#store.place(inbox), this.#options.sign, cursor);
    const alone = async <T>(work: () => Promise<T>) => {
      let done: T | null = null;
      await this.#inboxes.between(inbox, async () => {
        done = await work();
      });
      return done;
    };
    const { bytes } = await round(this.#store, inbox, { least: shortenAfter, cut, alone });
    if (bytes > 0) this.#options.note({ is: "shortened", inbox, bytes });
  }
}
