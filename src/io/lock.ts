// One writer at a time, across processes, without a lock that a killed process could leave held. Who wants the lock
// publishes a file of its own beside what is locked, then looks for others: it holds the lock once it sees itself alone.
// Of two, the later one to look sees the other, so never both hold it. The name tells who published it, so that
// a file whose process is gone counts for nothing, and anybody may remove it: no name is ever used twice.

import { readFileSync, readlinkSync } from "node:fs";
import { open, readdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { randomName } from "../crypto/random.js";
import { ioError, SealError } from "../errors.js";

/** How long to wait for somebody else's edit, in milliseconds. */
const PATIENCE = 10_000;

/** How long a lock that is not waited for is waited for: two that come at once must not refuse each other. */
const TIE = 1000;

/** Does `work` while no other process does anything under the lock of `path`. Throws `io` where it stays held; the signal's reason. */
export async function locked<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  const lock = new Lock(path, `${path} is being changed by somebody else`);
  try {
    await lock.acquire(performance.now() + patience, signal);
    return await work();
  } finally {
    await lock.withdraw();
  }
}

/** Takes the lock of `path`, which errors call `name`, for long; what gives it back. Throws `io` at once where somebody has it; the signal's reason. */
export async function holdLock(
  path: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  const lock = new Lock(path, `${name} has a writer already`);
  try {
    await lock.acquire(performance.now() + TIE, signal, { waits: false });
    return () => lock.withdraw();
  } catch (error) {
    await lock.withdraw();
    throw error;
  }
}

class Lock {
  readonly #path: string;
  readonly #directory: string;
  readonly #prefix: string;
  readonly #own: string;
  readonly #heldText: string;
  #published = false;

  constructor(path: string, heldText: string) {
    this.#path = path;
    this.#heldText = heldText;
    this.#directory = dirname(path);
    this.#prefix = `.${basename(path)}.lock.`;
    this.#own = `${this.#prefix}${randomName()}.${process.pid}.${startOf(process.pid) ?? 0}.${place()}`;
  }

  async acquire(deadline: number, signal: AbortSignal | undefined, { waits = true } = {}): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const others = await this.#others();
      if (others.length === 0) {
        if (this.#published) return;
        await this.#publish();
        continue;
      }
      // Of several that wait, the first by name stays: one of them gets on.
      if (others.some((other) => other < this.#own)) await this.withdraw();
      const isLost = performance.now() > deadline || (!waits && !this.#published);
      if (isLost) throw this.#held(others[0]!);
      await setTimeout(3 + Math.random() * 12);
    }
  }

  async withdraw(): Promise<void> {
    if (!this.#published) return;
    this.#published = false;
    await unlink(join(this.#directory, this.#own)).catch(() => undefined);
  }

  async #publish(): Promise<void> {
    try {
      this.#published = true;
      await (await open(join(this.#directory, this.#own), "wx", 0o600)).close();
    } catch (error) {
      throw ioError(`cannot lock ${this.#path}`, error);
    }
  }

  /** The files of others that live; those of the dead are removed. */
  async #others(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error) => {
      throw ioError(`cannot lock ${this.#path}`, error);
    });
    const others: string[] = [];
    for (const name of names) {
      if (!name.startsWith(this.#prefix) || name === this.#own) continue;
      if (isAlive(name.slice(this.#prefix.length))) others.push(name);
      else await unlink(join(this.#directory, name)).catch(() => undefined);
    }
    return others;
  }

  #held(other: string): SealError {
    return new SealError("io", this.#heldText, {
      hint: `Try again. If that is not so any more, remove ${join(this.#directory, other)}`,
    });
  }
}

/** Whether who published the lock file may be running still: only on this very machine can that be ruled out. */
function isAlive(name: string): boolean {
  const [, pid, start, where] = /^[0-9a-f]{16}\.(\d+)\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (!pid || where !== place()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
  // The number may have been given to another process since.
  return start === "0" || startOf(Number(pid)) === Number(start);
}

/** When a process started, in ticks since boot; null where it has ended, or the system does not tell. */
function startOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? null : Number(fields[18]);
  } catch {
    return null;
  }
}

/** Where process numbers mean the same: the machine, and the container in it. */
function place(): string {
  return `${pidNamespace()}.${hostname().replace(/[^A-Za-z0-9.-]/g, "_")}`;
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
