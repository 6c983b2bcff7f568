// The manual page seal-inbox(1), made of what --help is made of. The build writes it.

import { roff } from "@sealed-files/seal/internal";
import { COMMON, type Command, type Flag, SHORT } from "../arguments.js";

export interface Edition {
  readonly version: string;
  /** YYYY-MM-DD */
  readonly date: string;
}

const { bold, italic, macro, paragraph, terms } = roff;

const SUMMARY = "take in records for a user who is away, and seal each at once";

const DESCRIPTION = [
  "seal-inbox serves HTTP: producers POST records, each of which it seals for the inbox's recipients and makes durable before it answers 201. It cannot read them again. Readers GET the journal of an inbox, and open it with seal journal read, the library, or the page for browsers.",
  "An inbox is made by add, its producers and readers get tokens by token create, and serve runs the service. What it has lies in a directory, or in a PostgreSQL database that several services can share.",
];

const STATUS: readonly (readonly [string, string])[] = [
  ["0", "Everything was done; the service has stopped as it was asked to."],
  ["1", "A bug in seal-inbox."],
  ["2", "Wrong options, a malformed key or token, an inbox that is there already or is not there."],
  ["3", "A file, a database or a port that cannot be used; a lock that another service holds; a full disk."],
  ["4, 6", "A journal that is none, or that was altered."],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["SEAL_INBOX_DIR", "The directory, as an absolute path, where --dir is not given."],
  ["SEAL_INBOX_STORE", "The database, where --store is not given."],
  ["SEAL_PASSPHRASE_FILE", "A file with the passphrase of the signing key."],
  ["SEAL_DEBUG", "With 1, errors come with a stack trace."],
];

export function manualPage(commands: readonly Command[], { version, date }: Edition): string {
  const title = macro("TH", "SEAL-INBOX", "1", date, `seal-inbox ${version}`, "User Commands").replaceAll("\\-", "-");
  return `${[
    '.\\" Generated from the definitions of the commands.',
    title,
    macro("SH", "NAME"),
    `seal-inbox \\- ${SUMMARY}`,
    macro("SH", "SYNOPSIS"),
    ...commands.flatMap((command, i) => (i === 0 ? [synopsis(command)] : [".br", synopsis(command)])),
    macro("SH", "DESCRIPTION"),
    ...DESCRIPTION.flatMap((text, i) => (i === 0 ? [paragraph(text)] : [".PP", paragraph(text)])),
    macro("SH", "COMMANDS"),
    ...commands.flatMap(commandPart),
    macro("SS", "Options of every command"),
    ...options(COMMON),
    macro("SH", "EXIT STATUS"),
    ...terms(STATUS.map(([status, text]) => [bold(status), text])),
    macro("SH", "ENVIRONMENT"),
    ...terms(ENVIRONMENT.map(([name, text]) => [bold(name), text])),
    macro("SH", "SEE ALSO"),
    `${bold("seal")}(1)`,
  ].join("\n")}\n`;
}

function synopsis({ name, words }: Command): string {
  const all = words.map((word) => (word.startsWith("[") ? `[${italic(word.slice(1, -1))}]` : italic(word)));
  return [bold(`seal-inbox ${name}`), ...all, `[${italic("options")}]`].join(" ");
}

function commandPart(command: Command): string[] {
  const { name, summary, flags, notes } = command;
  const further = notes === undefined ? [] : [".PP", ".nf", roff.roff(notes), ".fi"];
  return [macro("SS", `seal-inbox ${name}`), paragraph(summary), ...options(flags), ...further];
}

function options(flags: Readonly<Record<string, Flag>>): string[] {
  return terms(
    Object.entries(flags).map(([name, { value, help, repeats }]) => {
      const short = SHORT[name] === undefined ? [] : [bold(`-${SHORT[name]}`)];
      const names = [...short, bold(`--${name}`)].join(", ");
      const term = value === undefined ? names : `${names} ${italic(value)}`;
      return [term, `${capital(help)}${repeats ? " (repeatable)" : ""}.`];
    }),
  );
}

function capital(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
