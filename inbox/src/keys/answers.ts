// What was answered under which idempotency key, for a stated time: in tables by time, of which the oldest is dropped whole.

import { KeyTable } from "./table.js";
import type { Answered } from "./unit.js";

/** A key may live this part of the lifetime longer than it has to. */
export const SLICES = 8;

/** How many keys all inboxes together may hold. */
export class KeyBudget {
  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }

  get isSpent(): boolean {
    return this.used >= this.max;
  }
}

export class Answers {
  readonly #budget: KeyBudget;
  readonly #lifetime: number;
  readonly #slice: number;
  /** By the number of the slice of time. */
  readonly #tables = new Map<number, KeyTable>();

  /** `lifetime`: milliseconds. */
  constructor(budget: KeyBudget, lifetime: number) {
    this.#budget = budget;
    this.#lifetime = lifetime;
    this.#slice = Math.ceil(lifetime / SLICES);
  }

  /** What was answered at `time` is kept until the lifetime is over, or a little longer; nothing where it is over already. */
  add(time: number, answered: Answered, now: number): void {
    const number = Math.floor(time / this.#slice);
    if (number < this.#oldest(now)) return;
    const table = this.#tables.get(number) ?? new KeyTable();
    this.#tables.set(number, table);
    const before = table.size;
    table.add(answered);
    this.#budget.used += table.size - before;
  }

  find(id: Uint8Array, now: number): ReturnType<KeyTable["find"]> {
    this.forget(now);
    for (const table of this.#tables.values()) {
      const found = table.find(id);
      if (found) return found;
    }
    return null;
  }

  /** Drops what has outlived its time. */
  forget(now: number): void {
    for (const [number, table] of this.#tables) {
      if (number >= this.#oldest(now)) continue;
      this.#tables.delete(number);
      this.#budget.used -= table.size;
    }
  }

  /** Gives back what it takes of the budget. */
  clear(): void {
    for (const table of this.#tables.values()) this.#budget.used -= table.size;
    this.#tables.clear();
  }

  #oldest(now: number): number {
    return Math.floor((now - this.#lifetime) / this.#slice);
  }
}
