// Coming to a journal's file as its writer: its lock, and whether the writer before is known to have ended.

import { closeSync, constants, fstatSync, lstatSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { asIoError, SealError } from "../../errors.js";
import type { JournalStore } from "../../journal/store.js";
import { syncDirectory } from "../directory.js";
import { closeFd } from "../files.js";
import { type Held, takeLock } from "../lock/lock.js";
import type { Buried } from "../lock/others.js";
import { ask } from "../lock/socket.js";
import { removeLock } from "../lock/unlock.js";
import { absolute, withoutLinks } from "../paths.js";
import { FileStore } from "./store.js";
import { TermFile, termPath } from "./term.js";

const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

export interface OpenJournalOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told why it takes a while. */
  readonly note?: ((text: string) => void) | undefined;
  /** See `HoldOptions`. */
  readonly silence?: number | undefined;
  /** Whether one that is not there is refused, and not made. */
  readonly mustExist?: boolean | undefined;
}

/**
 * Opens a journal to write to it, and makes it where there is none. Throws `usage` for what is no regular file, `io`
 * where it already has a writer, or has several names, as then each name would have a lock and a cursor of its own.
 */
export async function openJournalFile(path: string, options: OpenJournalOptions = {}): Promise<JournalStore> {
  const target = await targetOf(path);
  const { mustExist = false, ...holding } = options;
  if (mustExist && !statSync(target, { throwIfNoEntry: false }))
    throw new SealError("io", `there is no journal ${path}`);
  const lock = await takeLock(target, { name: path, ...holding });
  let fd: number | undefined;
  try {
    fd = openRegular(target, path);
    await syncDirectory(dirname(target));
    const term = new TermFile(termPath(target), path, lock.id);
    const isSure = await isPredecessorGone(dirname(target), path, term, lock);
    if (!isSure)
      options.note?.(
        `${path} was not closed by its last writer, which may still be running: it is copied, and only the copy is written`,
      );
    return new FileStore(path, target, fd, { lock, term, moves: !isSure });
  } catch (error) {
    if (fd !== undefined) await closeFd(fd);
    await lock.release();
    throw asIoError(`cannot open ${path}`, error);
  }
}

/** Whether the writer before is known to have ended. Throws `io` where it lives, though its lock was removed. */
async function isPredecessorGone(
  directory: string,
  name: string,
  term: TermFile,
  { dead }: Pick<Held, "dead">,
): Promise<boolean> {
  const before = await term.predecessor();
  if (before === null) return true;
  if (dead.has(before)) {
    term.free();
    return true;
  }
  if (before === "" || (await ask(directory, before)) !== "lives") return false;
  throw new SealError("io", `${name} already has a writer, which has lost its lock`, {
    hint: "End that process first.",
  });
}

/**
 * Breaks the lock of a journal whose writer is gone; what it was. Throws `io` where there is one that lives; the
 * signal's reason.
 */
export async function unlockJournalFile(path: string, options: OpenJournalOptions = {}): Promise<readonly Buried[]> {
  const target = await targetOf(path);
  if (!statSync(target, { throwIfNoEntry: false })?.isFile()) throw new SealError("io", `there is no journal ${path}`);
  const buried = await removeLock(target, { name: path, ...options });
  const dead = new Set(buried.filter(({ known }) => known).map(({ id }) => id));
  await isPredecessorGone(dirname(target), path, new TermFile(termPath(target), path, ""), { dead });
  return buried;
}

/** Where the journal itself is: locked is the file, not a link to it. */
async function targetOf(path: string): Promise<string> {
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    return there ? withoutLinks(path) : absolute(path);
  } catch (error) {
    throw asIoError(`cannot open ${path}`, error);
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
  throw new SealError("io", `${path} has ${nlink} names (hard links), and could be written under each`, {
    hint: "A journal has a lock and a cursor beside it. Remove the other hard links.",
  });
}
