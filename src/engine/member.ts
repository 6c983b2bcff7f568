// One thread of a pool.

import { existsSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { SealError } from "../errors.js";
import type { StanzasResult, StanzasTask } from "./engine.js";
import {
  type AnyResult,
  type FromWorker,
  fromFailure,
  type StanzasMessage,
  type ToWorker,
  type Work,
} from "./messages.js";

/**
 * The worker's file; null where a bundler has left it behind, or has made this a script that does not know where it is.
 */
let workerFile: URL | null | undefined;

/** Built, the worker is beside the bundle that this module is in; run from source, it comes from the build. */
function findWorker(): URL | null {
  const here: string | undefined = import.meta.url;
  if (here?.startsWith("file:")) {
    const file = new URL(here.endsWith(".ts") ? "../../dist/worker.mjs" : "./worker.mjs", here);
    if (existsSync(file)) return file;
  }
  process.emitWarning("worker.mjs of @sealed-files/seal is not beside the bundle: all work runs on one thread", {
    code: "SEAL_NO_WORKER",
    detail:
      "Copy dist/worker.mjs of the package to the directory of your bundle, or exclude the package from the bundle.",
  });
  return null;
}

interface Waiting {
  readonly resolve: (result: AnyResult | StanzasResult | null) => void;
  readonly reject: (error: SealError) => void;
}

type Asked = Work | Omit<StanzasMessage, "id">;

/** What goes over to the thread instead of being copied. */
function memoryOf(work: Asked): ArrayBuffer[] {
  if (work.say === "forget") return [];
  if (work.say === "stanzas") return [work.task.fileKey.buffer];
  const { task } = work;
  const keys = work.say === "frames" && work.task.keys ? [work.task.keys.buffer] : [];
  return task.buffer ? [task.buffer.buffer, ...keys] : [];
}

/** null where a limit of the system's forbids it (on processes, threads or memory), or the worker's file is missing. */
export function startMember(suite: string): Member | null {
  workerFile = workerFile === undefined ? findWorker() : workerFile;
  if (!workerFile) return null;
  try {
    return new Member(suite, workerFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_INIT_FAILED") return null;
    throw error;
  }
}

/** It keeps the process alive only while it is working. */
export class Member {
  dead = false;
  /** Whether it has begun to work, or could. */
  ready = false;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(suite: string, file: URL) {
    // Loaded with the first thread, as many runs need none.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    this.#worker = new Worker(file, {
      workerData: { suite },
      // The objects of a task are few and small: more would only let memory grow with the file.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      // With streams of its own, a worker does not make the process's stdout non-blocking.
      stdout: true,
      stderr: true,
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromWorker<StanzasResult>) => this.#answer(message));
    this.#worker.on("error", (error) => this.#die(error.message));
    this.#worker.on("exit", (status) => this.#die(`it ended with status ${status}`));
  }

  /** How many tasks it has. */
  get load(): number {
    return this.#waiting.size;
  }

  tell(message: ToWorker | StanzasMessage, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  run(message: Exclude<Work, { say: "forget" }>): Promise<AnyResult> {
    return this.#ask(message) as Promise<AnyResult>;
  }

  make(task: StanzasTask): Promise<StanzasResult> {
    return this.#ask({ say: "stanzas", task }) as Promise<StanzasResult>;
  }

  /** Done when it has erased a session's keys, or is no more. */
  async forget(session: number): Promise<void> {
    if (!this.dead) await this.#ask({ say: "forget", session }).catch(() => undefined);
  }

  /** `message` without its id. */
  #ask(message: Asked): Promise<AnyResult | StanzasResult | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      const id = this.#lastId++;
      this.#waiting.set(id, { resolve, reject });
      this.tell({ ...message, id }, memoryOf(message));
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(message: FromWorker<StanzasResult>): void {
    this.ready = true;
    if ("ready" in message) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("failure" in message) waiting?.reject(fromFailure(message.failure));
    else waiting?.resolve("forgotten" in message ? null : message.result);
  }

  #die(reason: string): void {
    this.dead = true;
    // A thread does not start in a directory that is gone.
    const code = reason.includes("uv_cwd") ? "io" : "internal";
    const error = new SealError(code, `a worker thread died: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
