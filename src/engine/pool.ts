// The engine with threads. Results come back as they are done; whoever asked keeps the order.

import type { Worker } from "node:worker_threads";
import type { ChunkKeys } from "../chunk/record.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import type { Engine, FramesResult, FramesTask, OpenResult, Session, Task, Verb } from "./engine.js";
import { inlineSession } from "./inline.js";
import {
  type AnyResult,
  type FramesMessage,
  type FromWorker,
  fromFailure,
  type TaskMessage,
  type ToWorker,
} from "./messages.js";

/** Below this, starting threads takes longer than it saves. */
export const SMALL = 16 * 1024 * 1024;
/** The same for the frames of a journal: as many, of which each counts as one and one more for so many bytes. */
const SMALL_FRAMES = 256;
const FRAME_BYTES = 64 * 1024;

/** Built, the worker stands beside the bundle that this module is in; run from source, it is taken from there. */
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "../../dist/worker.js" : "./worker.js", import.meta.url);

export interface PoolEngine extends Engine {
  /** Starts all threads, which otherwise start when they are needed: they take a while to be ready. */
  start(suite: Suite): void;
  /** Ends the threads; they start again where they are needed again. */
  close(): Promise<void>;
}

/**
 * An engine of `threads` worker threads, started when they are first needed. With one, or for inputs of fewer than `small` bytes, it
 * works inline; so it does where the system has no thread to give.
 */
export function poolEngine(threads: number, { small = SMALL } = {}): PoolEngine {
  let members: Member[] = [];
  let sessions = 0;

  const another = (suite: string): Member | null => {
    const member = startMember(suite);
    if (member) members.push(member);
    return member;
  };
  /** The thread with the least to do; a further one is started only where all are busy. null where there is none. */
  const least = (suite: string): Member | null => {
    if (members.some(({ dead }) => dead)) members = [];
    const idlest = members.reduce<Member | null>((best, next) => (best && best.load <= next.load ? best : next), null);
    if (idlest && (idlest.load === 0 || members.length === threads)) return idlest;
    return another(suite) ?? idlest;
  };

  return {
    // Each thread has a task at hand while another waits for it: none stands still until the main thread gets a core to answer on.
    session: (keys, size) =>
      threads <= 1 || (size !== null && size < small)
        ? inlineSession(keys)
        : pooledSession(keys, sessions++, 2 * threads, small, () => least(keys.suite.name)),
    start: (suite) => {
      while (threads > 1 && members.length < threads && another(suite.name));
    },
    close: async () => {
      await Promise.all(members.map((member) => member.end()));
      members = [];
    },
  };
}

/** A first chunk that is also the last is not worth a thread, nor are a few frames: so short pipes start none. */
function pooledSession(keys: ChunkKeys, id: number, width: number, small: number, least: () => Member | null): Session {
  const inline = inlineSession(keys);
  const told = new Set<Member>();
  const member = (): Member | null => {
    const member = least();
    if (member && !told.has(member)) {
      member.tell(keysMessage(keys, id));
      told.add(member);
    }
    return member;
  };
  const run = (verb: Verb, task: Task): Promise<AnyResult> => {
    const isAlone = task.index === 0 && task.final;
    return (isAlone ? null : member())?.run({ say: "task", session: id, verb, task }) ?? inline[verb](task);
  };
  let before = small === 0 ? SMALL_FRAMES : 0;
  const frames = (task: FramesTask): Promise<AnyResult> => {
    const isWorth = before >= SMALL_FRAMES;
    if (!isWorth) before += task.lengths.length + task.buffer.length / FRAME_BYTES;
    return (isWorth ? member() : null)?.run({ say: "frames", session: id, task }) ?? inline.frames(task);
  };
  return {
    width,
    seal: (task) => run("seal", task) as ReturnType<Session["seal"]>,
    open: (task) => run("open", task) as Promise<OpenResult>,
    verify: (task) => run("verify", task) as Promise<OpenResult>,
    frames: (task) => frames(task) as Promise<FramesResult>,
    close: () => {
      for (const member of told) member.tell({ say: "forget", session: id });
    },
  };
}

function keysMessage({ payloadKey, coreHash, signed, signer }: ChunkKeys, session: number): ToWorker {
  return { say: "keys", session, payloadKey, coreHash, signed, signer: signer?.publicKey ?? null };
}

interface Waiting {
  readonly resolve: (result: AnyResult) => void;
  readonly reject: (error: SealError) => void;
}

type Work = Omit<TaskMessage, "id"> | Omit<FramesMessage, "id">;

/** What goes over to the thread instead of being copied. */
function memoryOf({ say, task }: Work): ArrayBuffer[] {
  const keys = say === "frames" && task.keys ? [task.keys.buffer] : [];
  return task.buffer ? [task.buffer.buffer, ...keys] : [];
}

/** null where a limit of the system's forbids it: on processes and threads, or on memory. */
function startMember(suite: string): Member | null {
  try {
    return new Member(suite);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_INIT_FAILED") return null;
    throw error;
  }
}

/** One thread of a pool. It keeps the process alive only while it is working. */
class Member {
  dead = false;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(suite: string) {
    // Loaded with the first thread, as many runs need none.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    this.#worker = new Worker(WORKER, {
      workerData: { suite },
      // The objects of a task are few and small: more would only let memory grow with the file.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      // With streams of its own, a worker does not make the process's stdout non-blocking.
      stdout: true,
      stderr: true,
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromWorker) => this.#answer(message));
    this.#worker.on("error", (error) => this.#die(error.message));
    this.#worker.on("exit", (status) => this.#die(`it ended with status ${status}`));
  }

  /** How many tasks it has. */
  get load(): number {
    return this.#waiting.size;
  }

  tell(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** `message` without its id. */
  run(message: Work): Promise<AnyResult> {
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

  #answer(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("failure" in message) waiting?.reject(fromFailure(message.failure));
    else waiting?.resolve(message.result);
  }

  #die(reason: string): void {
    this.dead = true;
    const error = new SealError("internal", `a worker thread died: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
