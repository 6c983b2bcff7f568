// Paths that are made of others: the one place that asks where the program runs, and where a link leads, both of which
// may have a name that is not UTF-8.

import { readlinkSync, realpathSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fromUtf8 } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import { isDamagedDirectory } from "./utf8.js";

/** The path from the root. Throws `io` where the current directory is gone, `usage` where its name is not UTF-8. */
export function absolute(path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(currentDirectory(), path);
}

function currentDirectory(): string {
  let directory: string;
  try {
    directory = process.cwd();
  } catch (error) {
    throw ioError("cannot use the current directory", error);
  }
  if (!isDamagedDirectory(directory)) return directory;
  throw notUtf8(
    "the name of the current directory",
    "Change to another directory, and give files by their full paths.",
  );
}

/** The path without links. Throws what the system throws; `usage` where a name in it is not UTF-8. */
export function withoutLinks(path: string): string {
  return named(realpathSync.native(path, { encoding: "buffer" }), path);
}

/**
 * Where a link leads that stands in `directory`, an absolute path. Throws what the system throws; `usage` where that is
 * not UTF-8.
 */
export function linkTarget(directory: string, path: string): string {
  return resolve(directory, named(readlinkSync(path, { encoding: "buffer" }), path));
}

function named(bytes: Uint8Array, path: string): string {
  const name = fromUtf8(bytes);
  if (name !== null) return name;
  throw notUtf8(`what ${path} leads to`, "Rename it, or name the file without the link.");
}

function notUtf8(what: string, hint: string): SealError {
  return new SealError("usage", `${what} is not UTF-8, and cannot be used`, { hint });
}
