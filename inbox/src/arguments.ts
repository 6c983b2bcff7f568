// The command line: what each command takes.

import { isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { SealError } from "@sealed-files/seal";
import { isDamagedVariable } from "@sealed-files/seal/internal";

export interface Flag {
  /** What the help calls its value; none for a switch. */
  readonly value?: string;
  readonly repeats?: boolean;
  readonly help: string;
}

export interface Arguments {
  readonly words: readonly string[];
  /** The value of a flag that is given at most once. */
  one(flag: string): string | undefined;
  all(flag: string): readonly string[];
  has(flag: string): boolean;
}

export interface Command {
  /** One or two words. */
  readonly name: string;
  /** What its words stand for, such as `INBOX`; all of them must be given but the last ones in brackets. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly notes?: string;
  run(args: Arguments, report: Report): Promise<void>;
}

export interface Report {
  /** The result: an object for --json, a text for people. On stdout. */
  result(facts: Readonly<Record<string, unknown>>, text: string): void;
  /** The same with text for a program, as it is. */
  script(facts: Readonly<Record<string, unknown>>, text: string): void;
  /** On stderr; not with --quiet or --json. */
  note(text: string): void;
}

export const COMMON: Readonly<Record<string, Flag>> = {
  json: { help: "print JSON instead of text" },
  quiet: { help: "no notes (-q)" },
  help: { help: "show this help (-h)" },
};

/** `--dir`, on all commands that work on a directory. */
export const DIR: Readonly<Record<string, Flag>> = {
  dir: { value: "DIR", help: "the directory (default: $SEAL_INBOX_DIR, else the current one)" },
};

/** What names a database, on all commands that work on one in place of a directory. */
export const DATABASE: Readonly<Record<string, Flag>> = {
  store: { value: "URL", help: "a database instead: postgres://… (default: $SEAL_INBOX_STORE)" },
  "unsafe-store": { help: "accept a database that may lose what it has committed" },
};

/** On all commands that work on inboxes. */
export const STORE: Readonly<Record<string, Flag>> = { ...DIR, ...DATABASE };

/**
 * A variable that names a file or directory; undefined where it is not set. Throws `usage` where it is empty, or no
 * UTF-8.
 */
export function pathVariable(name: string): string | undefined {
  const path = process.env[name];
  if (path === "") throw new SealError("usage", `${name} is empty`, { hint: "Set it to a path, or unset it." });
  if (isDamagedVariable(name)) throw new SealError("usage", `${name} is not UTF-8, and cannot be used`);
  return path;
}

export function directoryOf(args: Arguments): string {
  const named = args.one("dir");
  if (named !== undefined) return named;
  const path = pathVariable("SEAL_INBOX_DIR");
  if (path === undefined || isAbsolute(path)) return path ?? ".";
  throw new SealError("usage", "SEAL_INBOX_DIR is not an absolute path", { hint: "Or name the directory with --dir." });
}

export const SHORT: Readonly<Record<string, string>> = { quiet: "q", help: "h", output: "o" };

/** Throws `usage`. */
export function parseArguments(command: Command, argv: readonly string[]): Arguments {
  const flags = { ...command.flags, ...COMMON };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value }]) => {
      const type = value === undefined ? ("boolean" as const) : ("string" as const);
      return [name, { type, multiple: true, ...(SHORT[name] && { short: SHORT[name] }) }];
    }),
  );
  const { values, positionals: words } = parsed(command, argv, options);
  if (words.includes("")) throw usage(command, "an argument is empty");
  for (const [name, given] of Object.entries(values)) {
    const flag = flags[name]!;
    if (name !== "label" && given.includes("")) throw usage(command, `--${name} is empty`);
    if (flag.value !== undefined && !flag.repeats && given.length > 1) throw usage(command, `--${name} is given twice`);
  }
  const args: Arguments = {
    words,
    one: (flag) => values[flag]?.[0] as string | undefined,
    all: (flag) => (values[flag] ?? []) as string[],
    has: (flag) => values[flag] !== undefined,
  };
  const least = command.words.filter((word) => !word.startsWith("[")).length;
  if ((words.length < least || words.length > command.words.length) && !args.has("help")) {
    throw usage(command, `${command.words.join(" ") || "no argument"} expected`);
  }
  return args;
}

type Values = Record<string, (string | boolean)[]>;

function parsed(command: Command, args: readonly string[], options: Parameters<typeof parseArgs>[0] & object) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true } as never);
    return { values: values as Values, positionals: positionals as string[] };
  } catch (error) {
    // The second sentence of Node's messages is about something else than what was meant.
    throw usage(command, (error as Error).message.split(". ", 1)[0]!);
  }
}

function usage({ name }: Command, message: string): SealError {
  return new SealError("usage", message, { hint: `See seal-inbox ${name} --help.` });
}

/** A whole number. Throws `usage`. */
export function numberOf(args: Arguments, flag: string, fallback: number, least: number, most: number): number {
  const text = args.one(flag);
  if (text === undefined) return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new SealError("usage", `--${flag} takes a number from ${least} to ${most}`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Milliseconds of a text such as `90s`, `15m`, `12h`, `30d`. Throws `usage`. */
export function durationOf(args: Arguments, flag: string, fallback: number): number {
  const text = args.one(flag);
  if (text === undefined) return fallback;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw new SealError("usage", `--${flag} takes a time such as 90s, 15m, 12h or 30d`);
  return Number(count) * UNITS[unit!]! * 1000;
}

export function helpOf(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...COMMON }).map(([name, { value, help, repeats }]) => {
    const left = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return `  ${left.padEnd(24)} ${help}${repeats ? " (repeatable)" : ""}`;
  });
  const words = command.words.length > 0 ? ` ${command.words.join(" ")}` : "";
  const notes = command.notes ? `\n\n${command.notes}` : "";
  return `Usage: seal-inbox ${command.name}${words} [options]\n\n${command.summary}\n\n${flags.join("\n")}${notes}\n`;
}
