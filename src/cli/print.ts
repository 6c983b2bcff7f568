// Writing text to standard output and standard error, at once, so that a failure to do so is seen before the program ends.

import { writeSync } from "node:fs";
import { ioError } from "../errors.js";

const WAIT = new Int32Array(new SharedArrayBuffer(4));

/** Throws `io`. */
export function printOut(text: string): void {
  try {
    writeAll(1, text);
  } catch (error) {
    throw ioError("cannot write standard output", error);
  }
}

/** Where nobody listens to messages, nobody can be told so either. */
export function printErr(text: string): void {
  try {
    writeAll(2, text);
  } catch {
    return;
  }
}

function writeAll(fd: number, text: string): void {
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
