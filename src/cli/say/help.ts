// What --help says after the options. The manual pages are made of the same.

import type { Command } from "commander";

/** A command line, and what it does. */
export type Explained = readonly [line: string, does: string];

/** What a definition says beyond its arguments and options. */
export interface Explanation {
  readonly name: string;
  readonly summary: string;
  /** The ways to call it, where one line of usage does not say it. */
  readonly forms?: readonly Explained[];
  /** What else has to be known, a paragraph each. */
  readonly details?: readonly string[];
  readonly examples?: readonly Explained[];
}

/** The examples, under the name that the command goes by here. */
export function examplesOf({ name, examples = [] }: Explanation, called: string): readonly Explained[] {
  return examples.map(([line, does]) => [line.replaceAll(`seal ${name} `, `${called} `), does]);
}

export function helpAfter(definition: Explanation, command: Command): string {
  const help = command.createHelp();
  const { forms = [], details = [] } = definition;
  const width = Math.max(...forms.map(([line]) => line.length));
  const examples = examplesOf(definition, command.name()).flatMap(([line, does]) => [`  # ${does}`, `  ${line}`]);
  const parts = [
    forms.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`),
    ...details.map((paragraph) => [help.boxWrap(paragraph, WIDTH)]),
    examples.length > 0 ? ["Examples:", ...examples] : [],
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => `\n${lines.join("\n")}`)
    .join("\n");
}

const WIDTH = 80;

/** The list of commands that the help of `program` ends with. */
export function commandList(program: string, commands: readonly Pick<Explanation, "name" | "summary">[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${program} ${name.padEnd(width)}  ${summary}`);
  return ["", "Commands:", ...lines, "", "Each has a --help of its own."].join("\n");
}
