// Completion for fish: the lines that tell it, in seal.fish, of each command.

import type { Option } from "commander";
import type { Syntax } from "../definitions.js";
import { fill } from "./fill.js";
import script from "./seal.fish";
import {
  kindOfArgument,
  kindOfOption,
  type Syntaxes,
  shortened,
  type ValueKind,
  type Word,
  wordsIn,
  wordsOf,
} from "./values.js";

/** What fish offers: -F is files, -f is none but what -a gives. */
const OFFERS: Readonly<Record<ValueKind, string>> = {
  file: "-F",
  sealed: "-f -a '(__fish_complete_suffix .sealed)'",
  key: "-f -a '(__fish_complete_suffix .key)'",
  signing: "-f -a '(__fish_complete_suffix .key; __fish_complete_suffix .pub)'",
  recipient: "-f -k -a '(__seal_recipients)'",
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

/** What the first argument is, and the next ones where they are something else. */
function argumentLines(syntax: Syntax, where: string): string[] {
  const [first, next] = syntax.arguments;
  if (!first) return [`complete ${where} -f`];
  const offers = oneOf(first) ?? OFFERS[kindOfArgument(first, syntax)];
  const nextOffers = next ? OFFERS[kindOfArgument(next, syntax)] : first.argChoices ? OFFERS.text : offers;
  if (nextOffers === offers) return [`complete ${where} ${offers}`];
  const before = syntax.definition.name.split(" ").length;
  const condition = (test: string) => where.replace(/'$/, `; and ${test}'`);
  return [
    `complete ${condition(`__seal_words_are ${before}`)} ${offers}`,
    `complete ${condition(`not __seal_words_are ${before}`)} ${nextOffers}`,
  ];
}

function flags(option: Option): string {
  const { short, long, required } = option;
  const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(" ");
  return required ? `${names} -r ${oneOf(option) ?? OFFERS[kindOfOption(option)]}` : names;
}

/** The words that it may be; null where it may be any. */
function oneOf({ argChoices }: Pick<Option, "argChoices">): string | null {
  return argChoices ? `-f -a ${quoted(argChoices.join(" "))}` : null;
}

/** Text in single quotes, in which fish reads only \\ and \'. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
