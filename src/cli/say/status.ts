// How far the work is, for whoever asks with a signal.

import { escaped } from "./escape.js";
import { printErr } from "./print.js";
import { asideFromTerminal } from "./stops.js";

/** What is being done now: each says how far it is. */
const works = new Set<() => string>();
let isAnswered = true;

/** Has `line` tell of some work until the function that comes back is called. */
export function working(line: () => string): () => void {
  works.add(line);
  return () => void works.delete(line);
}

/** --json: nothing but its objects is printed. */
export function answerNothing(): void {
  isAnswered = false;
}

/** Prints how far the work is. A progress bar, or a prompt, that stands in the line is drawn again below. */
export function tellStatus(): void {
  if (!isAnswered) return;
  const lines = works.size > 0 ? [...works].map((line) => line()) : ["no work has begun yet"];
  asideFromTerminal(() => printErr(lines.map((line) => `seal: ${escaped(line)}\n`).join("")));
}
