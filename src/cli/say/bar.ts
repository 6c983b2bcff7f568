// A bar on the terminal, with bytes, rate and time left.

import type { Meter } from "./meter.js";
import { printErr } from "./print.js";
import { type Hold, holdTerminal } from "./stops.js";
import { fitted, widthOf } from "./width.js";

/** Milliseconds of work before a bar shows, and between two looks of it. */
const MOMENT = 400;
const BETWEEN = 120;
const BAR = 24;

const [HIDE_CURSOR, SHOW_CURSOR, CLEAR_LINE] = ["\u001b[?25l", "\u001b[?25h", "\r\u001b[K"];

export interface Bar {
  update(meter: Meter): void;
  /** Removes it. */
  stop(): void;
}

/**
 * A bar for what is called `name`, which is safe to print, that shows after a moment of work, when `mayShow` says that
 * the terminal is free.
 */
export function barOf(name: string, mayShow: () => boolean): Bar {
  const line = new Line(name);
  let release: (() => void) | null = null;
  return {
    update: (meter) => {
      if (!release && (meter.elapsed() < MOMENT || !mayShow())) return;
      release ??= holdTerminal(line);
      line.show(meter);
    },
    stop: () => release?.(),
  };
}

/** What the bar shows, but the name. */
interface Parts {
  /** 0 … 1; null where the end is not known. */
  readonly part: number | null;
  readonly texts: readonly string[];
}

function partsOf(meter: Meter): Parts {
  const { percent, done, rate, left } = meter.pace();
  return { part: meter.part, texts: [percent, done, rate, left].filter((text) => text !== "") };
}

class Line implements Hold {
  readonly #name: string;
  #parts: Parts | null = null;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.#name = name;
  }

  show(meter: Meter): void {
    const now = performance.now();
    if (now - this.#drawnAt < BETWEEN) return;
    const isFirst = this.#parts === null;
    this.#parts = partsOf(meter);
    this.#drawnAt = now;
    printErr(`${isFirst ? HIDE_CURSOR : ""}${CLEAR_LINE}${barLine(this.#name, this.#parts, columns())}`);
  }

  leave(): void {
    if (this.#parts) printErr(`${CLEAR_LINE}${SHOW_CURSOR}`);
  }

  comeBack(): void {
    if (this.#parts) printErr(HIDE_CURSOR + barLine(this.#name, this.#parts, columns()));
  }
}

/** A terminal that does not say has the size of the first ones. */
function columns(): number {
  return process.stderr.columns || 80;
}

/** One line of so many columns at most: the last one stays free, where a terminal would wrap. */
export function barLine(name: string, { part, texts }: Parts, columns: number): string {
  const facts = texts.join("  ");
  let room = columns - 1 - widthOf(facts) - 2;
  let bar = "";
  if (part !== null && room >= BAR + 2 + 8) {
    const full = Math.round(part * BAR);
    bar = `${"█".repeat(full)}${"░".repeat(BAR - full)}  `;
    room -= BAR + 2;
  }
  if (room < 2) return fitted(facts, columns - 1);
  return `${fitted(name, room)}  ${bar}${facts}`;
}
