// Where both programs begin. What is not needed to answer --version is loaded only after it.

import { writeSync } from "node:fs";

declare const SEAL_VERSION: string;

/** Runs `seal` or `open` with its arguments and ends the process. */
export async function main(program: "seal" | "open", argv: readonly string[]): Promise<never> {
  const version = `seal ${SEAL_VERSION}`;
  if (argv.length === 1 && argv[0] === "--version") process.exit(printVersion(version));
  const { run } = await import("./program.js");
  // A blocked read or an idle thread must not keep a finished program.
  process.exit(await run(program, argv, version));
}

function printVersion(version: string): number {
  try {
    writeSync(1, `${version}\n`);
    return 0;
  } catch {
    return 3;
  }
}
