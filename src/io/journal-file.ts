// A journal as a regular file, with what its writer keeps beside it: a lock, a cursor, and ends that were moved aside (docs/FORMAT.md, "Writing a journal").

import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncate,
  lstatSync,
  openSync,
  read,
  statSync,
  unlinkSync,
} from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { type Bytes, toHex } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import type { JournalStore } from "../journal/store.js";
import { committing } from "../ops/io.js";
import { writeAll } from "./descriptor.js";
import { syncDirectory, syncFd } from "./directory.js";
import { closeFd, type FileId, isSame, openFd } from "./files.js";
import { holdLock } from "./lock.js";
import { temporarySink } from "./temporary.js";

const readFd = promisify(read);
const syncDataFd = promisify(fdatasync);
const truncateFd = promisify(ftruncate);

const { O_RDWR, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What is beside a journal is the writer's alone. */
const PRIVATE = 0o600;
const COPY_SIZE = 1024 * 1024;
/** No cursor comes near to this. */
const MAX_CURSOR = 4096;

/**
 * Opens a journal to write to it, and makes it where there is none. Throws `usage` for what is no regular file, `io` where it has a writer already, or has
 * several names, as then each name would have a lock and a cursor of its own.
 */
export async function openJournalFile(path: string, signal?: AbortSignal): Promise<JournalStore> {
  const target = await targetOf(path);
  const unlock = await holdLock(target, path, signal);
  let fd: number | undefined;
  try {
    fd = openRegular(target, path);
    await syncDirectory(dirname(target));
    return new JournalFile(path, target, fd, unlock);
  } catch (error) {
    if (fd !== undefined) await closeFd(fd);
    await unlock();
    throw failed(`cannot open ${path}`, error);
  }
}

/** The cursor of the writer of a journal, which no reader uses. */
export function writerCursorPath(target: string): string {
  return `${target}.writer-cursor`;
}

/** Where the journal itself is: locked is the file, not a link to it. */
async function targetOf(path: string): Promise<string> {
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    return there ? await realpath(path) : resolve(path);
  } catch (error) {
    throw failed(`cannot open ${path}`, error);
  }
}

/** Only opened where it is known to be a regular file: others may block, or do something when they are opened. */
function openRegular(target: string, path: string): number {
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new SealError("usage", `${path} is a directory`);
  if (there && !there.isFile()) throw new SealError("usage", `${path} is no regular file`);
  const fd = openSync(target, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
  const { nlink } = fstatSync(fd);
  if (nlink === 1) return fd;
  closeSync(fd);
  throw new SealError("io", `${path} has ${nlink} names, and could be written under each of them`, {
    hint: "A journal has a lock and a cursor beside it. Remove the other hard links.",
  });
}

class JournalFile implements JournalStore {
  readonly name: string;
  readonly #target: string;
  readonly #fd: number;
  readonly #id: FileId;
  readonly #unlock: () => Promise<void>;
  #isOpen = true;

  constructor(name: string, target: string, fd: number, unlock: () => Promise<void>) {
    this.name = name;
    this.#target = target;
    this.#fd = fd;
    this.#id = fstatSync(fd, { bigint: true });
    this.#unlock = unlock;
  }

  async size(): Promise<number> {
    return fstatSync(this.#fd).size;
  }

  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#attempt("read", () => readAt(this.#fd, position, length));
  }

  cursor(): Promise<Bytes | null> {
    return this.#attempt("read the writer's cursor of", () => readCursor(writerCursorPath(this.#target)));
  }

  saveCursor(cursor: Uint8Array | null): Promise<void> {
    const path = writerCursorPath(this.#target);
    return this.#attempt("save the writer's cursor of", async () => {
      if (cursor === null) return remove(path);
      const sink = temporarySink(path, { force: true, mode: PRIVATE });
      await committing(sink, () => sink.write(cursor, 0));
    });
  }

  async openEpoch(position: number, header: Uint8Array, cursor: Uint8Array): Promise<void> {
    await this.append(position, header);
    await this.saveCursor(cursor);
  }

  append(position: number, bytes: Uint8Array): Promise<void> {
    return this.#attempt("write", async () => {
      this.#checkPlace(position);
      await writeAll(this.#fd, bytes, position, this.name);
      await syncDataFd(this.#fd);
    });
  }

  setAside(position: number): Promise<string | null> {
    return this.#attempt("write", async () => {
      const { size } = fstatSync(this.#fd);
      const aside = size > position ? await this.#copyEnd(position, size) : null;
      if (aside) await truncateFd(this.#fd, position);
      await syncFd(this.#fd);
      return aside;
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await closeFd(this.#fd);
    } finally {
      await this.#unlock();
    }
  }

  /** What is acknowledged must be found under the journal's name, and behind everything before it. Throws `io`. */
  #checkPlace(end: number): void {
    const named = statSync(this.#target, { bigint: true, throwIfNoEntry: false });
    if (!named || !isSame(named, this.#id)) {
      throw new SealError("io", `${this.name} was moved, removed or replaced while it was being written`);
    }
    if (named.size !== BigInt(end)) {
      throw new SealError("io", `${this.name} was changed by somebody else while it was being written`);
    }
  }

  async #copyEnd(position: number, size: number): Promise<string> {
    const aside = `${this.#target}.tail-${position}-${toHex(crypto.getRandomValues(new Uint8Array(4)))}`;
    const fd = await openFd(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE);
    try {
      for (let at = position; at < size; at += COPY_SIZE) {
        await writeAll(fd, await readAt(this.#fd, at, Math.min(COPY_SIZE, size - at)), at - position, aside);
      }
      await syncFd(fd);
      await syncDirectory(dirname(aside));
      return aside;
    } catch (error) {
      unlinkSync(aside);
      throw error;
    } finally {
      await closeFd(fd);
    }
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw failed(`cannot ${what} ${this.name}`, error);
    }
  }
}

function failed(what: string, error: unknown): SealError {
  return error instanceof SealError ? error : ioError(what, error);
}

async function readAt(fd: number, position: number, length: number): Promise<Uint8Array> {
  const left = Math.max(0, fstatSync(fd).size - position);
  const out = new Uint8Array(Math.min(length, left));
  let have = 0;
  while (have < out.length) {
    const { bytesRead } = await readFd(fd, out, have, out.length - have, position + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return out.subarray(0, have);
}

/** A link is not followed: who can write to the directory must not choose what is read. */
async function readCursor(path: string): Promise<Bytes | null> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return null;
  if (!there.isFile()) throw new SealError("io", `${path} is no regular file`);
  const fd = await openFd(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return Uint8Array.from(await readAt(fd, 0, MAX_CURSOR + 1));
  } finally {
    await closeFd(fd);
  }
}

async function remove(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  unlinkSync(path);
  await syncDirectory(dirname(path));
}
