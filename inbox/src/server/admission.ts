// How many bytes of requests may be in memory at a time, from the first byte to the answer.

export class Admission {
  readonly #max: number;
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** Takes room; gives it back when the function it returns is called. null where there is not so much. */
  admit(bytes: number): (() => void) | null {
    if (this.#held + bytes > this.#max) return null;
    this.#held += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#held -= bytes;
      isHeld = false;
    };
  }
}
