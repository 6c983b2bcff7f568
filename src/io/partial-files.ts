// Partial files: their names, and which of them are ours to read, write and remove.

import { constants, fstatSync, lstatSync, openSync, readdirSync, type Stats, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Bytes, toHex } from "../bytes.js";
import { digestName } from "../crypto/random.js";
import { ioError, SealError } from "../errors.js";
import { setMode } from "./attributes.js";
import { remembered } from "./directory.js";
import { closeRead } from "./files.js";
import type { NamesIn, OutputOptions } from "./output.js";

/** Names are at most 255 bytes long, and 31 of them are ours. */
const LONGEST_NAME = 220;
const SUFFIX = ".seal-partial";
/** Of the version of the input, in hex. */
const DIGITS = 16;

/** The name of what is left of `path` while a file with that core is opened to it. */
export function partialName(path: string, coreHash: Bytes): string {
  return join(dirname(path), `${partialPrefix(path)}${toHex(coreHash.subarray(0, DIGITS / 2))}${SUFFIX}`);
}

function partialPrefix(path: string): string {
  const bytes = Buffer.from(basename(path));
  return `.${bytes.length <= LONGEST_NAME ? basename(path) : digestName(bytes)}.`;
}

/**
 * What runs for this output have left, of any version of the input: files of ours only. `namesIn` reads the directory.
 */
export function partialsOf(target: string, namesIn: NamesIn = partialNames): string[] {
  const prefix = partialPrefix(target);
  return namesIn(dirname(target))
    .filter((name) => name.startsWith(prefix) && name.length === prefix.length + DIGITS + SUFFIX.length)
    .map((name) => join(dirname(target), name))
    .filter((path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat?.isFile() && isOurs(stat);
    });
}

/** Those of partial files. */
const partialNames: NamesIn = (directory) =>
  readdirSync(directory).filter((name) => /\.[0-9a-f]{16}\.seal-partial$/.test(name));

/** For a run that has many outputs: each directory is read once, so what is left is what was there before the run. */
export function namesOnce(): NamesIn {
  return remembered(partialNames);
}

/** Removes them, and tells of each; what cannot be removed is told of too. */
export function removePartials(target: string, { note, partials }: OutputOptions): void {
  const attempt = (work: () => void, what: string) => {
    try {
      work();
    } catch (error) {
      note?.(`warning: ${ioError(what, error).message}: what an earlier run opened may remain`);
    }
  };
  attempt(
    () => {
      for (const path of partialsOf(target, partials)) {
        attempt(() => {
          unlinkSync(path);
          note?.(`removed ${path}, left by an earlier run`);
        }, `cannot remove ${path}`);
      }
    },
    `cannot read ${dirname(target)}`,
  );
}

/** Opens or makes a partial file. Throws `io` for what is not a file of ours alone. */
export function openOwn(partial: string, flags: number): { fd: number; size: number } {
  const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
    const stat = fstatSync(fd);
    const isShared = process.platform !== "win32" && (stat.mode & 0o022) !== 0;
    if (!stat.isFile() || stat.nlink !== 1 || !isOurs(stat) || isShared) throw notOurs(partial);
    setMode(fd, 0o600);
    return { fd, size: stat.size };
  } catch (error) {
    if (fd !== undefined) closeRead(fd);
    if (error instanceof SealError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw notOurs(partial);
    throw ioError(`cannot open ${partial}`, error);
  }
}

function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}

function notOurs(partial: string): SealError {
  return new SealError("io", `${partial} cannot be what an earlier run left`, {
    hint: "It is a link, or somebody else can write to it. Remove it.",
  });
}
