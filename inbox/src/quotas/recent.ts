// How many there were of something within a time, in little memory: counted by slices of it.

/** One may count this part of the time longer than it has to. */
const SLICES = 8;

export class Recent {
  readonly #slice: number;
  /** By the number of the slice. */
  readonly #counts = new Map<number, number>();

  /** `time`: milliseconds. */
  constructor(time: number) {
    this.#slice = Math.ceil(time / SLICES);
  }

  /** `now`: milliseconds on a clock that only goes forward; when it was, of one that is taken back. */
  add(now: number, count: number): void {
    const number = Math.floor(now / this.#slice);
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + count);
  }

  count(now: number): number {
    this.#forget(now);
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Seconds until there will be fewer, if none comes. */
  untilFewer(now: number): number {
    this.#forget(now);
    const oldest = Math.min(...this.#counts.keys(), Math.floor(now / this.#slice));
    return Math.max(1, Math.ceil(((oldest + SLICES + 1) * this.#slice - now) / 1000));
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / this.#slice) - SLICES;
    for (const [number, count] of this.#counts) if (number < oldest || count === 0) this.#counts.delete(number);
  }
}
