// Where configuration lives. Nothing is looked for before it is needed, and what a variable holds is never taken for
// another place than it names.

import { statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { ioError, SealError } from "../../errors.js";
import { mkdir } from "../../io/promises.js";
import { isDamagedVariable } from "../../io/utf8.js";

/**
 * `$SEAL_HOME`, else `$XDG_CONFIG_HOME/seal`, else the platform's place; null where this user has no home. Throws
 * `usage`.
 */
function findDirectory(): string | null {
  const own = pathVariable("SEAL_HOME");
  if (own !== undefined) return expectAbsolute("SEAL_HOME", own);
  const xdg = pathVariable("XDG_CONFIG_HOME");
  // The specification of XDG_CONFIG_HOME wants relative paths ignored.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, "seal");
  const appData = process.platform === "win32" ? pathVariable("APPDATA") : undefined;
  if (appData !== undefined) return join(expectAbsolute("APPDATA", appData), "seal");
  const home = homeDirectory();
  if (home === null) return null;
  return process.platform === "darwin"
    ? join(home, "Library", "Application Support", "seal")
    : join(home, ".config", "seal");
}

/**
 * A variable that names a file or directory; undefined where it is not set, or empty. Throws `usage` where it is not
 * UTF-8.
 */
export function pathVariable(name: string): string | undefined {
  if (!isDamagedVariable(name)) return process.env[name] || undefined;
  throw new SealError("usage", `${name} is not UTF-8, and cannot be used`);
}

function expectAbsolute(name: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw new SealError("usage", `${name} is ${path === "" ? "empty" : "not an absolute path"}`, {
    hint: `Set ${name === "HOME" ? "HOME, or SEAL_HOME," : name} to the absolute path of a directory.`,
  });
}

/**
 * An empty HOME is no home; where there is none at all, the system's table of users has it, or nobody. Throws `usage`.
 */
export function homeDirectory(): string | null {
  if (process.platform === "win32") return homedir();
  if (process.env.HOME !== undefined) return expectAbsolute("HOME", pathVariable("HOME") ?? "");
  try {
    const { homedir: home } = userInfo();
    return isAbsolute(home) ? home : null;
  } catch {
    return null; // a user without an entry there
  }
}

/** Throws `usage` where there is no such place. */
export function configDirectory(): string {
  const directory = findDirectory();
  if (directory !== null) return directory;
  throw new SealError("usage", "this user has no home directory", {
    hint: "Set SEAL_HOME to the absolute path of a directory, or name each file by its flag.",
  });
}

/** Whether there is a place for configuration, or could be: a service may have none. */
export function hasHome(): boolean {
  if (pathVariable("SEAL_HOME") ?? pathVariable("XDG_CONFIG_HOME")) return true;
  try {
    const home = homeDirectory();
    return home !== null && home !== "/" && statSync(home).isDirectory();
  } catch {
    return false;
  }
}

/** The identity that signs and opens where none is named. Throws `usage`. */
export function defaultIdentityPath(): string {
  return join(configDirectory(), "identity.key");
}

/**
 * The contacts that are used where `--contacts` names no others; null where this user has no home, and so no contacts.
 * Throws `usage`.
 */
export function defaultContactsPath(): string | null {
  const directory = findDirectory();
  return directory && join(directory, "contacts");
}

/** Throws `io`, `usage`. */
export async function makeConfigDirectory(): Promise<void> {
  const directory = configDirectory();
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(`cannot make ${directory}`, error);
  }
}
