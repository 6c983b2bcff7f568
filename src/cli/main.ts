// The programs, from their arguments to the end of the process.

import { writeSync } from "node:fs";
import type { Thread } from "../engine/thread.js";
import { closeInspector, onAsking } from "../signals.js";
import { crashed, runProgram } from "./program.js";
import { answerNothing, tellStatus } from "./say/status.js";

export { sealOnThread } from "./sealing-thread.js";

declare const SEAL_VERSION: string;

/** Runs `seal` or `open` with its arguments and ends the process. */
export async function main(
  program: "seal" | "open",
  argv: readonly string[],
  thread: Thread | null = null,
): Promise<never> {
  if (argv.includes("--json")) answerNothing();
  onAsking(tellStatus);
  closeInspector();
  const version = `seal ${SEAL_VERSION}`;
  if (argv.length === 1 && argv[0] === "--version") process.exit(printVersion(version));
  process.on("uncaughtException", (error) => process.exit(crashed(error, argv)));
  // A blocked read or an idle thread must not keep a finished program.
  process.exit(await runProgram(program, argv, version, thread));
}

function printVersion(version: string): number {
  try {
    writeSync(1, `${version}\n`);
    return 0;
  } catch {
    return 3;
  }
}
