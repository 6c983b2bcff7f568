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
   * share, of which a first body may be more; what `work` throws.
   */
  async hold<T>(holder: object, bytes: number, work: () => Promise<T>): Promise<T> {
    const own = this.#byHolder.get(holder) ?? 0;
    const isShareSpent = own > 0 && own + bytes > SHARE * this.#max;
    if (isShareSpent || this.#held + bytes > this.#max) {
      throw new Problem("busy", "Try again in a moment.", { retryAfter: 1 });
    }
    this.#add(holder, bytes);
    try {
      return await work();
    } finally {
      this.#add(holder, -bytes);
    }
  }

  #add(holder: object, bytes: number): void {
    const own = (this.#byHolder.get(holder) ?? 0) + bytes;
    if (own > 0) this.#byHolder.set(holder, own);
    else this.#byHolder.delete(holder);
    this.#held += bytes;
  }
}
