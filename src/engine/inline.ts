// The engine without threads: each task runs on the caller's thread, after a turn of the event loop, so that signals
// and timers are served between chunks.

import { setImmediate as turn } from "node:timers/promises";
import type { ChunkKeys } from "../chunk/record.js";
import type { Engine } from "./engine.js";
import { runOpen, runSeal } from "./run.js";

export const inline: Engine = {
  width: 1,
  session: (keys: ChunkKeys) => ({
    seal: async (task) => {
      await turn();
      return runSeal(keys, task);
    },
    open: async (task) => {
      await turn();
      return runOpen(keys, task, true);
    },
    verify: async (task) => {
      await turn();
      return runOpen(keys, task, false);
    },
  }),
};
