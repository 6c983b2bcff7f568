// All commands. `seal` is the one without a name of its own on the command line.

import type { CommandDefinition, CommandGroup } from "../command.js";
import { completionCommand } from "./completion.js";
import { contactsCommand } from "./contacts.js";
import { inspectCommand } from "./inspect.js";
import { keygenCommand } from "./keygen.js";
import { openCommand } from "./open.js";
import { pubCommand } from "./pub.js";
import { rewrapCommand } from "./rewrap.js";
import { sealCommand } from "./seal.js";
import { verifyCommand } from "./verify.js";

export { openCommand, sealCommand };

/** The commands that are called by name: `seal open …`. */
export const COMMANDS: readonly CommandDefinition[] = [
  openCommand,
  verifyCommand,
  inspectCommand,
  rewrapCommand,
  keygenCommand,
  pubCommand,
  contactsCommand,
  completionCommand(() => ({ seal: sealCommand, open: openCommand, commands: COMMANDS, groups: GROUPS })),
];

/** The words by which `seal` is told to run a command. */
export function calledBySeal(definition: CommandDefinition): string {
  return definition === sealCommand ? "seal" : `seal ${definition.name}`;
}

/** Those that have commands of their own: `seal journal append …`. */
export const GROUPS: readonly CommandGroup[] = [
  {
    name: "accept",
    summary: "the senders that an identity accepts: add, remove, list",
    load: async () => (await import("./accept.js")).ACCEPT_COMMANDS,
  },
  {
    name: "journal",
    summary: "many small records over time: append, read, verify, drop, unlock",
    load: async () => (await import("./journal/index.js")).JOURNAL_COMMANDS,
  },
];
