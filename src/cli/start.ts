// Where both programs begin: with what makes reading the rest of them faster, and with what takes long to be ready.

import { loadProgram } from "./compiled.js";
import { earlyThread } from "./early.js";

/** Runs `seal` or `open` with its arguments and ends the process. */
export async function start(program: "seal" | "open", argv: readonly string[]): Promise<never> {
  const thread = earlyThread(program, argv);
  return loadProgram(program, argv).main(program, argv, thread);
}
