// The engine with threads. Results come back as they are done; whoever asked keeps the order.

import { copySecret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { ChunkKeys } from "../format/record.js";
import { Crew } from "./crew.js";
import type { Engine, FramesResult, FramesTask, OpenTaskResult, Session, Task, Verb } from "./engine.js";
import { runFrames } from "./frames.js";
import { inlineSession } from "./inline.js";
import type { Member } from "./member.js";
import type { AnyResult, ToWorker } from "./messages.js";
import { stanzaMaker, stanzaOpener } from "./pool-stanzas.js";
import { runTask } from "./run.js";
import type { Thread } from "./thread.js";

/** Below this, starting threads takes longer than it saves. */
const SMALL = 16 * 1024 * 1024;
/** The same for the frames of a journal: as many, of which each counts as one and one more for so many bytes. */
const SMALL_FRAMES = 256;
const FRAME_BYTES = 64 * 1024;

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
    stanzaMaker: (suite, count) => (threads <= 1 ? null : stanzaMaker(suite, count, crew)),
    stanzaOpener: (suite, keys, count) =>
      threads <= 1 ? null : stanzaOpener(suite, keys, count, { session: sessions++, crew }),
    start: ({ name }) => crew.start(name),
    close: () => crew.end(),
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
