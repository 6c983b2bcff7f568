// The manual pages seal(1) and open(1), made of what --help is made of.

import type { Argument } from "commander";
import { type Definitions, type Syntax, syntaxesOf, syntaxOf } from "../definitions.js";
import { examplesOf } from "../say/help.js";
import { bold, examples, flags, italic, macro, paragraph, roff, terms } from "./roff.js";
import { DESCRIPTIONS, ENVIRONMENT, EXIT_STATUS, FILES } from "./sections.js";

export interface Edition {
  readonly version: string;
  /** YYYY-MM-DD */
  readonly date: string;
}

/** On every command, and so described once. */
const COMMON = ["--version", "--json", "--quiet", "--help"];

const isCommon = (long: string | undefined): boolean => long !== undefined && COMMON.includes(long);

export async function sealPage(definitions: Definitions, edition: Edition): Promise<string> {
  const syntaxes = await syntaxesOf(definitions);
  const [sealing, ...commands] = syntaxes as [Syntax, ...Syntax[]];
  const summary = "seal files for known recipients, open and verify them";
  return page("seal", summary, edition, [
    section(
      "SYNOPSIS",
      syntaxes.flatMap((each, i) => (i === 0 ? [synopsis(each)] : [".br", synopsis(each)])),
    ),
    section("DESCRIPTION", paragraphs(DESCRIPTIONS.seal)),
    section("OPTIONS", [...own(sealing), '.SS "Options of every command"', ...common(sealing)]),
    section("COMMANDS", commands.flatMap(commandPart)),
    ...closing(syntaxes),
    section("SEE ALSO", [`${bold("open")}(1)`]),
  ]);
}

export function openPage({ open }: Definitions, edition: Edition): string {
  const syntax = syntaxOf(open, "open");
  return page("open", open.summary, edition, [
    section("SYNOPSIS", [synopsis(syntax)]),
    section("DESCRIPTION", [...paragraphs(DESCRIPTIONS.open), ...paragraphs(open.details ?? [])]),
    section("OPTIONS", [...own(syntax), ...common(syntax)]),
    ...closing([syntax]),
    section("SEE ALSO", [`${bold("seal")}(1)`]),
  ]);
}

function page(name: string, summary: string, { version, date }: Edition, sections: readonly string[][]): string {
  const title = macro("TH", name.toUpperCase(), "1", date, `seal ${version}`, "User Commands").replaceAll("\\-", "-");
  const lines = ['.\\" Generated from the definitions of the commands.', title];
  return `${[...lines, macro("SH", "NAME"), `${name} \\- ${roff(summary)}`, ...sections.flat()].join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [macro("SH", title), ...lines];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => (i === 0 ? [paragraph(text)] : [".PP", paragraph(text)]));
}

function synopsis({ called, arguments: all }: Syntax): string {
  return [bold(called), `[${italic("options")}]`, ...all.map(argumentText)].join(" ");
}

function argumentText(argument: Argument): string {
  const name = italic(argument.name()) + (argument.variadic ? "..." : "");
  return argument.required ? name : `[${name}]`;
}

/** The arguments of a command, and the options that not every command has. */
function own({ command, options, arguments: all }: Syntax): string[] {
  const help = command.createHelp();
  return terms([
    ...all.map((each) => [italic(each.name()), sentence(help.argumentDescription(each))] as const),
    ...options
      .filter(({ long }) => !isCommon(long))
      .map((each) => [flags(each.flags), sentence(help.optionDescription(each))] as const),
  ]);
}

function common({ command, options }: Syntax): string[] {
  const help = command.createHelp();
  const shown = options.filter(({ long }) => isCommon(long));
  return terms(shown.map((each) => [flags(each.flags), sentence(help.optionDescription(each))]));
}

function commandPart(syntax: Syntax): string[] {
  const { definition, called } = syntax;
  const { summary, forms = [], details = [] } = definition;
  return [
    macro("SS", called),
    paragraph(sentence(summary)),
    ...terms(forms.map(([line, does]) => [bold(line), sentence(does)])),
    ...details.flatMap((text) => [".PP", paragraph(text)]),
    ...own(syntax),
  ];
}

function closing(syntaxes: readonly Syntax[]): string[][] {
  const shown = syntaxes.flatMap(({ definition, called }) => examplesOf(definition, called));
  return [
    section("EXIT STATUS", terms(EXIT_STATUS.map(([status, text]) => [bold(status), text]))),
    section("ENVIRONMENT", terms(ENVIRONMENT.map(([name, text]) => [bold(name), text]))),
    section("FILES", terms(FILES.map(([name, text]) => [italic(name), text]))),
    section("EXAMPLES", examples(shown.map(([line, does]) => [line, capital(does)]))),
  ];
}

function sentence(text: string): string {
  return /[.:)]$/.test(text) ? capital(text) : `${capital(text)}.`;
}

/** A first word that is a placeholder or a sign stays as it is. */
function capital(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
