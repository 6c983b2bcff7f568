// A journal on this machine as its readers see it: a regular file that may grow, or be replaced by a longer copy of
// itself, meanwhile.

import { type BigIntStats, constants, fstatSync, openSync, statSync, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { asIoError, ioError, SealError } from "../../errors.js";
import type { JournalSource } from "../../journal/store.js";
import { closeFd, type FileId, isSame } from "../files.js";
import { readAt } from "./read-at.js";

/**
 * Where the system tells of changes at once, it is asked all the same; where it does not, this is how late they are
 * seen. In milliseconds.
 */
const POLL = 500;

export interface FileJournal extends JournalSource {
  readonly id: FileId;
}

/** Opens a journal to read it. Throws `io`; `usage` for what is no regular file. */
export function openJournal(path: string): FileJournal {
  return new OpenedJournal(path);
}

class OpenedJournal implements FileJournal {
  readonly name: string;
  #fd: number;
  #seen: BigIntStats;
  #isOpen = true;

  constructor(path: string) {
    this.name = path;
    this.#fd = openRegular(path);
    this.#seen = fstatSync(this.#fd, { bigint: true });
  }

  get id(): FileId {
    return this.#seen;
  }

  /** Of the file that has the name now: whether it goes on as the one before did is for its chain values to tell. */
  async size(): Promise<number> {
    const named = this.#named();
    if (named && !isSame(named, this.#seen)) {
      const before = this.#fd;
      this.#fd = openRegular(this.name);
      await closeFd(before);
    }
    this.#seen = fstatSync(this.#fd, { bigint: true });
    return Number(this.#seen.size);
  }

  async readAt(position: number, length: number): Promise<Uint8Array> {
    const seen = Math.min(length, Math.max(0, Number(this.#seen.size) - position));
    return readAt(this.#fd, position, seen).catch((error) => {
      throw ioError(`cannot read ${this.name}`, error);
    });
  }

  async changed(signal: AbortSignal): Promise<void> {
    while (!this.#differs()) await this.#woken(signal);
  }

  async close(): Promise<void> {
    if (this.#isOpen) await closeFd(this.#fd);
    this.#isOpen = false;
  }

  /** What has the name now. */
  #named(): BigIntStats | undefined {
    try {
      return statSync(this.name, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      throw ioError(`cannot read ${this.name}`, error);
    }
  }

  #differs(): boolean {
    const named = this.#named();
    // A name that is gone may come back; what was opened is read on until then.
    const now = named ?? fstatSync(this.#fd, { bigint: true });
    return !isSame(now, this.#seen) || now.size !== this.#seen.size || now.mtimeNs !== this.#seen.mtimeNs;
  }

  /** Waits for a word from the system, or some time. */
  async #woken(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const stop = () => done.abort();
    signal.addEventListener("abort", stop, { once: true });
    const watcher = watching(this.name, stop);
    try {
      // What changed before the watch began is seen by now.
      if (!this.#differs()) await sleep(POLL, undefined, { signal: done.signal }).catch(() => undefined);
    } finally {
      watcher?.close();
      signal.removeEventListener("abort", stop);
    }
    signal.throwIfAborted();
  }
}

/** null where the system cannot watch the file. */
function watching(path: string, wake: () => void): { close(): void } | null {
  try {
    return watch(path, { persistent: false }, wake).on("error", wake);
  } catch {
    return null;
  }
}

/** Opened without waiting, as a FIFO would have to be. */
function openRegular(path: string): number {
  try {
    const there = statSync(path);
    if (there.isDirectory()) throw new SealError("usage", `${path} is a directory`);
    if (!there.isFile()) {
      const hint = "A journal is read by position: save it to a file first.";
      throw new SealError("usage", `${path} is no regular file`, { hint });
    }
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw asIoError(`cannot open ${path}`, error);
  }
}
