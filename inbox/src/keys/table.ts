// Answers by idempotency key, in little memory: a hash table with open addressing, over one array of numbers.

import type { Answered } from "./unit.js";

/** Words of a slot: 4 of the id, 4 of the print, the number of records (0: the slot is free). */
const STRIDE = 9;
const FIRST_SLOTS = 64;

export class KeyTable {
  #words = new Uint32Array(FIRST_SLOTS * STRIDE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds what is not there yet. `records` is at least 1. */
  add({ id, print, records }: Answered): void {
    // At most two thirds are taken, so that every search ends soon.
    if ((this.#size + 1) * STRIDE * 3 > this.#words.length * 2) this.#grow();
    const slot = this.#slotOf(words(id));
    if (this.#words[slot + 8] !== 0) return;
    this.#words.set(words(id), slot);
    this.#words.set(words(print), slot + 4);
    this.#words[slot + 8] = records;
    this.#size++;
  }

  /** null where the id is not there. */
  find(id: Uint8Array): { records: number; isSame(print: Uint8Array): boolean } | null {
    const slot = this.#slotOf(words(id));
    const records = this.#words[slot + 8]!;
    if (records === 0) return null;
    return { records, isSame: (print) => this.#holds(slot + 4, words(print)) };
  }

  /** Where the id stands, or could. Ids are hashes: their first word is as good as any. */
  #slotOf(id: Uint32Array): number {
    const slots = this.#words.length / STRIDE;
    for (let slot = id[0]! % slots; ; slot = (slot + 1) % slots) {
      const at = slot * STRIDE;
      if (this.#words[at + 8] === 0 || this.#holds(at, id)) return at;
    }
  }

  #holds(at: number, four: Uint32Array): boolean {
    for (let i = 0; i < 4; i++) if (this.#words[at + i] !== four[i]) return false;
    return true;
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += STRIDE) {
      if (before[at + 8] === 0) continue;
      const slot = this.#slotOf(before.subarray(at, at + 4));
      this.#words.set(before.subarray(at, at + STRIDE), slot);
    }
  }
}

/** 16 bytes as four numbers. */
function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Uint32Array.of(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12));
}
