// For whom an inbox is sealed. Others change that while it is open, so it is looked at anew now and then.

/** Milliseconds. */
const LOOK = 5000;

export class Recipients {
  readonly #ask: () => Promise<readonly string[]>;
  readonly #changed: () => void;
  readonly #now: () => number;
  /** Those of the epoch that was begun last; null before there is one. */
  #current: readonly string[] | null = null;
  /** When a look was begun that succeeded. */
  #looked = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;

  /**
   * `changed` is called where the epoch under way is sealed for others than it should be. `now`: milliseconds on a
   * clock that only goes forward.
   */
  constructor(ask: () => Promise<readonly string[]>, changed: () => void, now = () => performance.now()) {
    this.#ask = ask;
    this.#changed = changed;
    this.#now = now;
  }

  /** Those of an epoch that begins. Throws what asking for them throws. */
  async take(): Promise<readonly string[]> {
    this.#current = await this.#asked();
    return this.#current;
  }

  /**
   * When this is done, what had changed 5 seconds before it was called is known. Throws what asking throws: then that
   * is not known.
   */
  async look(): Promise<void> {
    const due = this.#now() - LOOK;
    while (this.#looked < due) {
      this.#looking ??= this.#compare().finally(() => {
        this.#looking = null;
      });
      await this.#looking;
    }
  }

  async #compare(): Promise<void> {
    const named = await this.#asked();
    if (this.#current && named.join() !== this.#current.join()) this.#changed();
  }

  async #asked(): Promise<readonly string[]> {
    const began = this.#now();
    const named = await this.#ask();
    this.#looked = Math.max(this.#looked, began);
    return named;
  }
}
