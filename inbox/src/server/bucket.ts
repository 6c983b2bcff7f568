// How fast somebody may go: so much a second on average, and so much at once.

export class Bucket {
  readonly rate: number;
  readonly most: number;
  #left: number;
  #at: number;

  /** `now`: milliseconds on a clock that only goes forward. `most`: at once. */
  constructor(rate: number, now: number, most = rate) {
    this.rate = rate;
    this.most = most;
    this.#left = most;
    this.#at = now;
  }

  /** Takes so many, all that there can be of more than that; the seconds to wait where there are not so many. */
  take(now: number, count = 1): number {
    this.#left = Math.min(this.most, this.#left + ((now - this.#at) * this.rate) / 1000);
    this.#at = now;
    const need = Math.min(count, this.most);
    if (this.#left < need) return Math.max(1, Math.ceil((need - this.#left) / this.rate));
    this.#left -= count;
    return 0;
  }

  /** Gives back what was taken. */
  give(count: number): void {
    this.#left = Math.min(this.most, this.#left + count);
  }
}
