// Text to a descriptor, all of it, before anything else is done: a program may end at once afterwards.

import { writeSync } from "node:fs";

const WAIT = new Int32Array(new SharedArrayBuffer(4));

/** Throws what the system throws. */
export function writeText(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // Somebody else has made it non-blocking, and it is full.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(WAIT, 0, 0, 5);
    }
  }
}
