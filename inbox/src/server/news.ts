// Word that something was written, for those who wait for it.

export class News {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #counts = new Map<string, number>();
  #ofAll = 0;

  /** Changes whenever there is news of the inbox. */
  countOf(inbox: string): number {
    return this.#ofAll + (this.#counts.get(inbox) ?? 0);
  }

  /** Something new stands in the journal of the inbox. */
  tell(inbox: string): void {
    this.#counts.set(inbox, (this.#counts.get(inbox) ?? 0) + 1);
    for (const wake of this.#waiting.get(inbox) ?? []) wake();
  }

  tellAll(): void {
    this.#ofAll++;
    for (const inbox of [...this.#waiting.keys()]) this.tell(inbox);
  }

  /** Done when there has been news of the inbox since `count`; or after so many milliseconds. */
  async after(inbox: string, count: number, most: number, signal: AbortSignal): Promise<void> {
    if (this.countOf(inbox) !== count || signal.aborted) return;
    const waiting = this.#waiting.get(inbox) ?? new Set();
    this.#waiting.set(inbox, waiting);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake(), most);
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(inbox) === waiting) this.#waiting.delete(inbox);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }
}
