// Signs of life, for those who have no kernel in common.

import { openSync, writeSync } from "node:fs";
import { closeRead } from "../files.js";
import { encodeHolder, type Holder } from "./holder.js";

/** Between two signs of life, and after how long without one a process is presumed gone. In milliseconds. */
const BEAT = 2000;
const SILENCE = 15_000;

/** How long others have given no sign of life, by this process's own clock. */
export class Watch {
  readonly #silence: number;
  readonly #seen = new Map<string, { text: string; since: number; beats: boolean }>();

  constructor(silence = SILENCE) {
    this.#silence = silence;
  }

  of(id: string, text: string): "waiting" | "beats" | "silent" {
    const before = this.#seen.get(id);
    const now = performance.now();
    if (before?.text !== text) {
      // What was not whole yet when it was seen first has not changed since.
      const beats = before !== undefined && before.text !== "";
      this.#seen.set(id, { text, since: now, beats });
      return beats ? "beats" : "waiting";
    }
    if (now - before.since >= this.#silence) return "silent";
    return before.beats ? "beats" : "waiting";
  }
}

/** Signs of life go into the file that is there: one that was removed stays so. */
export function beating(path: string, holder: Holder): NodeJS.Timeout {
  let { beat } = holder;
  return setInterval(() => {
    beat += 1;
    let fd: number | undefined;
    try {
      fd = openSync(path, "r+");
      writeSync(fd, encodeHolder({ ...holder, beat }), 0, null, 0);
    } catch {
      // Who cannot be seen to live is fenced by whoever comes, and finds that before it acknowledges anything.
    } finally {
      if (fd !== undefined) closeRead(fd);
    }
  }, BEAT).unref();
}
