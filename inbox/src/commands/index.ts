// All commands, in the order in which help and manual list them.

import type { Command } from "../arguments.js";
import { add } from "./add.js";
import { completion } from "./completion.js";
import { init } from "./init.js";
import { list } from "./list.js";
import { quota } from "./quota.js";
import { recipients } from "./recipients.js";
import { remove } from "./remove.js";
import { retention, shorten } from "./retention.js";
import { serve } from "./serve.js";
import { create, listTokens, revoke } from "./token.js";
import { unlock } from "./unlock.js";

export const COMMANDS: readonly Command[] = [
  init,
  add,
  list,
  recipients,
  create,
  listTokens,
  revoke,
  quota,
  retention,
  shorten,
  remove,
  serve,
  unlock,
  completion(() => COMMANDS),
];
