// What was answered under which idempotency key, for a stated time: in tables by age, of which the oldest are dropped
// whole.

import { KeyTable } from "./table.js";
import type { Answered } from "./unit.js";

/** A key may live this part of the lifetime longer than it has to. */
export const SLICES = 8;
/** Keys of a table: to make a larger one of it takes no longer than an answer may wait. */
const MAX_TABLE = 200_000;
/** One inbox has this part of all keys at most, so that one producer cannot take them from everybody. */
const SHARE = 1 / 2;
/** So many an inbox may have whatever the others have. */
const RESERVE = 10_000;

/** How many keys all inboxes together may hold, and each of them. */
export class KeyBudget {
  readonly #max: number;
  readonly #each: number;
  used = 0;

  constructor(max: number) {
    this.#max = max;
    this.#each = Math.ceil(max * SHARE);
  }

  /** Whether an inbox that has so many may have another. */
  allows(own: number): boolean {
    return own < this.#each && (own < RESERVE || this.used < this.#max);
  }
}

export class Answers {
  readonly #budget: KeyBudget;
  readonly #lifetime: number;
  readonly #slice: number;
  /** By the number of the slice of time: the last of each is added to. */
  readonly #tables = new Map<number, KeyTable[]>();
  #size = 0;

  /** `lifetime`: milliseconds. */
  constructor(budget: KeyBudget, lifetime: number) {
    this.#budget = budget;
    this.#lifetime = lifetime;
    this.#slice = Math.ceil(lifetime / SLICES);
  }

  get size(): number {
    return this.#size;
  }

  /** Seconds until some are forgotten. */
  untilFewer(now: number): number {
    const oldest = Math.min(...this.#tables.keys(), Math.floor(now / this.#slice));
    return Math.max(1, Math.ceil(((oldest + 1) * this.#slice + this.#lifetime - now) / 1000));
  }

  get isFull(): boolean {
    return !this.#budget.allows(this.#size);
  }

  /**
   * What was answered at `age` is kept until the lifetime is over, or a little longer; nothing where it is over
   * already.
   */
  add(age: number, answered: Answered, now: number): void {
    const number = Math.floor(age / this.#slice);
    if (number < this.#oldest(now)) return;
    const table = this.#tableOf(number);
    const before = table.size;
    table.add(answered);
    this.#count(table.size - before);
  }

  find(id: Uint8Array, now: number): ReturnType<KeyTable["find"]> {
    this.forget(now);
    for (const tables of this.#tables.values()) {
      for (const table of tables) {
        const found = table.find(id);
        if (found) return found;
      }
    }
    return null;
  }

  /** Drops what has outlived its time. */
  forget(now: number): void {
    for (const [number, tables] of this.#tables) {
      if (number >= this.#oldest(now)) continue;
      this.#tables.delete(number);
      for (const { size } of tables) this.#count(-size);
    }
  }

  /** Gives back what it takes of the budget. */
  clear(): void {
    this.#tables.clear();
    this.#count(-this.#size);
  }

  #tableOf(number: number): KeyTable {
    const tables = this.#tables.get(number) ?? [];
    if ((tables.at(-1)?.size ?? MAX_TABLE) >= MAX_TABLE) tables.push(new KeyTable());
    this.#tables.set(number, tables);
    return tables.at(-1)!;
  }

  #count(keys: number): void {
    this.#size += keys;
    this.#budget.used += keys;
  }

  #oldest(now: number): number {
    return Math.floor((now - this.#lifetime) / this.#slice);
  }
}
