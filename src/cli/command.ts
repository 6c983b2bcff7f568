// The shape that every command has, and the parsing that they share.

import type { EventEmitter } from "node:events";
import { Argument, Command, type CommanderError, Option } from "commander";
import type { Thread } from "../engine/thread.js";
import { MAX_THREADS } from "../engine/threads.js";
import { SealError } from "../errors.js";
import { holdsPrivateKey } from "../keys/ssh/kinds.js";
import { COMPROMISED } from "./options/secrets.js";
import { type Explanation, helpAfter } from "./say/help.js";
import { printOut } from "./say/print.js";
import type { Report } from "./say/report.js";

/** What a command runs in. */
export interface Context {
  readonly report: Report;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** One for the engine, that was started while the program was read. */
  readonly thread?: Thread | null;
}

export interface Common {
  readonly json?: true;
  readonly quiet?: true;
}

export interface CommandDefinition<Options extends Common = Common> extends Explanation {
  /** Signals that it acts on itself, instead of being interrupted. */
  readonly ownSignals?: readonly NodeJS.Signals[];
  /** Adds arguments and options to a commander command; --json, --quiet and --help are there already. */
  define(command: Command): void;
  /** Whether stdout carries file data with these arguments. */
  dataOnStdout(files: readonly string[], options: Options): boolean;
  run(files: readonly string[], options: Options, context: Context): Promise<void>;
}

/** Commands under a common name: `seal journal append`. They are loaded when one of them is called. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  load(): Promise<readonly CommandDefinition[]>;
}

/** For an option that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** An argument that is one of these words; the command refuses others, in words of its own. */
export function wordArgument(name: string, description: string, words: readonly string[]): Argument {
  return new Argument(name, description).choices(words).argParser((word) => word);
}

/** `--threads N`, on the commands that work on chunks. */
export function threadsOption(): Option {
  return new Option("--threads <N>", "threads that work on chunks (default: one per core, at most 8)").argParser(
    (text) => {
      const threads = /^\d{1,3}$/.test(text) ? Number(text) : 0;
      if (threads >= 1 && threads <= MAX_THREADS) return threads;
      throw new SealError("usage", `--threads ${text}: must be a number from 1 to ${MAX_THREADS}`);
    },
  );
}

/** `--contacts FILE`, on the commands that know names. */
export function contactsOption(): Option {
  return new Option("--contacts <FILE>", "the contacts to use (default: contacts in the configuration directory)");
}

/** `--header`, on the commands that read URLs. */
export function headerOption(): Option {
  return new Option(
    "--header <LINE>",
    "for a URL: send this header, 'Name: value'; @FILE takes them from a file, a line each (repeatable)",
  ).argParser<readonly string[]>(collect);
}

/** The commander command of a definition: its own arguments and options, and those that every command has. */
export function makeCommand<Options extends Common>(
  definition: CommandDefinition<Options>,
  name: string,
  version: string,
): Command {
  const command = new Command(name);
  command.version(version, "--version", "print the version");
  command.option("--json", "print one JSON object instead of text").option("-q, --quiet", "no notes and no progress");
  command.helpOption("-h, --help", "show this help");
  command.exitOverride().configureOutput({ writeOut: printOut, writeErr: () => undefined });
  definition.define(command);
  refuseEmpty(command);
  command.addHelpText("after", helpAfter(definition, command));
  refuseRepetition(command);
  return command;
}

/** Parses arguments. Throws `usage`; null where help or the version was asked for and has been printed. */
export function parseArguments<Options extends Common>(
  command: Command,
  argv: readonly string[],
): { files: string[]; options: Options } | null {
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    const { code, message } = error as CommanderError;
    if (code === "commander.helpDisplayed" || code === "commander.version") return null;
    if (error instanceof SealError) throw error;
    throw usageError(message, command.name());
  }
  if (command.args.includes("")) throw emptyError("an argument is empty");
  return { files: command.args, options: command.opts<Options>() };
}

/** Whether stdout would carry file data, of arguments that may have faults. */
export function guessDataOnStdout<Options extends Common>(
  definition: CommandDefinition<Options>,
  command: Command,
  argv: readonly string[],
): boolean {
  const valued = command.options.filter(({ required }) => required);
  const takesValue = (word = "") => valued.some(({ short, long }) => word === short || word === long);
  const files = argv.filter((word, i) => (word === "-" || !word.startsWith("-")) && !takesValue(argv[i - 1]));
  const output = argv.map(
    (word, i) => /^(?:-o|--output=)(.+)$/.exec(word)?.[1] ?? (isOutput(argv[i - 1]) ? word : null),
  );
  const named = output.find((value) => value !== null);
  return definition.dataOnStdout(files, (named === undefined ? {} : { output: named }) as unknown as Options);
}

function isOutput(word: string | undefined): boolean {
  return word === "-o" || word === "--output";
}

/** An option that does not collect its values may be given once. */
function refuseRepetition(command: Command): void {
  for (const option of command.options) {
    if (option.parseArg === collect) continue;
    let seen = false;
    command.on(`option:${option.name()}`, () => {
      if (seen) throw new SealError("usage", `${option.long} is given twice`);
      seen = true;
    });
  }
}

/** Nothing is called by an empty name. But a label can be empty, and be demanded so. */
function refuseEmpty(command: Command): void {
  for (const option of command.options) {
    if (option.name() === "label") continue;
    // An emitter of events, though its types do not say so: what the option makes of its value comes after this.
    (command as unknown as EventEmitter).prependListener(`option:${option.name()}`, (value: unknown) => {
      if (value === "") throw emptyError(`${option.long} is empty`);
    });
  }
}

function emptyError(message: string): SealError {
  return new SealError("usage", message, { hint: "Perhaps a shell variable is not set." });
}

/** What other tools have and this one has not, with what to do instead. */
const NOT_HERE: ReadonlyArray<readonly [RegExp, string]> = [
  [/'(-a|--armou?r)'/, "Text is written by: seal FILE --armor. What reads sealed files knows both forms by itself."],
  [/'-p'/, "To seal for a passphrase: seal FILE --passphrase"],
  [/'--passphrase'/, "The passphrase is asked for, or stands in the file that SEAL_PASSPHRASE_FILE names."],
  [/'(-d|--decrypt)'/, "To open a sealed file: seal open FILE --key KEY"],
  [/'(-r|-R|--recipient|--recipients-file)'/, "Recipients are named with --to."],
  [/'(-i|--identity)'/, "Identities are named with --key."],
];

function usageError(message: string, command: string): SealError {
  // Its first line begins like an option.
  if (holdsPrivateKey(message)) return new SealError("usage", "a private key as an argument", { hint: COMPROMISED });
  const [first, suggestion] = message.replace(/^error: /, "").split("\n");
  const known = NOT_HERE.find(([pattern]) => pattern.test(first!))?.[1];
  const hint = known ?? suggestion?.replace(/^\((.*)\)$/, "$1") ?? `See ${command} --help.`;
  return new SealError("usage", first!, { hint });
}
