// Which values a shell can offer for an option or an argument: the placeholder that --help shows tells.

import type { Argument, Option } from "commander";
import type { Syntax } from "../definitions.js";

/** `text` is anything; `contact` is a name in the contacts. */
export type Kind = "file" | "sealed" | "key" | "recipient" | "sender" | "contact" | "text";

const KINDS: Readonly<Record<string, Kind>> = {
  R: "recipient",
  S: "sender",
  KEY: "key",
  "NAME.key": "key",
  WORDS: "contact",
  TEXT: "text",
  LINE: "text",
  AGE: "text",
  N: "text",
  "FIRST-LAST": "text",
};

/** What the two programs understand: sealing and then the other commands of `seal`, and what `open` does. */
export interface Syntaxes {
  readonly seal: readonly Syntax[];
  readonly open: Syntax;
}

/** The commands that `seal` is told by a word. */
export function commandsOf({ seal }: Syntaxes): readonly Syntax["definition"][] {
  return seal.slice(1).map(({ definition }) => definition);
}

/** What stands between the brackets: `FILE` of `[FILE...]`. Empty for an option without a value. */
export function placeholderOf({ flags }: Pick<Option, "flags">): string {
  return /[<[]([^\]>]+?)(?:\.\.\.)?[\]>]$/.exec(flags)?.[1] ?? "";
}

export function kindOfOption(option: Option): Kind {
  return KINDS[placeholderOf(option)] ?? "file";
}

/** Files that a command reads are sealed ones, but for those that `seal` itself reads. */
export function kindOfArgument(argument: Argument, { called }: Syntax): Kind {
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
