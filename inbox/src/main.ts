// Where the program begins: finds the command, runs it, and gives what comes of it as an exit status, as seal does.

import { SealError } from "@sealed-files/seal";
import { damagedArguments, escaped, exitStatus } from "@sealed-files/seal/internal";
import { type Command, helpOf, parseArguments, type Report } from "./arguments.js";
import { codeOf } from "./codes.js";
import { COMMANDS } from "./commands/index.js";
import { printErr, printOut } from "./print.js";
import { Problem } from "./problem.js";

declare const SEAL_INBOX_VERSION: string;

export async function main(argv: readonly string[]): Promise<never> {
  process.on("uncaughtException", (error) => process.exit(told(error, argv.includes("--json"))));
  process.exit(await run(argv));
}

async function run(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
    const [damaged] = damagedArguments(argv);
    if (damaged !== undefined) throw new SealError("usage", `an argument is not UTF-8, and cannot be used: ${damaged}`);
    if (argv.length === 1 && argv[0] === "--version") return printed(`seal-inbox ${SEAL_INBOX_VERSION}\n`);
    if (argv.length === 0 || ["--help", "-h", "help"].includes(argv[0]!)) return printed(overview());
    const command = commandOf(argv);
    const args = parseArguments(command, argv.slice(command.name.split(" ").length));
    if (args.has("help")) return printed(helpOf(command));
    await command.run(args, reportTo({ json, quiet: args.has("quiet") }));
    return 0;
  } catch (error) {
    return told(error, json);
  }
}

/** Throws `usage`. */
function commandOf(argv: readonly string[]): Command {
  const found = COMMANDS.find(({ name }) => name.split(" ").every((word, i) => argv[i] === word));
  if (found) return found;
  throw new SealError("usage", `no command "${argv.slice(0, 2).join(" ")}"`, { hint: "See seal-inbox --help." });
}

function overview(): string {
  const lines = COMMANDS.map(({ name, words, summary }) => `  ${[name, ...words].join(" ").padEnd(24)} ${summary}`);
  return `Usage: seal-inbox COMMAND [options]\n\n${lines.join("\n")}\n\nEach has a --help of its own.\n`;
}

function printed(text: string): number {
  printOut(text);
  return 0;
}

function reportTo({ json, quiet }: { json: boolean; quiet: boolean }): Report {
  return {
    result: (facts, text) => printOut(`${json ? JSON.stringify({ ok: true, ...facts }) : columns(text)}\n`),
    script: (facts, text) => printOut(json ? `${JSON.stringify({ ok: true, ...facts })}\n` : text),
    note: (text) => {
      if (!json && !quiet) printErr(`seal-inbox: ${escaped(text)}\n`);
    },
  };
}

/** Reports what ended the program; the exit status. */
function told(thrown: unknown, json: boolean): number {
  const error = errorOf(thrown);
  const exit = exitStatus(error);
  const { code, message, hint } = error;
  if (codeOf(error.cause) === "EPIPE") return exit;
  if (json) printErrorObject({ ok: false, code, exit, message, hint: hint ?? null });
  else {
    printErr(`seal-inbox: error: ${escaped(message)}\n`);
    if (hint) printErr(`seal-inbox: hint: ${escaped(hint)}\n`);
  }
  if (process.env.SEAL_DEBUG === "1") printErr(`${(thrown as Error).stack ?? ""}\n`);
  return exit;
}

/** What requests are answered with means the same to a command: that it could not be done now. */
function errorOf(thrown: unknown): SealError {
  if (thrown instanceof SealError) return thrown;
  if (thrown instanceof Problem) return new SealError("io", thrown.message, { cause: thrown });
  return new SealError("internal", `a bug in seal-inbox: ${thrown}`, { cause: thrown });
}

/** Where standard output cannot be written, the exit status says so alone. */
function printErrorObject(object: object): void {
  try {
    printOut(`${JSON.stringify(object)}\n`);
  } catch {
    return;
  }
}

/** Text whose tabs stand between columns, each made safe to print. */
function columns(text: string): string {
  return text.split("\t").map(escaped).join("\t");
}
