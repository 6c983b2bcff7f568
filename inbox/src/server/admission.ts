// How many bytes of requests may be in memory at a time, from the first byte to the answer.

import { Problem } from "../problem.js";

export class Admission {
  readonly #max: number;
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** Does `work`, for which it takes so much room. Throws `Problem` where there is not so much; what `work` throws. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#held + bytes > this.#max) throw new Problem("busy", "Try again in a moment.", { retryAfter: 1 });
    this.#held += bytes;
    try {
      return await work();
    } finally {
      this.#held -= bytes;
    }
  }
}
