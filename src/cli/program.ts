// The program: finds the command, runs it, and gives what comes of it as an exit status.

import { stat } from "node:fs/promises";
import { SealError } from "../errors.js";
import { removeTemporaries } from "../io/temporary.js";
import { closest } from "./closest.js";
import {
  type CommandDefinition,
  type CommandGroup,
  type Common,
  guessDataOnStdout,
  makeCommand,
  parseArguments,
} from "./command.js";
import { COMMANDS, calledBySeal, GROUPS, open, seal } from "./commands/index.js";
import { asSealError, exitStatus, Interrupted, Reported } from "./exit.js";
import { commandList } from "./help.js";
import { printOut } from "./print.js";
import { makeReport, type Report } from "./report.js";

/** What may stand before a command's name. */
const GLOBAL_FLAGS = ["--json", "-q", "--quiet"];

/** Runs `seal` or `open` with its arguments; the exit status. Throws nothing. */
export async function run(program: "seal" | "open", argv: readonly string[], version: string): Promise<number> {
  const json = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length).includes("--json");
  let report = makeReport({ json, quiet: false, dataOnStdout: false });
  try {
    if (program === "seal") await refuseMistyped(argv.find((word) => !GLOBAL_FLAGS.includes(word)) ?? "");
    const chosen = program === "open" ? { definition: open, name: program, rest: argv } : await choose(argv);
    if (!chosen) return 0;
    const { definition, name, rest } = chosen;
    const command = makeCommand(definition, name, version);
    if (definition === seal) command.addHelpText("after", commandList("seal", [...COMMANDS, ...GROUPS]));
    report = makeReport({ json, quiet: false, dataOnStdout: guessDataOnStdout(definition, command, rest) });
    const parsed = parseArguments<Common>(command, rest);
    if (!parsed) return 0;
    const { files, options } = parsed;
    const dataOnStdout = definition.dataOnStdout(files, options);
    report = makeReport({ json: options.json === true, quiet: options.quiet === true, dataOnStdout });
    await definition.run(files, options, { report, signal: interruption(definition.ownSignals ?? []) });
    return 0;
  } catch (error) {
    return told(error, report);
  }
}

/** Reports what ended the program; where even that cannot be written to stdout, that is what is reported, on stderr. */
function told(error: unknown, report: Report): number {
  if (error instanceof Reported) return exitStatus(error.failure);
  const failure = asSealError(error);
  try {
    report.failure(failure);
    return exitStatus(failure);
  } catch (unwritten) {
    const second = asSealError(unwritten);
    makeReport({ json: false, quiet: false, dataOnStdout: true }).failure(second);
    return exitStatus(second);
  }
}

interface Chosen {
  readonly definition: CommandDefinition;
  /** How it is called. */
  readonly name: string;
  readonly rest: readonly string[];
}

/**
 * The command that the first word names, else sealing; null where only a list of commands was asked for. --json and -q may stand before it;
 * `help open` is `open --help`.
 */
async function choose(argv: readonly string[]): Promise<Chosen | null> {
  if (argv[0] === "help") return choose([...argv.slice(1), "--help"]);
  const first = argv.findIndex((word) => !GLOBAL_FLAGS.includes(word));
  const rest = argv.toSpliced(first, 1);
  const group = GROUPS.find(({ name }) => name === argv[first]);
  if (group) return chooseIn(group, rest);
  const definition = COMMANDS.find(({ name }) => name === argv[first]);
  return definition
    ? { definition, name: calledBySeal(definition), rest }
    : { definition: seal, name: "seal", rest: argv };
}

/** The command of a group that the next word names. Throws `usage`. */
async function chooseIn(group: CommandGroup, argv: readonly string[]): Promise<Chosen | null> {
  const commands = await group.load();
  const first = argv.findIndex((word) => !GLOBAL_FLAGS.includes(word));
  const word = argv[first];
  const definition = commands.find(({ name }) => name === word);
  const program = `seal ${group.name}`;
  if (definition) return { definition, name: `${program} ${definition.name}`, rest: argv.toSpliced(first, 1) };
  if (word === "--help" || word === "-h") {
    printOut(`${program}: ${group.summary}\n${commandList(program, commands)}\n`);
    return null;
  }
  const meant = word === undefined ? null : closest(word, names(commands));
  throw new SealError("usage", word === undefined ? `${program}: which command?` : `${program}: no command "${word}"`, {
    hint: meant ? `Did you mean: ${program} ${meant}` : `It is ${names(commands).join(", ")}. See ${program} --help.`,
  });
}

type Named = Pick<CommandDefinition, "name" | "summary">;

function names(commands: readonly Named[]): string[] {
  return commands.map(({ name }) => name);
}

/** A first word that is no file and almost a command's name was meant as the command. Throws `usage`. */
async function refuseMistyped(word: string): Promise<void> {
  const meant = closest(word, names([...COMMANDS, ...GROUPS]));
  if (!meant || (await stat(word).catch(() => null))) return;
  throw new SealError("usage", `no file and no command "${word}"`, { hint: `Did you mean: seal ${meant}` });
}

function interruption(ownSignals: readonly NodeJS.Signals[]): AbortSignal {
  const controller = new AbortController();
  for (const [name, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    if (ownSignals.includes(name)) continue;
    process.on(name, () => {
      // A second signal does not wait for the first one's clean-up, nor for a thread that hangs in a system call.
      if (controller.signal.aborted) {
        removeTemporaries();
        process.kill(process.pid, "SIGKILL");
      }
      controller.abort(new Interrupted(name, status));
    });
  }
  return controller.signal;
}
