// Completion for bash: what seal.bash has to know of the commands.

import type { Argument } from "commander";
import type { Syntax } from "../definitions.js";
import { fill } from "./fill.js";
import script from "./seal.bash";
import { flagsOf, kindOfArgument, kindOfOption, type Syntaxes, type Word, wordsIn, wordsOf } from "./values.js";

export function bashScript(syntaxes: Syntaxes): string {
  const { seal, groups } = syntaxes;
  return fill(script, {
    commands: [namesOf(wordsOf(syntaxes))],
    groups: groups.map((group) => `${group.name}) known='${namesOf(wordsIn(syntaxes, group))}' ;;`),
    flags: seal.map(flagsCase),
    "option kinds": seal.flatMap(optionCases),
    "argument kinds": seal.flatMap(argumentCases),
  });
}

function namesOf(words: readonly Word[]): string {
  return words.map(({ name }) => name).join(" ");
}

function flagsCase({ definition, options }: Syntax): string {
  return `'${definition.name}') flags='${options.flatMap(flagsOf).join(" ")}' ;;`;
}

function optionCases({ definition, options }: Syntax): string[] {
  return options
    .filter(({ required }) => required)
    .map((option) => {
      const patterns = flagsOf(option).map((flag) => `'${definition.name} ${flag}'`);
      return `${patterns.join(" | ")}) kind='${oneOf(option) ?? kindOfOption(option)}' ;;`;
    });
}

function argumentCases(syntax: Syntax): string[] {
  return syntax.arguments.map((argument, index) => {
    const kind = oneOf(argument) ?? kindOfArgument(argument, syntax);
    const { name } = syntax.definition;
    return `${argument.variadic ? `'${name} '*` : `'${name} ${index}'`}) kind='${kind}' ;;`;
  });
}

/** The words that it may be; null where it may be any. */
function oneOf({ argChoices }: Pick<Argument, "argChoices">): string | null {
  return argChoices ? `one of ${argChoices.join(" ")}` : null;
}
