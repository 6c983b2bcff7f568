// The engine of browsers, with Web Workers. Who calls works itself until a worker has said that it is there: it may
// never come, where a page's policy forbids it.

import { copySecret } from "../crypto/secret.js";
import type { WebCrypto } from "../crypto/web.js";
import { SealError } from "../errors.js";
import type { ChunkKeys } from "../format/record.js";
import type { Engine, FramesResult, FramesTask, OpenTaskResult, Session, Task, Verb } from "./engine.js";
import { type AnyResult, type FromWorker, fromFailure, type ToWorker, type Work } from "./messages.js";
import { webSession } from "./web-session.js";

/** What is needed of a Web Worker. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message" | "error" | "messageerror", listener: (event: { data?: unknown }) => void): void;
  terminate(): void;
  /** Outside of browsers: whether it keeps the process alive. */
  ref?(): void;
  unref?(): void;
}

export interface WebEngineOptions {
  /** How many workers, at most. */
  readonly most: number;
  /** Starts a worker; null, or throws, where that cannot be. */
  start(): WorkerLike | null;
  /** An input of fewer bytes has no worker started for it. */
  readonly small?: number;
  /** What the browser has; null where nothing. */
  webCrypto(): Promise<WebCrypto | null>;
}

export interface WebEngine extends Engine {
  /** Ends the workers; they start again where they are needed again. */
  close(): void;
}

/** Below this, starting workers takes longer than it saves. */
const SMALL = 8 * 1024 * 1024;
/** As in pool.ts. */
const SMALL_FRAMES = 256;
const FRAME_BYTES = 64 * 1024;
const TASKS_AT_HAND = 2;

interface Waiting {
  readonly resolve: (result: AnyResult | null) => void;
  readonly reject: (error: SealError) => void;
}

/** One worker. It keeps no process alive but while it is working. */
class Hand {
  ready = false;
  dead = false;
  readonly #worker: WorkerLike;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(worker: WorkerLike) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.#answer(data as FromWorker));
    worker.addEventListener("error", () => this.end());
    worker.addEventListener("messageerror", () => this.end());
    worker.unref?.();
  }

  get load(): number {
    return this.#waiting.size;
  }

  tell(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  run(work: Exclude<Work, { say: "forget" }>): Promise<AnyResult> {
    const { task } = work;
    const keys = work.say === "frames" && work.task.keys ? [work.task.keys.buffer] : [];
    return this.#ask(work, task.buffer ? [task.buffer.buffer, ...keys] : keys) as Promise<AnyResult>;
  }

  /** Done when it has erased a session's keys, or is no more. */
  async forget(session: number): Promise<void> {
    if (!this.dead) await this.#ask({ say: "forget", session }, []).catch(() => undefined);
  }

  #ask(work: Work, memory: ArrayBuffer[]): Promise<AnyResult | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref?.();
      const id = this.#lastId++;
      this.#waiting.set(id, { resolve, reject });
      this.tell({ ...work, id }, memory);
    });
  }

  end(): void {
    this.dead = true;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new SealError("internal", "a worker died"));
    this.#waiting.clear();
  }

  #answer(message: FromWorker): void {
    this.ready = true;
    if ("ready" in message) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref?.();
    if ("failure" in message) waiting?.reject(fromFailure(message.failure));
    else waiting?.resolve("forgotten" in message ? null : message.result);
  }
}

/** Who is there to work. */
class Hands {
  readonly #options: WebEngineOptions;
  #hands: Hand[] = [];
  /** Whether one could not be started, or died: that is not tried again. */
  #failed = false;

  constructor(options: WebEngineOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#hands.filter(isAtWork).length;
  }

  /** The one that has least to do, where one is there. More are started while all are busy. */
  next(): Hand | null {
    if (this.#hands.some(({ dead }) => dead)) this.#failed = true;
    this.#hands = this.#hands.filter(({ dead }) => !dead);
    const idlest = this.#hands
      .filter(isAtWork)
      .reduce<Hand | null>((best, next) => (best && best.load <= next.load ? best : next), null);
    if ((!idlest || idlest.load > 0) && this.#hands.length < this.#options.most) this.#another();
    return idlest;
  }

  end(): void {
    for (const hand of this.#hands) hand.end();
    this.#hands = [];
    this.#failed = false;
  }

  #another(): void {
    if (this.#failed) return;
    try {
      const worker = this.#options.start();
      if (worker) this.#hands.push(new Hand(worker));
      else this.#failed = true;
    } catch {
      this.#failed = true;
    }
  }
}

const isAtWork = ({ ready, dead }: Hand) => ready && !dead;

export function webEngine(options: WebEngineOptions): WebEngine {
  const hands = new Hands(options);
  let sessions = 0;
  return {
    session: (keys, size) => {
      const inline = later(options.webCrypto().then((web) => webSession(keys, web)));
      return options.most === 0 || (size !== null && size < (options.small ?? SMALL))
        ? inline
        : shared(keys, sessions++, hands, inline);
    },
    close: () => hands.end(),
  };
}

/** A session that is there in a moment. */
function later(coming: Promise<Session>): Session {
  let there: Session | null = null;
  coming.then(
    (session) => {
      there = session;
    },
    () => undefined,
  );
  return {
    get width() {
      return there?.width ?? 2;
    },
    seal: async (task) => (await coming).seal(task),
    open: async (task) => (await coming).open(task),
    verify: async (task) => (await coming).verify(task),
    frames: async (task) => (await coming).frames(task),
    close: async () => there?.close(),
  };
}

function shared(keys: ChunkKeys, id: number, hands: Hands, inline: Session): Session {
  const told = new Set<Hand>();
  const next = (): Hand | null => {
    const hand = hands.next();
    if (hand && !told.has(hand)) {
      const payloadKey = keys.payloadKey && copySecret(keys.payloadKey);
      const { coreHash, signed, recordKey } = keys;
      const message = {
        say: "keys",
        session: id,
        payloadKey,
        coreHash,
        signed,
        recordKey: recordKey?.publicKey ?? null,
      };
      hand.tell(message as ToWorker, payloadKey ? [payloadKey.buffer] : []);
      told.add(hand);
    }
    return hand;
  };
  const run = (verb: Verb, task: Task): Promise<AnyResult> => {
    const hand = task.index === 0 && task.final ? null : next();
    return hand?.run({ say: "task", session: id, verb, task }) ?? inline[verb](task);
  };
  let before = 0;
  const frames = (task: FramesTask): Promise<AnyResult> => {
    const isWorth = before >= SMALL_FRAMES;
    if (!isWorth) before += task.lengths.length + task.buffer.length / FRAME_BYTES;
    const hand = isWorth ? next() : null;
    return hand?.run({ say: "frames", session: id, task }) ?? inline.frames(task);
  };
  return {
    get width() {
      return Math.max(inline.width, TASKS_AT_HAND * hands.count);
    },
    seal: (task) => run("seal", task) as ReturnType<Session["seal"]>,
    open: (task) => run("open", task) as Promise<OpenTaskResult>,
    verify: (task) => run("verify", task) as Promise<OpenTaskResult>,
    frames: (task) => frames(task) as Promise<FramesResult>,
    close: async () => {
      await Promise.all([...[...told].map((hand) => hand.forget(id)), inline.close()]);
    },
  };
}
