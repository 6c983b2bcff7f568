// Answers by idempotency key, in little memory: a hash table with open addressing, over one array of numbers.

import type { Answered } from "./unit.js";

/**
 * Words of a slot: 3 of the id, of which the first is never 0 (the slot is free), and 2 of the print. Two of a billion
 * ids are alike with probability 2^-36.
 */
const STRIDE = 5;
const FIRST_SLOTS = 64;
/** What is taken of the slots at most, so that every search ends soon. */
const LOAD = 0.8;
const GROWTH = 1.5;

export class KeyTable {
  #words = new Uint32Array(FIRST_SLOTS * STRIDE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds what is not there yet. */
  add({ id, print }: Answered): void {
    if ((this.#size + 1) * STRIDE > this.#words.length * LOAD) this.#grow();
    const [first, second, third] = idOf(id);
    const at = this.#find(first, second, third);
    const words = this.#words;
    if (words[at] !== 0) return;
    words[at] = first;
    words[at + 1] = second;
    words[at + 2] = third;
    words[at + 3] = wordAt(print, 0);
    words[at + 4] = wordAt(print, 1);
    this.#size++;
  }

  /** null where the id is not there. */
  find(id: Uint8Array): { isSame(print: Uint8Array): boolean } | null {
    const at = this.#find(...idOf(id));
    const words = this.#words;
    if (words[at] === 0) return null;
    return { isSame: (print) => words[at + 3] === wordAt(print, 0) && words[at + 4] === wordAt(print, 1) };
  }

  /** Where the id stands, or could. Ids are hashes: their first word is as good as any. */
  #find(first: number, second: number, third: number): number {
    const words = this.#words;
    const slots = words.length / STRIDE;
    for (let at = (first % slots) * STRIDE; ; at = at + STRIDE < words.length ? at + STRIDE : 0) {
      if (words[at] === 0) return at;
      if (words[at] === first && words[at + 1] === second && words[at + 2] === third) return at;
    }
  }

  #grow(): void {
    const before = this.#words;
    const slots = Math.ceil((before.length / STRIDE) * GROWTH);
    this.#words = new Uint32Array(slots * STRIDE);
    for (let at = 0; at < before.length; at += STRIDE) {
      if (before[at] === 0) continue;
      const to = this.#find(before[at]!, before[at + 1]!, before[at + 2]!);
      for (let i = 0; i < STRIDE; i++) this.#words[to + i] = before[at + i]!;
    }
  }
}

function idOf(id: Uint8Array): [number, number, number] {
  return [wordAt(id, 0) || 1, wordAt(id, 1), wordAt(id, 2)];
}

function wordAt(bytes: Uint8Array, index: number): number {
  const at = 4 * index;
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
