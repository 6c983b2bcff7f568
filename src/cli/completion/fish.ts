// Completion for fish: the lines that tell it, in seal.fish, of each command.

import type { Option } from "commander";
import type { Syntax } from "../definitions.js";
import { fill } from "./fill.js";
import script from "./seal.fish";
import {
  type Kind,
  kindOfArgument,
  kindOfOption,
  type Syntaxes,
  shortened,
  type Word,
  wordsIn,
  wordsOf,
} from "./values.js";

/** What fish offers: -F is files, -f is none but what -a gives. */
const OFFERS: Readonly<Record<Kind, string>> = {
  file: "-F",
  sealed: "-f -a '(__fish_complete_suffix .sealed)'",
  key: "-f -a '(__fish_complete_suffix .key)'",
  recipient: "-f -k -a '(__seal_names \"@?\"; __fish_complete_suffix .pub)'",
  sender: "-f -k -a '(__seal_names; __fish_complete_suffix .pub)'",
  contact: "-F -k -a '(__seal_names \"@?\")'",
  text: "-f",
};

export function fishScript(syntaxes: Syntaxes): string {
  const { groups } = syntaxes;
  const words = wordsOf(syntaxes);
  return fill(script, {
    names: [words.map(({ name }) => name).join(" ")],
    groups: [groups.map(({ name }) => name).join(" ")],
    commands: [
      ...words.map((word) => wordLine(word, "none")),
      ...groups.flatMap((group) => wordsIn(syntaxes, group).map((word) => `${wordLine(word, group.name)} -f`)),
    ],
    "of seal": syntaxes.seal.flatMap((syntax) =>
      linesOf(syntax, `-c seal -n '__seal_command_is ${syntax.definition.name}'`),
    ),
    "of open": linesOf(syntaxes.open, "-c open"),
  });
}

function wordLine({ name, summary }: Word, after: string): string {
  return `complete -c seal -n '__seal_command_is ${after}' -a ${name} -d ${quoted(summary)}`;
}

function linesOf(syntax: Syntax, where: string): string[] {
  const options = syntax.options.map(
    (option) => `complete ${where} ${flags(option)} -d ${quoted(shortened(option.description))}`,
  );
  return [...options, ...argumentLines(syntax, where)];
}

/** A word out of a few comes first, and what the next argument is after it. */
function argumentLines(syntax: Syntax, where: string): string[] {
  const [first, next] = syntax.arguments;
  if (!first) return [`complete ${where} -f`];
  if (!first.argChoices) return [`complete ${where} ${OFFERS[kindOfArgument(first, syntax)]}`];
  const condition = (test: string) => where.replace(/'$/, `; and ${test}'`);
  return [
    `complete ${condition("__seal_words_are 1")} -f -a ${quoted(first.argChoices.join(" "))}`,
    `complete ${condition("not __seal_words_are 1")} ${OFFERS[next ? kindOfArgument(next, syntax) : "text"]}`,
  ];
}

function flags(option: Option): string {
  const { short, long, required } = option;
  const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(" ");
  return required ? `${names} -r ${OFFERS[kindOfOption(option)]}` : names;
}

/** Text in single quotes, in which fish reads only \\ and \'. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
