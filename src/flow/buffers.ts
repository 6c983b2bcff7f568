// Memory for the chunks in flight, used again and again.

import type { Bytes } from "../bytes.js";
import type { Task } from "../engine/engine.js";
import type { Source } from "./io.js";

const FIRST = 64 * 1024;

export class Buffers {
  readonly #size: number;
  readonly #free: Bytes[] = [];
  #proven = false;

  /** `size`: bytes of a whole record. */
  constructor(size: number) {
    this.#size = size;
  }

  /** A buffer of at least `needed` bytes. What a short file needs is not what its chunk size says. */
  take(needed: number): Bytes {
    return this.#free.pop() ?? new Uint8Array(needed);
  }

  /** Takes a buffer back. Smaller ones, from before the input had filled a whole one, are left to the collector. */
  give(buffer: Bytes | null): void {
    if (buffer?.length === this.#size) this.#free.push(buffer);
  }

  /**
   * Reads up to `length` bytes, fewer only at the end of the input, to the beginning of a buffer that has room for
   * `room` more. Until the input has filled one read, the buffer grows as bytes arrive: a size that a header declares
   * costs nothing by itself.
   */
  async fill(source: Source, length: number, room: number): Promise<{ buffer: Bytes; length: number }> {
    let buffer: Bytes = this.#proven ? this.take(this.#size) : new Uint8Array(Math.min(length, FIRST) + room);
    let have = 0;
    for (;;) {
      const space = Math.min(length, buffer.length - room);
      const count = await source.fill(buffer.subarray(have, space));
      have += count;
      if (have === length) this.#proven = true;
      if (have < space || have === length) return { buffer, length: have };
      buffer = grown(buffer, Math.min(length, 2 * space) + room);
    }
  }
}

function grown(bytes: Bytes, length: number): Bytes {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/**
 * The part of a task that reads a file by position; with `buffers`, its result is to come in memory, with room for
 * `room` bytes more.
 */
export function inPlace(
  { fd, name }: { readonly fd: number; readonly name: string },
  position: number,
  length: number,
  buffers: Buffers | null,
  room: number,
): Pick<Task, "length" | "input" | "buffer"> {
  return { length, input: { fd, name, position }, buffer: buffers?.take(length + room) ?? null };
}
