// The program: finds the command, runs it, and gives what comes of it as an exit status.

import { setMaxListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { closest } from "../closest.js";
import type { Thread } from "../engine/thread.js";
import { SealError } from "../errors.js";
import { removeTemporariesFinally } from "../io/leftovers.js";
import { stat } from "../io/promises.js";
import { damagedArguments } from "../io/utf8.js";
import { closeInspector, onEnding } from "../signals.js";
import {
  type CommandDefinition,
  type CommandGroup,
  type Common,
  guessDataOnStdout,
  makeCommand,
  parseArguments,
} from "./command.js";
import { COMMANDS, calledBySeal, GROUPS, openCommand, sealCommand } from "./commands/index.js";
import { asSealError, exitStatus, Interrupted, Reported } from "./exit.js";
import { commandList } from "./say/help.js";
import { printOut } from "./say/print.js";
import { makeReport, type Report } from "./say/report.js";
import { restoreTerminal } from "./say/stops.js";

/** What may stand before a command's name. */
const GLOBAL_FLAGS = ["--json", "-q", "--quiet"];

/** Runs `seal` or `open` with its arguments; the exit status. Throws nothing. */
export async function runProgram(
  program: "seal" | "open",
  argv: readonly string[],
  version: string,
  thread: Thread | null = null,
): Promise<number> {
  const json = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length).includes("--json");
  let report = makeReport({ json, quiet: false, dataOnStdout: false });
  try {
    refuseDamaged(argv);
    if (program === "seal") await refuseMistyped(argv);
    const chosen = program === "open" ? { definition: openCommand, name: program, rest: argv } : await choose(argv);
    if (!chosen) return 0;
    const { definition, name, rest } = chosen;
    const command = makeCommand(definition, name, version);
    if (definition === sealCommand) command.addHelpText("after", commandList("seal", [...COMMANDS, ...GROUPS]));
    report = makeReport({ json, quiet: false, dataOnStdout: guessDataOnStdout(definition, command, rest) });
    const parsed = parseArguments<Common>(command, rest);
    if (!parsed) return 0;
    const { files, options } = parsed;
    const dataOnStdout = definition.dataOnStdout(files, options);
    report = makeReport({ json: options.json === true, quiet: options.quiet === true, dataOnStdout });
    // Once more: a signal that came before the program listened to it takes effect with a turn of the event loop.
    await turn();
    closeInspector();
    await definition.run(files, options, { report, signal: interruption(definition.ownSignals ?? []), thread });
    return 0;
  } catch (error) {
    return told(error, report);
  }
}

/** Reports what nothing has caught, which is a bug; the exit status. */
export function crashed(error: unknown, argv: readonly string[]): number {
  removeTemporariesFinally();
  return told(error, makeReport({ json: argv.includes("--json"), quiet: false, dataOnStdout: true }));
}

/** What Node has not handed on as it was names something else than was meant. Throws `usage`. */
function refuseDamaged(argv: readonly string[]): void {
  const [damaged] = damagedArguments(argv);
  if (damaged === undefined) return;
  throw new SealError("usage", `an argument is not UTF-8, and cannot be used: ${damaged}`, {
    hint: "Rename the file, or hand it over by redirection: seal - … < FILE > OUT",
  });
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
 * The command that the first word names, else sealing; null where only a list of commands was asked for. --json and -q
 * may stand before it; `help open` is `open --help`.
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
    : { definition: sealCommand, name: "seal", rest: argv };
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

/** What other tools call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  decrypt: "Did you mean: seal open FILE --key KEY",
  unseal: "Did you mean: seal open FILE --key KEY",
  encrypt: "Sealing needs no command word: seal FILE --to R --sign KEY",
  sign: "Sealing signs too: seal FILE --to R --sign KEY",
  check: "Did you mean: seal verify FILE --from S",
  info: "Did you mean: seal inspect FILE",
  genkey: "Did you mean: seal keygen -o NAME.key",
};

/**
 * A first word that is no file was meant as a command if it is almost one's name, or what others call it; else a file
 * is missing, which comes before what else is missing. Throws `usage`, `io`.
 */
async function refuseMistyped(argv: readonly string[]): Promise<void> {
  const word = argv.find((each) => !GLOBAL_FLAGS.includes(each)) ?? "-";
  const known = [...names([...COMMANDS, ...GROUPS]), "help"];
  if (word.startsWith("-") || known.includes(word) || (await stat(word).catch(() => null))) return;
  const slip = closest(word, known, 1);
  const hint = slip ? `Did you mean: seal ${slip}` : Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : null;
  if (hint) throw new SealError("usage", `no file and no command "${word}"`, { hint });
  if (argv.some((each) => COMPLETE.test(each))) return;
  const meant = closest(word, known);
  throw new SealError("io", `cannot open ${word}: no such file or directory`, {
    input: word,
    hint: meant ? `Or did you mean: seal ${meant}` : undefined,
  });
}

/** With one of these, sealing says by itself which of its files are missing. */
const COMPLETE = /^(--to(=.*)?|-h|--help|--version)$/;

function interruption(ownSignals: readonly NodeJS.Signals[]): AbortSignal {
  const controller = new AbortController();
  // As many listen as there are files and keys: Node would warn of more than ten.
  setMaxListeners(0, controller.signal);
  onEnding(ownSignals, (name, status) => {
    // A second signal does not wait for the first one's clean-up, nor for a thread that hangs in a system call.
    if (controller.signal.aborted) {
      removeTemporariesFinally();
      restoreTerminal();
      process.kill(process.pid, "SIGKILL");
    }
    controller.abort(new Interrupted(name, status));
  });
  return controller.signal;
}
