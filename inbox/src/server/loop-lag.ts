// How late the event loop is: what waits for its turn in the process waits so long.

import { Histogram } from "./exposition.js";

/** Milliseconds between two looks. */
const PERIOD = 100;
const BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class LoopLag {
  readonly #late = new Histogram(BOUNDS);
  readonly #timer: NodeJS.Timeout;
  #due = performance.now() + PERIOD;

  constructor() {
    this.#timer = setInterval(() => this.#look(), PERIOD).unref();
  }

  families(): string[] {
    return this.#late.family("seal_inbox_event_loop_lag_seconds", "How late timers were, looked at ten times a second");
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#late.observe(Math.max(0, now - this.#due) / 1000);
    this.#due = now + PERIOD;
  }
}
