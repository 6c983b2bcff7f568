// The browser, as the library's platform: the portable suite, WebCrypto for what is large, and Web Workers.

import { callback, OPTIONS, optional, settings, whole } from "../api/arguments.js";
import { providePlatform } from "../api/platform.js";
import type { Suite } from "../crypto/suite.js";
import { webCrypto } from "../crypto/web.js";
import { type WebEngine, type WorkerLike, webEngine } from "../engine/web-pool.js";
import { scryptByWorker } from "../engine/web-scrypt.js";

/** The worker as a script, which the build puts here. */
declare const SEAL_WEB_WORKER: string;

/** How the library works. */
export interface WorkersOptions {
  /**
   * How many workers there may be; with 0, all is done on the thread that calls. By default one for each core, 4 at
   * most.
   */
  readonly most?: number;
  /**
   * Starts a worker on `dist/web-worker.js` of this package, for a page whose policy forbids those that are made of a
   * Blob (`worker-src blob:`), as the library makes them. Where it throws, or no worker comes, all is done on the
   * thread that calls.
   */
  readonly start?: () => WorkerLike;
}

const WORKERS = { most: optional(whole(0)), start: optional(callback<() => WorkerLike>) };
const MOST_BY_DEFAULT = 4;

interface Given {
  readonly most?: number | undefined;
  readonly start?: (() => WorkerLike) | undefined;
}

let given: Given = {};
let engine: WebEngine = made();
let loaded: Promise<Suite> | undefined;

providePlatform({
  suite: () => {
    loaded ??= load();
    return loaded;
  },
  engine: async () => engine,
});

/** The portable suite; what takes a second in it is done by a worker, where there are any. */
async function load(): Promise<Suite> {
  const { portable } = await import("../crypto/portable.js");
  return {
    ...portable,
    scrypt: async (passphrase, salt) =>
      (await scryptByWorker(start, passphrase, salt)) ?? portable.scrypt(passphrase, salt),
  };
}

/**
 * Sets how many workers there are, and who starts them; to be called while nothing is under way. Those that were there
 * are ended.
 */
export function useWorkers(options: WorkersOptions): void {
  given = settings(options, OPTIONS, WORKERS);
  engine.close();
  engine = made();
}

function made(): WebEngine {
  const cores = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
  return webEngine({ most: given.most ?? Math.min(MOST_BY_DEFAULT, cores), start, webCrypto });
}

/** null where none may be, or can be. */
function start(): WorkerLike | null {
  if (given.most === 0) return null;
  return given.start ? given.start() : startFromBlob();
}

/** null where there are no workers, or this was not built. */
function startFromBlob(): WorkerLike | null {
  const { Worker } = globalThis as { Worker?: new (url: string, options?: { name: string }) => WorkerLike };
  if (!Worker || typeof SEAL_WEB_WORKER === "undefined") return null;
  const url = URL.createObjectURL(new Blob([SEAL_WEB_WORKER], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "seal" });
  const revoke = () => URL.revokeObjectURL(url);
  worker.addEventListener("message", revoke);
  worker.addEventListener("error", revoke);
  return worker;
}
