// The engine with threads. Results come back as they are done; whoever asked keeps the order.

import { setImmediate as turn } from "node:timers/promises";
import { copySecret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { ChunkKeys } from "../format/record.js";
import type {
  Engine,
  FramesResult,
  FramesTask,
  OpenTaskResult,
  Session,
  StanzaMaker,
  StanzasTask,
  Task,
  Verb,
} from "./engine.js";
import { inlineSession } from "./inline.js";
import { type Member, startMember } from "./member.js";
import type { AnyResult, ToWorker } from "./messages.js";
import { stanzasHere } from "./stanzas.js";

/** Below this, starting threads takes longer than it saves. */
const SMALL = 16 * 1024 * 1024;
/** The same for the frames of a journal: as many, of which each counts as one and one more for so many bytes. */
const SMALL_FRAMES = 256;
const FRAME_BYTES = 64 * 1024;
/** The same for stanzas. */
const SMALL_HEADER = 256;
/** A worker with one task fewer would wait until this thread gives it one. */
const TASKS_AT_HAND = 2;

export interface PoolEngine extends Engine {
  /** Starts all threads, which otherwise start when they are needed: they take a while to be ready. */
  start(suite: Suite): void;
  /** Ends the threads; they start again where they are needed again. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** An input of fewer bytes has no thread started for it. */
  readonly small?: number;
  /**
   * Whether the calling thread is one of them, and works on a chunk at a time: for a program that has nothing else to
   * do meanwhile.
   */
  readonly helps?: boolean;
}

/**
 * An engine of `threads` threads, started when they are first needed. With one, or for small inputs, it works inline;
 * so it does where the system has no thread to give.
 */
export function poolEngine(threads: number, { small = SMALL, helps = false }: PoolOptions = {}): PoolEngine {
  const crew = new Crew(threads <= 1 ? 0 : helps ? threads - 1 : threads, helps);
  let sessions = 0;
  return {
    session: (keys, size) =>
      threads <= 1 || (size !== null && size < small)
        ? inlineSession(keys)
        : pooledSession(keys, { id: sessions++, small, crew }),
    stanzas: (suite, count) => (threads <= 1 || count < SMALL_HEADER ? null : stanzaMaker(suite, crew)),
    start: ({ name }) => crew.start(name),
    close: () => crew.end(),
  };
}

/** Who is there to work. */
class Crew {
  readonly #most: number;
  readonly #helps: boolean;
  #members: Member[] = [];
  #here = 0;

  /** `most`: workers. `helps`: as of PoolOptions. */
  constructor(most: number, helps: boolean) {
    this.#most = most;
    this.#helps = helps;
  }

  /**
   * How many tasks are worth having in flight: of each thread, one at work and one at hand, so that none stands still
   * until this one gets a core to answer on.
   */
  get width(): number {
    const threads = this.#helps ? 1 + this.#members.filter(isAtWork).length : this.#most;
    return TASKS_AT_HAND * threads;
  }

  /** Who takes the next task; null where that is the calling thread. */
  next(suite: string): Member | null {
    return this.#helps ? this.#ready(suite) : this.#least(suite);
  }

  /** Has the calling thread work. */
  async here<T>(work: () => Promise<T>): Promise<T> {
    this.#here += 1;
    try {
      return await work();
    } finally {
      this.#here -= 1;
    }
  }

  start(suite: string): void {
    while (this.#members.length < this.#most && this.#another(suite));
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
    this.#members = [];
  }

  #another(suite: string): Member | null {
    const member = startMember(suite);
    if (member) this.#members.push(member);
    return member;
  }

  /** The worker with the least to do; a further one is started only where all are busy. */
  #least(suite: string): Member | null {
    if (this.#members.some(({ dead }) => dead)) this.#members = [];
    const idlest = leastOf(this.#members);
    if (idlest && (idlest.load === 0 || this.#members.length === this.#most)) return idlest;
    return this.#another(suite) ?? idlest;
  }

  /** As `#least`, of those that have started; what they have no time for is done here. Who cannot start stays. */
  #ready(suite: string): Member | null {
    this.#members = this.#members.filter(({ dead, ready }) => !(dead && ready));
    const idlest = leastOf(this.#members.filter(isAtWork));
    if ((!idlest || idlest.load > 0) && this.#members.length < this.#most) this.#another(suite);
    return idlest && (idlest.load < TASKS_AT_HAND || this.#here > 0) ? idlest : null;
  }
}

const isAtWork = ({ dead, ready }: Member) => ready && !dead;

function leastOf(members: readonly Member[]): Member | null {
  return members.reduce<Member | null>((best, next) => (best && best.load <= next.load ? best : next), null);
}

function stanzaMaker(suite: Suite, crew: Crew): StanzaMaker {
  const here = stanzasHere(suite);
  const made = async (task: StanzasTask) => {
    // Answers of threads come in between.
    await turn();
    return here.make(task);
  };
  return {
    get width() {
      return crew.width;
    },
    make: (task) => crew.next(suite.name)?.make(task) ?? crew.here(() => made(task)),
  };
}

interface Pooled {
  readonly id: number;
  readonly small: number;
  readonly crew: Crew;
}

/** A first chunk that is also the last is not worth a thread, nor are a few frames: so short pipes start none. */
function pooledSession(keys: ChunkKeys, { id, small, crew }: Pooled): Session {
  const inline = inlineSession(keys);
  const told = new Set<Member>();
  const next = (): Member | null => {
    const member = crew.next(keys.suite.name);
    if (member && !told.has(member)) {
      const { message, memory } = keysMessage(keys, id);
      member.tell(message, memory);
      told.add(member);
    }
    return member;
  };
  const run = (verb: Verb, task: Task): Promise<AnyResult> => {
    const isAlone = task.index === 0 && task.final;
    const member = isAlone ? null : next();
    return member?.run({ say: "task", session: id, verb, task }) ?? crew.here<AnyResult>(() => inline[verb](task));
  };
  let before = small === 0 ? SMALL_FRAMES : 0;
  const frames = (task: FramesTask): Promise<AnyResult> => {
    const isWorth = before >= SMALL_FRAMES;
    if (!isWorth) before += task.lengths.length + task.buffer.length / FRAME_BYTES;
    const member = isWorth ? next() : null;
    return member?.run({ say: "frames", session: id, task }) ?? crew.here(() => inline.frames(task));
  };
  return {
    get width() {
      return crew.width;
    },
    seal: (task) => run("seal", task) as ReturnType<Session["seal"]>,
    open: (task) => run("open", task) as Promise<OpenTaskResult>,
    verify: (task) => run("verify", task) as Promise<OpenTaskResult>,
    frames: (task) => frames(task) as Promise<FramesResult>,
    close: async () => {
      await Promise.all([...told].map((member) => member.forget(id)));
    },
  };
}

/**
 * The key goes over as memory of the thread's own: what is not handed over is copied on the way, and such copies are
 * not erased.
 */
function keysMessage(keys: ChunkKeys, session: number): { message: ToWorker; memory: ArrayBuffer[] } {
  const { coreHash, signed } = keys;
  const payloadKey = keys.payloadKey && copySecret(keys.payloadKey);
  const recordKey = keys.recordKey?.publicKey ?? null;
  const message: ToWorker = { say: "keys", session, payloadKey, coreHash, signed, recordKey };
  return { message, memory: payloadKey ? [payloadKey.buffer] : [] };
}
