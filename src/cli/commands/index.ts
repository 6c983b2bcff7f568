// All commands. `seal` is the one without a name of its own on the command line.

import type { CommandDefinition, CommandGroup } from "../command.js";
import { completion } from "./completion.js";
import { contacts } from "./contacts.js";
import { inspect } from "./inspect.js";
import { keygen } from "./keygen.js";
import { open } from "./open.js";
import { pub } from "./pub.js";
import { rewrap } from "./rewrap.js";
import { seal } from "./seal.js";
import { verify } from "./verify.js";

export { open, seal };

/** The commands that are called by name: `seal open …`. */
export const COMMANDS: readonly CommandDefinition[] = [
  open,
  verify,
  inspect,
  rewrap,
  keygen,
  pub,
  contacts,
  completion(() => ({ seal, open, commands: COMMANDS, groups: GROUPS })),
];

/** The words by which `seal` is told to run a command. */
export function calledBySeal(definition: CommandDefinition): string {
  return definition === seal ? "seal" : `seal ${definition.name}`;
}

/** Those that have commands of their own: `seal journal append …`. */
export const GROUPS: readonly CommandGroup[] = [
  {
    name: "journal",
    summary: "many small records over time: append, read, verify",
    load: async () => (await import("./journal/index.js")).JOURNAL_COMMANDS,
  },
];
