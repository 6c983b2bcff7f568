// One writer at a time, across processes, without a lock that a killed process could leave held. Who wants the lock
// publishes a file of its own beside what is locked, then looks for others: it holds the lock once it sees itself
// alone. Of two, the later one to look sees the other, so never both hold it. A file whose process is gone counts for
// nothing, and anybody may remove it: no name is ever used twice. Whether it is gone, the kernel says that both have;
// where they have none in common (shared storage), the one that holds it gives signs of life, and one that has given
// none for a while is presumed gone, which is not known.

import { fstatSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomName } from "../../crypto/random.js";
import { ioError } from "../../errors.js";
import { closeRead } from "../files.js";
import { discard } from "../leftovers.js";
import { absolute } from "../paths.js";
import { encodeHolder, isSilent, ownHolder, readHolder } from "./holder.js";
import { beating } from "./life.js";
import { type HoldOptions, heldError, lockPrefix, type Other, Others, whoIs } from "./others.js";
import { listen } from "./socket.js";

/** How long to wait for somebody else's edit, in milliseconds. */
const PATIENCE = 10_000;
/** How long a lock that is not waited for is waited for: two that come at once must not refuse each other. */
const TIE = 1000;

/** A lock that is held. */
export interface Held {
  readonly id: string;
  /** The locks that were in the way, of processes that are known to have ended. */
  readonly dead: ReadonlySet<string>;
  /** Whether nobody has removed it. */
  isThere(): boolean;
  release(): Promise<void>;
}

/**
 * Does `work` while no other process does anything under the lock of `path`. Throws `io` where it stays held; the
 * signal's reason.
 */
export async function locked<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  const lock = new Lock(path, `${path} is being changed by another process`, { name: path, signal });
  try {
    await lock.acquire(patience, true);
    return await work();
  } finally {
    await lock.release();
  }
}

/** Takes the lock of `path` for long. Throws `io` where somebody has it who lives; the signal's reason. */
export async function takeLock(path: string, options: HoldOptions): Promise<Held> {
  const lock = new Lock(path, options.inUse ?? `${options.name} already has a writer`, options);
  try {
    await lock.acquire(TIE, false);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * How long that one of those who live has been in the way that has been longest; `since` is when each was first seen.
 */
function waitedFor(others: readonly Other[], since: Map<string, number>): number {
  const now = performance.now();
  for (const id of since.keys()) if (!others.some((other) => other.id === id)) since.delete(id);
  for (const { id, lives } of others) if (lives && !since.has(id)) since.set(id, now);
  return now - Math.min(now, ...since.values());
}

class Lock implements Held {
  readonly id = randomName();
  readonly #directory: string;
  readonly #prefix: string;
  readonly #others: Others;
  readonly #heldText: string;
  readonly #options: HoldOptions;
  #close: (() => void) | null = null;
  #beat: NodeJS.Timeout | null = null;
  #published = false;

  constructor(path: string, heldText: string, options: HoldOptions) {
    const target = absolute(path);
    this.#heldText = heldText;
    this.#options = options;
    this.#directory = dirname(target);
    this.#prefix = lockPrefix(target);
    this.#others = new Others(target, this.id, options);
  }

  /**
   * Waits for so many milliseconds for each one who lives (`waits`: also before it has published its own), and for as
   * long as it takes to know of others. Of many that come at once, each gets on as long as those before it do.
   */
  async acquire(patience: number, waits: boolean): Promise<void> {
    const began = performance.now();
    const since = new Map<string, number>();
    let isTold = false;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const others = await this.#others.look();
      if (others.length === 0) {
        if (this.#published) return;
        await this.#publish();
        continue;
      }
      const isKnown = others.some(({ lives }) => lives);
      // Of several that wait, the first by name stays: one of them gets on.
      if (others.some(({ id }) => id < this.id)) await this.#withdraw();
      const late = performance.now() - began;
      if (isKnown && (waitedFor(others, since) > patience || !(waits || this.#published)))
        throw heldError(this.#heldText, others.find(({ lives }) => lives)!);
      if (!isKnown && late > TIE && !isTold) this.#tellOf(others[0]!);
      isTold ||= late > TIE;
      // The longer it has taken, the longer it may take: many that wait keep the processor from the one who works.
      await sleep(isKnown ? 3 + Math.random() * Math.min(60, 12 + late / 20) : 50);
    }
  }

  get dead(): ReadonlySet<string> {
    return new Set(this.#others.buried.filter(({ known }) => known).map(({ id }) => id));
  }

  isThere(): boolean {
    return this.#published && readHolder(this.#path) !== null;
  }

  async release(): Promise<void> {
    await this.#withdraw();
  }

  get #path(): string {
    return join(this.#directory, this.#prefix + this.id);
  }

  async #withdraw(): Promise<void> {
    if (this.#beat) clearInterval(this.#beat);
    this.#beat = null;
    if (this.#published) discard(this.#path);
    this.#published = false;
    this.#close?.();
    this.#close = null;
  }

  async #publish(): Promise<void> {
    let fd: number | undefined;
    try {
      this.#close = await listen(this.#directory, this.id);
      fd = openSync(this.#path, "wx", 0o600);
      this.#published = true;
      const holder = ownHolder(this.#directory, this.#close !== null, fstatSync(fd, { bigint: true }).ino);
      writeSync(fd, encodeHolder(holder), 0, null, 0);
      if (!isSilent(holder)) this.#beat = beating(this.#path, holder);
    } catch (error) {
      throw ioError(`cannot lock ${this.#options.name}`, error);
    } finally {
      if (fd !== undefined) closeRead(fd);
    }
  }

  #tellOf(other: Other): void {
    this.#options.note?.(`${this.#options.name} was locked by ${whoIs(other)}; waiting for a sign of life`);
  }
}
