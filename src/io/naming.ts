// How a file that is whole gets its name: in one step, and never in place of one that is not to be replaced.

import { closeSync, constants, fstatSync, linkSync, lstatSync, openSync, renameSync, statSync } from "node:fs";
import { SealError } from "../errors.js";
import { type FileId, isSame } from "./files.js";
import { drop, forget, remember } from "./leftovers.js";

export interface NamingOptions {
  /** Replace an existing file (a symlink itself, not what it points at). */
  readonly force?: boolean | undefined;
  /** What to do where the file exists. */
  readonly existsHint?: string | undefined;
}

const EXISTS_HINT = "To keep it, name another output; force replaces it.";

export function existsError(path: string, { existsHint }: NamingOptions): SealError {
  const details = existsHint === undefined ? ({ reason: "exists", hint: EXISTS_HINT } as const) : { hint: existsHint };
  return new SealError("usage", `${path} already exists`, details);
}

/**
 * Gives the temporary file its name. `link` refuses a name that has come to exist since it was looked at; `rename`
 * would replace it.
 */
export function giveName(temporary: string, target: string, path: string, options: NamingOptions): void {
  if (options.force) rename(temporary, target);
  else if (linked(temporary, target, path, options)) drop(temporary);
  else renameReserved(temporary, target, path, options);
}

/**
 * Puts the temporary file in the place of `replaced`. What somebody else has put there meanwhile is not the one to
 * replace.
 */
export function takePlace(temporary: string, target: string, path: string, replaced: FileId): void {
  const now = statSync(target, { bigint: true, throwIfNoEntry: false });
  if (!now || !isSame(now, replaced)) {
    throw new SealError("io", `${path} was replaced or removed meanwhile, and is left as it is`);
  }
  rename(temporary, target);
}

/** Whether the name is that of this very file. */
export function namesStill(target: string, own: FileId): boolean {
  return isSame(own, lstatSync(target, { bigint: true, throwIfNoEntry: false }));
}

function rename(temporary: string, target: string): void {
  renameSync(temporary, target);
  forget(temporary);
}

/** false where the file system gives no second name, for whatever reason it has, and there is nothing of that name. */
function linked(temporary: string, target: string, path: string, options: NamingOptions): boolean {
  try {
    linkSync(temporary, target);
    return true;
  } catch {
    // Over a network, the answer to a link that was made may be lost, and the second attempt find the first.
    const there = lstatSync(target, { bigint: true, throwIfNoEntry: false });
    if (!there) return false;
    if (namesStill(temporary, there)) return true;
    throw existsError(path, options);
  }
}

/** The name is first taken by an empty file, which only comes to be where there is nothing; that one is replaced. */
function renameReserved(temporary: string, target: string, path: string, options: NamingOptions): void {
  const reserved = reserve(target, path, options);
  try {
    if (!namesStill(target, reserved)) throw existsError(path, options);
    rename(temporary, target);
  } catch (error) {
    if (namesStill(target, reserved)) drop(target);
    throw error;
  } finally {
    forget(target);
  }
}

function reserve(target: string, path: string, options: NamingOptions): FileId {
  let fd: number;
  try {
    fd = openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EEXIST" ? existsError(path, options) : error;
  }
  remember(target);
  try {
    return fstatSync(fd, { bigint: true });
  } finally {
    closeSync(fd);
  }
}
