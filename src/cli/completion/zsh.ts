// Completion for zsh: the specs by which _arguments, in seal.zsh, completes each command.

import type { Argument, Option } from "commander";
import type { Syntax } from "../definitions.js";
import { fill } from "./fill.js";
import script from "./seal.zsh";
import {
  flagsOf,
  kindOfArgument,
  kindOfOption,
  placeholderOf,
  type Syntaxes,
  shortened,
  type ValueKind,
  type Word,
  wordsIn,
  wordsOf,
} from "./values.js";

const ACTIONS: Readonly<Record<ValueKind, string>> = {
  file: "_files",
  sealed: '_files -g "*.sealed"',
  key: '_files -g "*.key"',
  signing: '_files -g "*.(key|pub)"',
  recipient: "_seal_recipients",
  sender: "_seal_senders",
  contact: "_seal_contacts",
  text: " ",
};

export function zshScript(syntaxes: Syntaxes): string {
  const words = wordsOf(syntaxes);
  const { groups } = syntaxes;
  return fill(script, {
    names: [words.map(({ name }) => name).join("|")],
    groups: [groups.map(({ name }) => name).join("|")],
    commands: words.map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(":", "\\:")}`)),
    arguments: [...syntaxes.seal.flatMap(caseOf), ...groups.flatMap((group) => groupCase(group, syntaxes))],
  });
}

/** A group, of which no command is told yet. */
function groupCase(group: Word, syntaxes: Syntaxes): string[] {
  const names = wordsIn(syntaxes, group).map(({ name }) => name);
  return [`${quoted(group.name)})`, `  _arguments -s -S ${quoted(`:COMMAND:(${names.join(" ")})`)}`, "    ;;"];
}

function caseOf(syntax: Syntax): string[] {
  const specs = [
    ...syntax.options.flatMap((option) => optionSpecs(option, syntax)),
    ...syntax.arguments.map((each) => argumentSpec(each, syntax)),
  ];
  return [
    `${quoted(syntax.definition.name)})`,
    "  _arguments -s -S \\",
    ...specs.map((spec) => `    ${spec} \\`),
    "    ;;",
  ];
}

/** A spec for each flag; one that may be repeated does not exclude itself. */
function optionSpecs(option: Option, { repeatable }: Syntax): string[] {
  const flags = flagsOf(option);
  const before = repeatable.has(option) ? "*" : `(${flags.join(" ")})`;
  const action = option.argChoices ? `(${option.argChoices.join(" ")})` : ACTIONS[kindOfOption(option)];
  const value = option.required ? `:${specText(placeholderOf(option))}:${action}` : "";
  return flags.map((flag) => {
    const joint = !option.required ? "" : flag.startsWith("--") ? "=" : "+";
    return quoted(`${before}${flag}${joint}[${specText(shortened(option.description))}]${value}`);
  });
}

function argumentSpec(argument: Argument, syntax: Syntax): string {
  const position = argument.variadic ? "*:" : argument.required ? ":" : "::";
  const choices = argument.argChoices?.join(" ");
  const own = syntax.called === "seal" ? "_seal_first" : ACTIONS[kindOfArgument(argument, syntax)];
  return quoted(`${position}${specText(argument.name())}:${choices ? `(${choices})` : own}`);
}

/** Text between the signs that _arguments reads. */
function specText(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

/** Text in single quotes, in which zsh reads nothing but their end. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
