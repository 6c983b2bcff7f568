// Where the program begins: finds the command, runs it, and gives what comes of it as an exit status, as seal does.

import { type ErrorCode, SealError } from "seal";
import { type Command, helpOf, parseArguments, type Report } from "./arguments.js";
import { add } from "./commands/add.js";
import { init } from "./commands/init.js";
import { list } from "./commands/list.js";
import { serve } from "./commands/serve.js";
import { create, listTokens, revoke } from "./commands/token.js";

declare const SEAL_INBOX_VERSION: string;

const COMMANDS: readonly Command[] = [init, add, list, create, listTokens, revoke, serve];

const STATUS: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  usage: 2,
  io: 3,
  malformed: 4,
  "no-key": 5,
  tampered: 6,
  untrusted: 7,
  interrupted: 130,
};

export async function main(argv: readonly string[]): Promise<never> {
  process.exit(await run(argv));
}

async function run(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
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
  process.stdout.write(text);
  return 0;
}

function reportTo({ json, quiet }: { json: boolean; quiet: boolean }): Report {
  return {
    result: (facts, text) => process.stdout.write(`${json ? JSON.stringify({ ok: true, ...facts }) : escaped(text)}\n`),
    note: (text) => {
      if (!json && !quiet) process.stderr.write(`seal-inbox: ${escaped(text)}\n`);
    },
  };
}

/** Reports what ended the program; the exit status. */
function told(thrown: unknown, json: boolean): number {
  const error =
    thrown instanceof SealError
      ? thrown
      : new SealError("internal", `a bug in seal-inbox: ${thrown}`, { cause: thrown });
  const exit = STATUS[error.code];
  const { code, message, hint } = error;
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, code, exit, message, hint: hint ?? null })}\n`);
  else {
    process.stderr.write(`seal-inbox: error: ${escaped(message)}\n`);
    if (hint) process.stderr.write(`seal-inbox: hint: ${escaped(hint)}\n`);
  }
  if (process.env.SEAL_DEBUG === "1") process.stderr.write(`${(thrown as Error).stack ?? ""}\n`);
  return exit;
}

/** Text that came from the command line or a file, with control and invisible characters made visible. */
function escaped(text: string): string {
  return text.replace(
    /[^\P{Cc}\t]|[\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}
