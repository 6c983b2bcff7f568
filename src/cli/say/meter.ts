// How far work is, and how fast it goes, as text.

import { humanBytes } from "../options/values.js";

export interface Pace {
  /** `12%`; empty where the end is not known. */
  readonly percent: string;
  readonly done: string;
  /** Empty where nothing can be told yet. */
  readonly rate: string;
  readonly left: string;
}

/** Since some moment. Not by performance, which Node loads when it is asked for first: that takes a millisecond. */
function milliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return 1000 * seconds + nanoseconds / 1e6;
}

/** Counts from the first bytes that it is told of: before them somebody may have been asked for a passphrase. */
export class Meter {
  #first: { readonly at: number; readonly done: number } | null = null;
  #done = 0;
  #total: number | null = null;

  /** `total` is null where it is not known. */
  update(done: number, total: number | null, now = milliseconds()): void {
    this.#first ??= { at: now, done };
    this.#done = done;
    this.#total = total;
  }

  /** Milliseconds since the first bytes. */
  elapsed(now = milliseconds()): number {
    return this.#first ? now - this.#first.at : 0;
  }

  /** 0 … 1; null where the end is not known. */
  get part(): number | null {
    if (this.#total === null) return null;
    return this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
  }

  pace(now = milliseconds()): Pace {
    const elapsed = this.elapsed(now);
    const rate = elapsed > 0 ? (1000 * (this.#done - this.#first!.done)) / elapsed : 0;
    const left = this.#total === null || rate === 0 ? null : Math.ceil(Math.max(0, this.#total - this.#done) / rate);
    return {
      percent: this.part === null ? "" : `${Math.floor(100 * this.part)}%`,
      done: humanBytes(this.#done),
      rate: rate === 0 ? "" : `${humanBytes(Math.round(rate))}/s`,
      left: left === null ? "" : `${duration(left)} left`,
    };
  }

  /** `500 MB of 1.00 GB, 50%, 1.67 MB/s, 30 s left` */
  line(): string {
    const { percent, done, rate, left } = this.pace();
    const whole = this.#total === null ? done : `${done} of ${humanBytes(this.#total)}`;
    return [whole, percent, rate, left].filter((text) => text !== "").join(", ");
  }
}

/** `59 s`, `1:05 min`, `2:03 h`. */
function duration(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}
