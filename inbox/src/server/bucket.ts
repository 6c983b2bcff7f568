// How fast somebody may go: so many a second on average, and as many at once.

export class Bucket {
  readonly #rate: number;
  #left: number;
  #at: number;

  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#left = rate;
    this.#at = now;
  }

  /** Takes one; the seconds to wait where there is none. `now`: milliseconds on a clock that only goes forward. */
  take(now: number): number {
    this.#left = Math.min(this.#rate, this.#left + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
    if (this.#left < 1) return Math.max(1, Math.ceil((1 - this.#left) / this.#rate));
    this.#left--;
    return 0;
  }
}
