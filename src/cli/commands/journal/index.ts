// The commands of `seal journal`.

import type { CommandDefinition } from "../../command.js";
import { append } from "./append.js";
import { read } from "./read.js";
import { verify } from "./verify.js";

export const JOURNAL_COMMANDS: readonly CommandDefinition[] = [append, read, verify];
