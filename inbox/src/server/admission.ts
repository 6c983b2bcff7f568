// How many bytes of requests may be in memory at a time, from the first byte to the answer.

import { Problem } from "../problem.js";

/** One holder gets this part of the room: what others send is taken in also while its bodies come slowly. */
const SHARE = 1 / 2;

export class Admission {
  readonly #max: number;
  readonly #byHolder = new Map<object, number>();
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * Does `work`, for which it takes so much room. Throws `Problem` where there is not so much, or the holder has its
   * share, of which a lone request may take more; what `work` throws. It may take more as it goes on, by the function
   * that it is given, which throws the same.
   */
  async hold<T>(holder: object, bytes: number, work: (more: (bytes: number) => void) => Promise<T>): Promise<T> {
    let taken = 0;
    const take = (count: number) => {
      this.#check(holder, taken, count);
      this.#add(holder, count);
      taken += count;
    };
    take(bytes);
    try {
      return await work(take);
    } finally {
      this.#add(holder, -taken);
    }
  }

  /** Throws `Problem` where a request that has taken so much gets no more. */
  #check(holder: object, taken: number, bytes: number): void {
    const all = (this.#byHolder.get(holder) ?? 0) + bytes;
    const isLone = all === taken + bytes;
    const isShareSpent = !isLone && all > SHARE * this.#max;
    if (!isShareSpent && this.#held + bytes <= this.#max) return;
    throw new Problem("busy", "Try again in a moment.", { retryAfter: 1 });
  }

  #add(holder: object, bytes: number): void {
    const own = (this.#byHolder.get(holder) ?? 0) + bytes;
    if (own > 0) this.#byHolder.set(holder, own);
    else this.#byHolder.delete(holder);
    this.#held += bytes;
  }
}
