// Writing text to standard output and standard error, at once, so that a failure to do so is seen before the program
// ends.

import { ioError } from "../../errors.js";
import { writeText } from "../../io/text.js";

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
