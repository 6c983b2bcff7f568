// Where both programs begin: with what makes reading the rest of them faster.

import { keepCompiled } from "./compiled.js";

/** Runs `seal` or `open` with its arguments and ends the process. */
export async function start(program: "seal" | "open", argv: readonly string[]): Promise<never> {
  keepCompiled(program, argv);
  const { main } = await import("./main.js");
  return main(program, argv);
}
