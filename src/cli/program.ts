// The program: finds the command, runs it, and gives what comes of it as an exit status.

import { stat } from "node:fs/promises";
import { Command } from "commander";
import { SealError } from "../errors.js";
import { closest } from "./closest.js";
import { type CommandDefinition, parseArguments } from "./command.js";
import { COMMANDS, open, seal } from "./commands/index.js";
import { asSealError, exitStatus, Interrupted, Reported } from "./exit.js";
import { makeReport, type Report } from "./report.js";

/** Runs `seal` or `open` with its arguments; the exit status. Throws nothing. */
export async function run(program: "seal" | "open", argv: readonly string[], version: string): Promise<number> {
  let report = guessedReport(argv);
  try {
    const { definition, rest } = program === "open" ? { definition: open, rest: argv } : choose(argv);
    const command = new Command(program === "seal" && definition !== seal ? `seal ${definition.name}` : program);
    command.version(version, "--version", "print the version");
    if (definition === seal) command.addHelpText("after", commandList());
    const parsed = parseArguments(definition, command, rest);
    if (!parsed) return 0;
    const { files, options } = parsed;
    if (definition === seal) await refuseMistyped(files);
    report = makeReport({
      json: options.json === true,
      quiet: options.quiet === true,
      dataOnStdout: definition.dataOnStdout(files, options),
    });
    await definition.run(files, options, { report, signal: interruption() });
    return 0;
  } catch (error) {
    return told(error, report);
  }
}

function commandList(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  seal ${name.padEnd(width)}  ${summary}`);
  return ["", "Commands:", ...lines, "", "Each has a --help of its own."].join("\n");
}

function told(error: unknown, report: Report): number {
  if (error instanceof Reported) return exitStatus(error.failure);
  const failure = asSealError(error);
  report.failure(failure);
  return exitStatus(failure);
}

/** The report for errors in the arguments, which are not parsed yet. */
function guessedReport(argv: readonly string[]): Report {
  return makeReport({ json: argv.includes("--json"), quiet: false, dataOnStdout: argv.includes("-") });
}

/** The command that the first word names, else sealing. --json and -q may stand before it; `help open` is `open --help`. */
function choose(argv: readonly string[]): { definition: CommandDefinition; rest: readonly string[] } {
  if (argv[0] === "help") return choose([...argv.slice(1), "--help"]);
  const first = argv.findIndex((word) => !["--json", "-q", "--quiet"].includes(word));
  const definition = COMMANDS.find(({ name }) => name === argv[first]);
  return definition ? { definition, rest: argv.toSpliced(first, 1) } : { definition: seal, rest: argv };
}

/** A first FILE that does not exist and is almost a command's name was meant as the command. */
async function refuseMistyped(files: readonly string[]): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const meant = closest(
    first,
    COMMANDS.map(({ name }) => name),
  );
  if (!meant || (await stat(first).catch(() => null))) return;
  throw new SealError("usage", `no file and no command "${first}"`, { hint: `Did you mean: seal ${meant}` });
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [name, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(name, () => {
      // A second signal does not wait for the clean-up of the first; temporary files go on exit all the same.
      if (controller.signal.aborted) process.exit(status);
      controller.abort(new Interrupted(name, status));
    });
  }
  return controller.signal;
}
