// The commands of `seal journal`.

import type { CommandDefinition } from "../../command.js";
import { appendCommand } from "./append.js";
import { dropCommand } from "./drop.js";
import { readCommand } from "./read.js";
import { unlockCommand } from "./unlock.js";
import { journalVerifyCommand } from "./verify.js";

export const JOURNAL_COMMANDS: readonly CommandDefinition[] = [
  appendCommand,
  readCommand,
  journalVerifyCommand,
  dropCommand,
  unlockCommand,
];
