// What the program says: all of it is written before it ends, however slowly it is read.

import { ioError, writeText } from "@sealed-files/seal/internal";

/** Throws `io`. */
export function printOut(text: string): void {
  try {
    writeText(1, text);
  } catch (error) {
    throw ioError("cannot write standard output", error);
  }
}

/** Where nobody listens to messages, nobody can be told so either. */
export function printErr(text: string): void {
  try {
    writeText(2, text);
  } catch {
    return;
  }
}
