// A browser's session without workers: on the thread that calls, which WebCrypto leaves free.

import type { WebCrypto } from "../crypto/web.js";
import type { ChunkKeys } from "../format/record.js";
import type { OpenTaskResult, Session } from "./engine.js";
import { runWebFrames } from "./web-frames.js";
import { runWebTask, type WebKeys, webKeys } from "./web-run.js";

/** Resolves when everything else that is ready has had its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** So many chunks are under way in WebCrypto, which has threads of its own; without it, one at a time is worked on. */
const WIDTH = 4;

export function webSession(keys: ChunkKeys, web: WebCrypto | null): Session {
  let made: Promise<WebKeys> | undefined;
  const ready = (): Promise<WebKeys> => {
    made ??= webKeys(keys, web);
    return made;
  };
  /** Without WebCrypto the thread is busy: others have their turn between chunks. */
  const after = <T>(work: () => Promise<T>): Promise<T> => (web ? work() : turn().then(work));
  return {
    width: web ? WIDTH : 1,
    seal: (task) => after(async () => runWebTask("seal", await ready(), task)),
    open: (task) => after(async () => runWebTask("open", await ready(), task) as Promise<OpenTaskResult>),
    verify: (task) => after(async () => runWebTask("verify", await ready(), task) as Promise<OpenTaskResult>),
    frames: (task) => turn().then(() => runWebFrames(keys.suite, web, task)),
    close: async () => {},
  };
}
