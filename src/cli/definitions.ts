// What both programs understand, as the definitions of their commands say it: for manual pages and shell completion.

import type { Argument, Command, Option } from "commander";
import { type CommandDefinition, type CommandGroup, collect, makeCommand } from "./command.js";

export interface Definitions {
  /** Sealing, which has no word of its own. */
  readonly seal: CommandDefinition;
  /** What the program `open` does. */
  readonly open: CommandDefinition;
  /** The commands that `seal` is told by a word. */
  readonly commands: readonly CommandDefinition[];
  /** Those that it is told by two. */
  readonly groups: readonly CommandGroup[];
}

export interface Syntax {
  readonly definition: CommandDefinition;
  /** What it is called by: `seal`, `seal open`, `open`. */
  readonly called: string;
  readonly command: Command;
  /** All that --help shows. */
  readonly options: readonly Option[];
  readonly repeatable: ReadonlySet<Option>;
  readonly arguments: readonly Argument[];
}

export function syntaxOf(definition: CommandDefinition, called: string): Syntax {
  const command = makeCommand(definition, called, "");
  const options = command.createHelp().visibleOptions(command);
  const repeatable = new Set(options.filter(({ parseArg }) => parseArg === collect));
  return { definition, called, command, options, repeatable, arguments: command.registeredArguments };
}

/** Sealing, and then each command of `seal`; one of a group has both words for its name. */
export async function syntaxesOf({ seal, commands, groups }: Definitions): Promise<readonly Syntax[]> {
  const inGroups = groups.map(async ({ name, load }) =>
    (await load()).map((definition) => ({ ...definition, name: `${name} ${definition.name}` })),
  );
  const all = [...commands, ...(await Promise.all(inGroups)).flat()];
  return [syntaxOf(seal, "seal"), ...all.map((definition) => syntaxOf(definition, `seal ${definition.name}`))];
}
