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
  StanzaOpener,
  Task,
  TrialKeys,
  Verb,
} from "./engine.js";
import { runFrames } from "./frames.js";
import { inlineSession } from "./inline.js";
import { Member, startMember } from "./member.js";
import type { AnyResult, ToWorker } from "./messages.js";
import { runTask } from "./run.js";
import { runTrialsAside, stanzaMakerHere, stanzaOpenerHere } from "./stanzas.js";
import type { Thread } from "./thread.js";

/** Below this, starting threads takes longer than it saves. */
const SMALL = 16 * 1024 * 1024;
/** The same for the frames of a journal: as many, of which each counts as one and one more for so many bytes. */
const SMALL_FRAMES = 256;
const FRAME_BYTES = 64 * 1024;
/** The same for stanzas. */
const MANY_STANZAS = 256;
/** The same where a thread need not be started: Node's own are there. */
const SOME_STANZAS = 32;
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
  /** One that has been started already, with the native suite. */
  readonly thread?: Thread | null;
}

/**
 * An engine of `threads` threads, started when they are first needed. With one, or for small inputs, it works inline;
 * so it does where the system has no thread to give.
 */
export function poolEngine(
  threads: number,
  { small = SMALL, helps = false, thread = null }: PoolOptions = {},
): PoolEngine {
  const crew = new Crew(threads <= 1 ? 0 : helps ? threads - 1 : threads, helps, thread);
  let sessions = 0;
  return {
    session: (keys, size) =>
      threads <= 1 || (size !== null && size < small)
        ? inlineSession(keys)
        : pooledSession(keys, { id: sessions++, size, small, crew }),
    stanzaMaker: (suite, count) => (threads <= 1 || count < MANY_STANZAS ? null : stanzaMaker(suite, crew)),
    stanzaOpener: (suite, keys, count) => {
      if (threads <= 1) return null;
      if (canAside(keys)) return count < SOME_STANZAS ? null : asideOpener(suite, keys);
      return count < MANY_STANZAS ? null : stanzaOpener(suite, keys, sessions++, crew);
    },
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
  #started: Thread | null;

  /** `most`: workers. `helps`, `started`: as of PoolOptions. */
  constructor(most: number, helps: boolean, started: Thread | null) {
    this.#most = most;
    this.#helps = helps;
    this.#started = started;
  }

  /** How many threads it may have. */
  get size(): number {
    return this.#most + (this.#helps ? 1 : 0);
  }

  /**
   * How many tasks are worth having in flight: of each thread, one at work and one at hand, so that none stands still
   * until this one gets a core to answer on. `here`: of the calling one, where it helps.
   */
  width(here = TASKS_AT_HAND): number {
    const others = this.#helps ? this.#members.filter(isAtWork).length : this.#most;
    return TASKS_AT_HAND * others + (this.#helps ? here : 0);
  }

  /**
   * Does a task: `by` another thread, or `here`. The calling one looks again when it is its turn, as others may have
   * come to their end meanwhile. Without `by`, only the calling one can. `isNearEnd`: hardly more tasks follow than
   * there are threads, so that none is to have one at hand.
   */
  async do<T>(
    suite: string,
    by: ((member: Member) => Promise<T>) | null,
    here: () => T | Promise<T>,
    isNearEnd = false,
  ): Promise<T> {
    const member = by && (this.#helps ? this.#ready(suite, isNearEnd ? 1 : TASKS_AT_HAND) : this.#least(suite));
    if (member) return by(member);
    let idle: Member | undefined;
    this.#here += 1;
    try {
      await turn();
      idle = by ? this.#members.find((each) => isAtWork(each) && each.load === 0) : undefined;
      if (!idle) return await here();
    } finally {
      this.#here -= 1;
    }
    return by!(idle);
  }

  start(suite: string): void {
    while (this.#members.length < this.#most && this.#another(suite));
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
    this.#members = [];
  }

  #another(suite: string): Member | null {
    const started = suite === "native" ? this.#started : null;
    this.#started = null;
    const member = started ? new Member(started) : startMember(suite);
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
  #ready(suite: string, most: number): Member | null {
    this.#members = this.#members.filter(({ dead, ready }) => !(dead && ready));
    const idlest = leastOf(this.#members.filter(isAtWork));
    if ((!idlest || idlest.load > 0) && this.#members.length < this.#most) this.#another(suite);
    return idlest && (idlest.load < most || this.#here > 0) ? idlest : null;
  }
}

const isAtWork = ({ dead, ready }: Member) => ready && !dead;

function leastOf(members: readonly Member[]): Member | null {
  return members.reduce<Member | null>((best, next) => (best && best.load <= next.load ? best : next), null);
}

/** Of stanzas, one is at hand when the calling thread looks for it. */
const HERE = 1;

function stanzaMaker(suite: Suite, crew: Crew): StanzaMaker {
  const here = stanzaMakerHere(suite);
  return {
    get width() {
      return crew.width(HERE);
    },
    make: (task) =>
      crew.do(
        suite.name,
        (member) => member.make(task),
        () => here.make(task),
      ),
  };
}

const canAside = ({ keys }: TrialKeys) => keys.every(({ decapsulateAside }) => decapsulateAside);

/** Tasks in flight, so that Node's pool seldom waits for this thread. */
const ASIDE = 16;

/** What takes longest is done by threads of Node's pool, which are there at once, and the rest here. */
function asideOpener(suite: Suite, keys: TrialKeys): StanzaOpener {
  return { width: ASIDE, open: (task, pace) => runTrialsAside(suite, keys, task, pace), close: () => {} };
}

/** Keys of which one cannot be handed to a thread are tried here. */
function stanzaOpener(suite: Suite, trialKeys: TrialKeys, session: number, crew: Crew): StanzaOpener {
  const here = stanzaOpenerHere(suite, trialKeys);
  const { keys: all, info } = trialKeys;
  const keys = all.flatMap(({ shared = [] }) => shared);
  const told = new Set<Member>();
  const tell = (member: Member): Member => {
    if (!told.has(member)) member.tell({ say: "trial keys", session, keys, info });
    told.add(member);
    return member;
  };
  return {
    get width() {
      return crew.width(HERE);
    },
    open: (task, pace) => {
      const by = keys.length === all.length ? (member: Member) => tell(member).open(session, task) : null;
      return crew.do(suite.name, by, () => here.open(task, pace));
    },
    close: () => {
      for (const member of told) member.tell({ say: "tried", session });
    },
  };
}

interface Pooled {
  readonly id: number;
  /** As of `Engine.session`. */
  readonly size: number | null;
  readonly small: number;
  readonly crew: Crew;
}

/** A first chunk that is also the last is not worth a thread, nor are a few frames: so short pipes start none. */
function pooledSession(keys: ChunkKeys, { id, size, small, crew }: Pooled): Session {
  const told = new Set<Member>();
  const tell = (member: Member): void => {
    if (told.has(member)) return;
    const { message, memory } = keysMessage(keys, id);
    member.tell(message, memory);
    told.add(member);
  };
  const does = (work: Parameters<Member["run"]>[0]) => (member: Member) => {
    tell(member);
    return member.run(work);
  };
  const { name } = keys.suite;
  const isNearEnd = ({ index, length }: Task) => size !== null && index + crew.size >= Math.floor(size / length);
  const run = (verb: Verb, task: Task): Promise<AnyResult> => {
    const isAlone = task.index === 0 && task.final;
    const by = isAlone ? null : does({ say: "task", session: id, verb, task });
    return crew.do<AnyResult>(name, by, () => runTask(verb, keys, task), isNearEnd(task));
  };
  let before = small === 0 ? SMALL_FRAMES : 0;
  const frames = (task: FramesTask): Promise<AnyResult> => {
    const isWorth = before >= SMALL_FRAMES;
    if (!isWorth) before += task.lengths.length + task.buffer.length / FRAME_BYTES;
    const by = isWorth ? does({ say: "frames", session: id, task }) : null;
    return crew.do<AnyResult>(name, by, () => runFrames(keys, task));
  };
  return {
    get width() {
      return crew.width();
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
