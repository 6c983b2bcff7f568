// The commands of `seal journal`.

import type { CommandDefinition } from "../../command.js";
import { append } from "./append.js";

export const JOURNAL_COMMANDS: readonly CommandDefinition[] = [append];
