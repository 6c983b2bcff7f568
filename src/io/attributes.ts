// Who may do what with an output: what touch(1) would give a new file there, or what the file has that is replaced.

import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
} from "node:fs";
import { dirname } from "node:path";
import { SealError } from "../errors.js";
import { copyAcl } from "./acl.js";
import { remembered } from "./directory.js";
import { closeRead, type FileId } from "./files.js";
import { drop, remember, temporaryName } from "./leftovers.js";
import { isMountPoint } from "./mounts.js";
import type { NamingOptions } from "./naming.js";

/** Permissions of a file, without those bits that would make a program of it run as somebody else. */
const PERMISSIONS = 0o777;
const OWNER = 0o700;
const PRIVATE = 0o600;

export interface AccessOptions extends NamingOptions {
  /**
   * 0600: the owner's alone. Else a new file has what touch(1) would give it, and one that is replaced stays what it
   * is.
   */
  readonly mode?: 0o600 | undefined;
  /** Of many outputs: the mode of a new file in a directory. Otherwise each asks the system. */
  readonly newMode?: NewMode | undefined;
  /** Is told of what could not be kept. */
  readonly note?: ((text: string) => void) | undefined;
}

/** The mode of a new file in a directory. */
export type NewMode = (directory: string) => number;

/** Who may do what with an output: found out before the work begins, and set when it is whole. */
export class Access {
  readonly #fd: number;
  readonly #target: string;
  readonly #path: string;
  readonly #options: AccessOptions;
  readonly #replaces: boolean;
  readonly #mode: number | null;
  /** As it was made: the file of its maker alone. */
  readonly #own: BigIntStats;

  /**
   * `inPlace`: replaces without `force`. Throws `io` where the file of that name could not be replaced by one that is
   * like it; what the system throws.
   */
  constructor(fd: number, target: string, path: string, options: AccessOptions, inPlace = false) {
    this.#fd = fd;
    this.#own = fstatSync(fd, { bigint: true });
    this.#target = target;
    this.#path = path;
    this.#options = options;
    this.#replaces = inPlace || options.force === true;
    const isPrivate = options.mode !== undefined;
    const old = this.#replaces && !isPrivate ? fileAt(target) : null;
    if (old) checkReplaceable(fd, target, path, old);
    this.#mode = old || isPrivate ? null : this.#newMode();
  }

  /** Which file it is. */
  get id(): FileId {
    return this.#own;
  }

  /** Gives the file, which is whole, to whom it is for. Throws `io`, and what the system throws. */
  async settle(): Promise<void> {
    const { mode, note = () => {} } = this.#options;
    const old = this.#replaces ? fileAt(this.#target) : null;
    // A file of the owner's alone was made as one.
    if (mode !== undefined) return old ? giveOwner(this.#fd, this.#path, old) : undefined;
    if (old) return becomeLike(this.#fd, this.#target, this.#path, old, note);
    setMode(this.#fd, this.#mode ?? this.#newMode(), Number(this.#own.mode));
  }

  #newMode(): number {
    const { newMode = askNewMode } = this.#options;
    return newMode(dirname(this.#target));
  }

  /** Undoes that. */
  takeBack(): void {
    setMode(this.#fd, PRIVATE);
    giveOwner(this.#fd, this.#path, this.#own);
  }
}

/**
 * The mode of a new file in a directory. The system is asked, with a file that never has content: where a directory has
 * a default ACL, it heeds that and not the umask. What is made there with mode 0600 has the same ACL, of which nothing
 * takes effect until it is given this mode.
 */
function askNewMode(directory: string): number {
  const probe = temporaryName(directory);
  const fd = openSync(probe, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o666);
  remember(probe);
  try {
    return fstatSync(fd).mode & PERMISSIONS;
  } finally {
    closeRead(fd);
    drop(probe);
  }
}

/** Milliseconds for which a directory's mode of new files is taken to be what it was. */
const SAME = 500;

/** For a run that has many outputs: each directory is asked now and then. */
export function newModes(): NewMode {
  return remembered(askNewMode, SAME);
}

/**
 * Sets the mode. A file system that has no such thing gives all files its own; one that refuses leaves less than was
 * wanted. `before`: what it is, with what else stands in a stat's mode.
 */
export function setMode(fd: number, mode: number, before = fstatSync(fd).mode): void {
  if ((before & 0o7777) === mode) return;
  try {
    fchmodSync(fd, mode);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

const REFUSALS = new Set(["EPERM", "EACCES", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EROFS"]);

/** Whether it may not be, here or by us, rather than has failed. */
function isRefusal(error: unknown): boolean {
  return REFUSALS.has((error as NodeJS.ErrnoException).code ?? "");
}

/** The regular file of that name; null for nothing, a link, or something else. */
function fileAt(target: string): BigIntStats | null {
  const there = lstatSync(target, { bigint: true, throwIfNoEntry: false });
  return there?.isFile() ? there : null;
}

/**
 * Makes sure, before the work begins, that the temporary file can take the place of `old` and be like it. Throws `io`.
 * The temporary file is still the owner's alone, and stays so.
 */
function checkReplaceable(fd: number, target: string, path: string, old: BigIntStats): void {
  if (isMountPoint(target)) {
    throw new SealError("io", `${path} cannot be replaced: something is mounted there`, {
      reason: "mounted",
      hint: "Mount the directory that it is in, or name another output.",
    });
  }
  if (isFixed(target)) {
    throw new SealError(
      "io",
      `${path} cannot be replaced: it is immutable, append-only, or on a read-only file system`,
    );
  }
  const own = fstatSync(fd, { bigint: true });
  giveOwner(fd, path, old);
  if (own.uid !== old.uid) giveOwner(fd, path, own);
}

/** What may not even be opened for writing, though its permissions would allow it, cannot be given up either. */
function isFixed(target: string): boolean {
  try {
    closeSync(openSync(target, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return ["EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}

/**
 * Owner, group, mode and ACL of the file that is replaced; `note` is told where an ACL cannot be known. Throws `io`.
 */
async function becomeLike(
  fd: number,
  target: string,
  path: string,
  old: BigIntStats,
  note: (text: string) => void,
): Promise<void> {
  giveOwner(fd, path, old);
  const mode = Number(old.mode) & PERMISSIONS;
  // Where group and others have nothing, no entry of an ACL has an effect.
  if ((mode & ~OWNER) === 0 || process.platform !== "linux" || (await copyAcl(fd, target))) return setMode(fd, mode);
  setMode(fd, mode & OWNER);
  note(
    `only its owner may read ${path} now: seal cannot tell here whether the file that it replaces had an ACL (install acl, or GNU coreutils)`,
  );
}

function giveOwner(fd: number, path: string, { uid, gid }: BigIntStats): void {
  const own = fstatSync(fd, { bigint: true });
  if (own.uid === uid && own.gid === gid) return;
  try {
    fchownSync(fd, Number(uid), Number(gid));
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    const whose = own.uid === uid ? `is of group ${gid}` : `belongs to user ${uid}`;
    throw new SealError("io", `${path} cannot be replaced: it ${whose}, and a new file cannot`, {
      reason: "not-replaceable",
      hint: "Name another output, or remove this one first.",
      cause,
    });
  }
}
