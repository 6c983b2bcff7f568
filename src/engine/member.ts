// One thread of a pool.

import { existsSync } from "node:fs";
import { SealError } from "../errors.js";
import type { StanzasResult, StanzasTask, TrialsResult, TrialsTask } from "./engine.js";
import {
  type AnyResult,
  type FromWorker,
  fromFailure,
  type StanzasMessage,
  type ToThread,
  type TrialsMessage,
  type Work,
} from "./messages.js";
import { startEngineThread, type Thread } from "./thread.js";

/**
 * The worker's file; null where a bundler has left it behind, or has made this a script that does not know where it is.
 */
let workerFile: URL | null | undefined;

/** Built, the worker is beside the bundle that this module is in; run from source, it comes from the build. */
function findWorker(): URL | null {
  const here: string | undefined = import.meta.url;
  if (here?.startsWith("file:")) {
    const file = new URL(here.endsWith(".ts") ? "../../dist/worker.cjs" : "./worker.cjs", here);
    if (existsSync(file)) return file;
  }
  process.emitWarning("worker.cjs of @sealed-files/seal is not beside the bundle: all work runs on one thread", {
    code: "SEAL_NO_WORKER",
    detail:
      "Copy dist/worker.cjs of the package to the directory of your bundle, or exclude the package from the bundle.",
  });
  return null;
}

interface Waiting {
  readonly resolve: (result: Answer | null) => void;
  readonly reject: (error: SealError) => void;
}

/** What only a thread of Node's makes. */
type OfNode = StanzasResult | TrialsResult;
type Answer = AnyResult | OfNode;
type Asked = Work | Omit<StanzasMessage, "id"> | Omit<TrialsMessage, "id">;

/** What goes over to the thread instead of being copied. */
function memoryOf(work: Asked): ArrayBuffer[] {
  if (work.say === "forget") return [];
  if (work.say === "stanzas") return [work.task.fileKey.buffer];
  if (work.say === "trials") return [work.task.bodies.buffer];
  const { task } = work;
  const keys = work.say === "frames" && work.task.keys ? [work.task.keys.buffer] : [];
  return task.buffer ? [task.buffer.buffer, ...keys] : [];
}

/** null where a limit of the system's forbids it (on processes, threads or memory), or the worker's file is missing. */
export function startMember(suite: string): Member | null {
  workerFile = workerFile === undefined ? findWorker() : workerFile;
  if (!workerFile) return null;
  const thread = startEngineThread(workerFile, suite);
  return thread && new Member(thread);
}

/** It keeps the process alive only while it is working. */
export class Member {
  readonly #thread: Thread;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(thread: Thread) {
    this.#thread = thread;
    const { worker } = thread;
    worker.on("message", (message: FromWorker<OfNode>) => this.#answer(message));
    // Node delivers everything that the thread has said before this.
    worker.on("exit", () => this.#failAll());
  }

  /** Whether it has begun to work, or could. */
  get ready(): boolean {
    return this.#thread.isReady;
  }

  get dead(): boolean {
    return this.#thread.ended !== null;
  }

  /** How many tasks it has. */
  get load(): number {
    return this.#waiting.size;
  }

  tell(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#thread.worker.postMessage(message, transfer);
  }

  run(message: Exclude<Work, { say: "forget" }>): Promise<AnyResult> {
    return this.#ask(message) as Promise<AnyResult>;
  }

  make(task: StanzasTask): Promise<StanzasResult> {
    return this.#ask({ say: "stanzas", task }) as Promise<StanzasResult>;
  }

  /** It must have been told the session's keys. */
  open(session: number, task: TrialsTask): Promise<TrialsResult> {
    return this.#ask({ say: "trials", session, task }) as Promise<TrialsResult>;
  }

  /** Done when it has erased a session's keys, or is no more. */
  async forget(session: number): Promise<void> {
    if (!this.dead) await this.#ask({ say: "forget", session }).catch(() => undefined);
  }

  /** `message` without its id. */
  #ask(message: Asked): Promise<Answer | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#thread.worker.ref();
      const id = this.#lastId++;
      this.#waiting.set(id, { resolve, reject });
      this.tell({ ...message, id }, memoryOf(message));
    });
  }

  async end(): Promise<void> {
    await this.#thread.worker.terminate();
  }

  #answer(message: FromWorker<OfNode>): void {
    if ("ready" in message) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#thread.worker.unref();
    if ("failure" in message) waiting?.reject(fromFailure(message.failure));
    else waiting?.resolve("forgotten" in message ? null : message.result);
  }

  #failAll(): void {
    const reason = this.#thread.ended!;
    // A thread does not start in a directory that is gone.
    const code = reason.includes("uv_cwd") ? "io" : "internal";
    const error = new SealError(code, `a worker thread died: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
