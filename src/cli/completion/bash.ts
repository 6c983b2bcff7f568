// Completion for bash: what seal.bash has to know of the commands.

import { type Definitions, type Syntax, syntaxesOf } from "../definitions.js";
import { fill } from "./fill.js";
import script from "./seal.bash";
import { flagsOf, kindOfArgument, kindOfOption } from "./values.js";

export function bashScript(definitions: Definitions): string {
  const syntaxes = syntaxesOf(definitions);
  return fill(script, {
    commands: [definitions.commands.map(({ name }) => name).join(" ")],
    flags: syntaxes.map(flagsCase),
    "option kinds": syntaxes.flatMap(optionCases),
    "argument kinds": syntaxes.flatMap(argumentCases),
  });
}

function flagsCase({ definition, options }: Syntax): string {
  return `${definition.name}) flags='${options.flatMap(flagsOf).join(" ")}' ;;`;
}

function optionCases({ definition, options }: Syntax): string[] {
  return options
    .filter(({ required }) => required)
    .map((option) => {
      const patterns = flagsOf(option).map((flag) => `'${definition.name} ${flag}'`);
      return `${patterns.join(" | ")}) kind='${kindOfOption(option)}' ;;`;
    });
}

function argumentCases(syntax: Syntax): string[] {
  return syntax.arguments.map((argument, index) => {
    const choices = argument.argChoices?.join(" ");
    const kind = choices ? `one of ${choices}` : kindOfArgument(argument, syntax);
    const { name } = syntax.definition;
    return `${argument.variadic ? `'${name} '*` : `'${name} ${index}'`}) kind='${kind}' ;;`;
  });
}
