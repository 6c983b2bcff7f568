// A thread of Node's, as seen from outside and from inside.

import type { ResourceLimits, Transferable, Worker } from "node:worker_threads";

/** A thread, for whoever started it. It is watched from the start: it may be given to another before it is ready. */
export interface Thread {
  readonly worker: Worker;
  /** Whether it has said anything, so that it can be given work. */
  isReady: boolean;
  /** Why it is no more; null while it is. */
  ended: string | null;
}

/** A limit of the system's (on processes, threads or memory), and Node's own permissions. */
const NONE = ["ERR_WORKER_INIT_FAILED", "ERR_ACCESS_DENIED"];

/** Starts a thread, which keeps no process alive; null where none can be had. */
export function startThread(file: URL | string, data: unknown, resourceLimits: ResourceLimits = {}): Thread | null {
  const worker = startWorker(file, data, resourceLimits);
  if (!worker) return null;
  const thread: Thread = { worker, isReady: false, ended: null };
  worker.unref();
  worker.once("message", () => {
    thread.isReady = true;
  });
  worker.on("error", (thrown: unknown) => {
    thread.ended = thrown instanceof Error ? thrown.message : String(thrown);
  });
  worker.on("exit", (status) => {
    thread.ended ??= `it ended with status ${status}`;
  });
  return thread;
}

function startWorker(file: URL | string, workerData: unknown, resourceLimits: ResourceLimits): Worker | null {
  // Loaded with the first thread, as many runs need none.
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  try {
    // With streams of its own, a worker does not make the process's stdout non-blocking.
    return new Worker(file, { workerData, resourceLimits, stdout: true, stderr: true });
  } catch (error) {
    if (NONE.includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** Starts a thread for an engine. */
export function startEngineThread(file: URL | string, suite: string): Thread | null {
  // The objects of a task are few and small: more would only let memory grow with the file.
  return startThread(file, { suite }, { maxYoungGenerationSizeMb: 2 });
}

/** A thread, for the code that runs in it. */
export interface OwnThread<In, Out> {
  /** What it was started with. */
  readonly data: unknown;
  say(message: Out, memory?: readonly Transferable[]): void;
  /** Messages that came before are delivered then. */
  hear(listener: (message: In) => void): void;
}

export function ownThread<In, Out>(): OwnThread<In, Out> {
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
  return {
    data: workerData,
    say: (message, memory) => parentPort!.postMessage(message, memory),
    hear: (listener) => parentPort!.on("message", listener),
  };
}
