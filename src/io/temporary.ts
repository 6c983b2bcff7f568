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
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { randomName } from "../crypto/random.js";
import { ioError, SealError } from "../errors.js";
import { type OutputSink, writeAll } from "./descriptor.js";
import { settleName, syncFd } from "./directory.js";
import { type FileId, isSame } from "./files.js";

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

/** Whether it is gone. Nothing can be done about a failure here, and nobody be told. */
function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** Removes a temporary file; what cannot be removed now may be so when the process ends. */
function drop(path: string): void {
  if (remove(path)) forget(path);
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
    // Also where it fails it is closed, and the number may be another file's by now.
    const wasOpen = isOpen;
    isOpen = false;
    if (wasOpen) closeSync(fd);
  };

  const commit = async () => {
    if (replaced) becomeLike(fd, replaced);
    else fchmodSync(fd, (options.mode ?? 0o666) & ~process.umask());
    if (options.sync !== false) await syncFd(fd);
    const own = fstatSync(fd, { bigint: true });
    closeOnce();
    if (replaced) takePlace(temporary, target, path, replaced);
    else giveName(temporary, target, path, options);
    if (options.sync === false) return;
    const mayGo = !replaced && !options.force;
    await settleName(directory, path, () => mayGo && namesStill(target, own) && remove(target));
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
      if (temporaries.has(temporary)) drop(temporary);
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
  rename(temporary, target);
}

/** `link` refuses a name that has come to exist since it was looked at; `rename` would replace it. */
export function giveName(temporary: string, target: string, path: string, options: TemporaryOptions): void {
  if (options.force || !linked(temporary, target, path, options)) rename(temporary, target);
  else drop(temporary);
}

function rename(temporary: string, target: string): void {
  renameSync(temporary, target);
  forget(temporary);
}

/** Whether the name is that of this very file. */
export function namesStill(target: string, own: FileId): boolean {
  return isSame(own, lstatSync(target, { bigint: true, throwIfNoEntry: false }));
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
