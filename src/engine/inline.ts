// The engine without threads: each task runs on the caller's thread, after a turn of the event loop, so that signals
// and timers are served between chunks.

import { setImmediate as turn } from "node:timers/promises";
import type { ChunkKeys } from "../format/record.js";
import type { Engine, Session } from "./engine.js";
import { runFrames } from "./frames.js";
import { runOpen, runSeal, runVerify } from "./run.js";

export const inline: Engine = { session: inlineSession };

export function inlineSession(keys: ChunkKeys): Session {
  return {
    width: 1,
    seal: async (task) => {
      await turn();
      return runSeal(keys, task);
    },
    open: async (task) => {
      await turn();
      return runOpen(keys, task);
    },
    verify: async (task) => {
      await turn();
      return runVerify(keys, task);
    },
    frames: async (task) => {
      await turn();
      return runFrames(keys, task);
    },
    close: async () => {},
  };
}
