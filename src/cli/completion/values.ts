// Which values a shell can offer for an option or an argument: the placeholder that --help shows tells.

import type { Argument, Option } from "commander";
import type { Syntax } from "../definitions.js";

/** `text` is anything; `contact` is a name in the contacts; `signing` is an identity, or a public key in an agent. */
export type ValueKind = "file" | "sealed" | "key" | "signing" | "recipient" | "sender" | "contact" | "text";

const KINDS: Readonly<Record<string, ValueKind>> = {
  R: "recipient",
  S: "sender",
  KEY: "key",
  "NAME.key": "key",
  WORDS: "contact",
  TEXT: "text",
  LINE: "text",
  AGE: "text",
  HOW: "text",
  T: "text",
  TIME: "text",
  N: "text",
  "FIRST-LAST": "text",
};

/** What the two programs understand: sealing and then the other commands of `seal`, and what `open` does. */
export interface Syntaxes {
  readonly seal: readonly Syntax[];
  readonly open: Syntax;
  readonly groups: readonly Word[];
}

/** A word that a command is called by, or a part of them. */
export interface Word {
  readonly name: string;
  readonly summary: string;
}

/** The words that may stand behind `seal`: commands, and groups of them. */
export function wordsOf({ seal, groups }: Syntaxes): readonly Word[] {
  const commands = seal.slice(1).map(({ definition }) => definition);
  return [...commands.filter(({ name }) => !name.includes(" ")), ...groups];
}

/** The words that may stand behind that of a group. */
export function wordsIn({ seal }: Syntaxes, group: Word): readonly Word[] {
  const start = `${group.name} `;
  const commands = seal.map(({ definition }) => definition).filter(({ name }) => name.startsWith(start));
  return commands.map(({ name, summary }) => ({ name: name.slice(start.length), summary }));
}

/** What stands between the brackets: `FILE` of `[FILE...]`. Empty for an option without a value. */
export function placeholderOf({ flags }: Pick<Option, "flags">): string {
  return /[<[]([^\]>]+?)(?:\.\.\.)?[\]>]$/.exec(flags)?.[1] ?? "";
}

export function kindOfOption(option: Option): ValueKind {
  if (option.long === "--sign") return "signing";
  return KINDS[placeholderOf(option)] ?? "file";
}

/** Files that a command reads are sealed ones, but for those that `seal` itself reads. */
export function kindOfArgument(argument: Argument, { called }: Syntax): ValueKind {
  const name = argument.name();
  return name === "FILE" && called !== "seal" ? "sealed" : (KINDS[name] ?? "file");
}

/** The description, without what is in brackets: there is little room. */
export function shortened(description: string): string {
  return description.replace(/\s*\([^)]*\)/g, "");
}

/** The flags of an option, short and long. */
export function flagsOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((flag) => flag !== undefined);
}
