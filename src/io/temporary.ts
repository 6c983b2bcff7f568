// An output file under a temporary name, until all of it is there.
//
// Calls that only touch names and attributes are synchronous: each takes microseconds, a tenth of its way through the thread
// pool, and ten thousand small files have a hundred thousand of them. What waits for a disk, syncing and large writes, is not.

import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { randomName } from "../crypto/random.js";
import { ioError, SealError } from "../errors.js";
import { type OutputSink, writeAll } from "./descriptor.js";
import { type FileId, isSame } from "./files.js";

export const syncFd = promisify(fsync);

export interface TemporaryOptions {
  /** Replace an existing file (a symlink itself, not what it points at). */
  readonly force?: boolean | undefined;
  /** Permissions, less the umask; 0666 by default. */
  readonly mode?: number | undefined;
  /** false leaves it to the system when the file reaches the disk. */
  readonly sync?: boolean | undefined;
  /** What to do where the file exists. */
  readonly existsHint?: string | undefined;
}

const EXISTS_HINT = "Use --force to replace it, or -o for another name.";

export function existsError(path: string, { existsHint = EXISTS_HINT }: TemporaryOptions): SealError {
  return new SealError("usage", `${path} exists already`, { hint: existsHint });
}

/** Writes up to this size cost less than the way to the thread pool. */
const SMALL_WRITE = 64 * 1024;

/** What `link` answers on file systems that have no hard links. */
const NO_LINKS = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/** Temporary files that exist now; whatever ends the process, they are removed. */
const temporaries = new Set<string>();

/** Removes every temporary file there is now. */
export function removeTemporaries(): void {
  for (const path of temporaries) remove(path);
}

/** Nothing can be done about a failure here, and nobody be told. */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}

/** Has a file removed when the process ends. */
export function remember(path: string): void {
  if (temporaries.size === 0) process.on("exit", removeTemporaries);
  temporaries.add(path);
}

export function forget(path: string): void {
  temporaries.delete(path);
  if (temporaries.size === 0) process.off("exit", removeTemporaries);
}

/** Opens a temporary file beside `path`, which gets that name at the commit. `replaced`: the file whose place it takes. Throws `io`. */
export function temporarySink(path: string, options: TemporaryOptions, replaced?: BigIntStats): OutputSink {
  // A relative name means the directory that is current now, not at the commit.
  const target = resolve(path);
  const directory = dirname(target);
  const temporary = temporaryName(directory);
  const fd = create(temporary, path);
  remember(temporary);
  let isOpen = true;
  const closeOnce = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };

  const commit = async () => {
    if (replaced) becomeLike(fd, replaced);
    else fchmodSync(fd, (options.mode ?? 0o666) & ~process.umask());
    if (options.sync !== false) await syncFd(fd);
    closeOnce();
    if (replaced) takePlace(temporary, target, path, replaced);
    else giveName(temporary, target, path, options);
    forget(temporary);
    if (options.sync !== false) await syncDirectory(directory);
  };
  return {
    name: path,
    fd,
    keeps: false,
    isTerminal: false,
    write: async (bytes, position) => {
      if (bytes.length > SMALL_WRITE) return writeAll(fd, bytes, position, path);
      writeSmall(fd, bytes, position, path);
    },
    commit: () =>
      commit().catch((error) => {
        throw error instanceof SealError ? error : ioError(`cannot write ${path}`, error);
      }),
    abort: async () => {
      try {
        closeOnce();
      } catch {
        // What it was is being thrown away.
      }
      if (temporaries.has(temporary)) remove(temporary);
      forget(temporary);
    },
  };
}

/** A name that nobody else comes upon. */
export function temporaryName(directory: string): string {
  return join(directory, `.seal-${randomName()}.tmp`);
}

function create(temporary: string, path: string): number {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    return openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw ioError(`cannot write to ${dirname(path)}`, error);
  }
}

function writeSmall(fd: number, bytes: Uint8Array, position: number, path: string): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  } catch (error) {
    throw ioError(`cannot write ${path}`, error);
  }
}

/** Owner and group, as far as they may be given away, then permissions, which a change of owner can cut down. */
function becomeLike(fd: number, { uid, gid, mode }: BigIntStats): void {
  if (!changedOwner(fd, Number(uid), Number(gid))) changedOwner(fd, -1, Number(gid));
  fchmodSync(fd, Number(mode & 0o777n));
}

function changedOwner(fd: number, uid: number, gid: number): boolean {
  try {
    fchownSync(fd, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/** A file that somebody else has put there meanwhile is not the one to replace. */
function takePlace(temporary: string, target: string, path: string, replaced: FileId): void {
  const now = statSync(target, { bigint: true, throwIfNoEntry: false });
  if (!now || !isSame(now, replaced)) {
    throw new SealError("io", `${path} was replaced or removed meanwhile, and is left as it is`);
  }
  renameSync(temporary, target);
}

/** `link` refuses a name that has come to exist since it was looked at; `rename` would replace it. */
export function giveName(temporary: string, target: string, path: string, options: TemporaryOptions): void {
  if (options.force || !linked(temporary, target, path, options)) renameSync(temporary, target);
  else remove(temporary);
}

/** false where the file system has no hard links, and nothing of that name. */
function linked(temporary: string, target: string, path: string, options: TemporaryOptions): boolean {
  try {
    linkSync(temporary, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isThere = code === "EEXIST" || lstatSync(target, { throwIfNoEntry: false });
    if (isThere) throw existsError(path, options);
    if (NO_LINKS.has(code ?? "")) return false;
    throw error;
  }
}

/** Directories that may not be read, and systems that cannot sync one, have no better to offer. */
const CANNOT_SYNC = new Set(["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "EBADF"]);

/** For each directory, the sync that has not begun yet: whoever comes now has it for theirs too. */
const nextSync = new Map<string, Promise<void>>();
const lastSync = new Map<string, Promise<void>>();

/** Makes new names in a directory durable, those of several files at once where they come at once. */
export function syncDirectory(directory: string): Promise<void> {
  const waiting = nextSync.get(directory);
  if (waiting) return waiting;
  const running = lastSync.get(directory) ?? Promise.resolve();
  const begun = running
    .catch(() => undefined)
    .then(() => {
      nextSync.delete(directory);
      lastSync.set(directory, begun);
      return syncDirectoryNow(directory);
    })
    .finally(() => {
      if (lastSync.get(directory) === begun) lastSync.delete(directory);
    });
  nextSync.set(directory, begun);
  return begun;
}

async function syncDirectoryNow(directory: string): Promise<void> {
  try {
    const fd = openSync(directory, constants.O_RDONLY);
    await syncFd(fd).finally(() => closeSync(fd));
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
