// A bound on what goes on at a time.

/** So many units, which are had in the order in which they are asked for. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly units: number; readonly go: () => void }[] = [];

  constructor(units: number) {
    this.#free = units;
  }

  /** Resolves when so many are had, which must not be more than there are. They are given back with `release`. */
  async acquire(units: number): Promise<void> {
    await new Promise<void>((go) => {
      this.#waiting.push({ units, go });
      this.#next();
    });
  }

  release(units: number): void {
    this.#free += units;
    this.#next();
  }

  #next(): void {
    for (let [first] = this.#waiting; first && first.units <= this.#free; [first] = this.#waiting) {
      this.#free -= first.units;
      this.#waiting.shift();
      first.go();
    }
  }
}
