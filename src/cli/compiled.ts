// What V8 has compiled of the program, kept for the next start. It is code that will be run, so it is kept where nobody
// else can write, or not at all.

import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/**
 * Has Node keep it, and use what was kept, from Node 22 on. Nothing else depends on it: where there is no place for it,
 * the program is compiled at each start. NODE_DISABLE_COMPILE_CACHE is Node's own way to have none.
 */
export function keepCompiled(): void {
  const { enableCompileCache } = process.getBuiltinModule("node:module") as {
    enableCompileCache?: (directory: string) => void;
  };
  const directory = enableCompileCache && ownCache();
  if (directory) enableCompileCache(directory);
}

/** A directory of this user's, in a home of this user's: sudo may have left HOME as it was. */
function ownCache(): string | null {
  const { HOME: home, XDG_CACHE_HOME: xdg, NODE_DISABLE_COMPILE_CACHE: without } = process.env;
  const user = process.geteuid?.();
  if (without || user === undefined || !home || !isAbsolute(home)) return null;
  const directory = xdg && isAbsolute(xdg) ? join(xdg, "seal") : join(home, ".cache", "seal");
  try {
    if (lstatSync(home).uid !== user || !isSafe(dirname(directory), user)) return null;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    return uid === user && (mode & 0o077) === 0 ? directory : null;
  } catch {
    return null; // a home that may not be written to, or is not there
  }
}

/**
 * Whether only this user and root can put something else in the place of what will lie there, or above it. Behind a
 * link, others might.
 */
function isSafe(path: string, user: number): boolean {
  const above = dirname(path);
  if (!existsSync(path)) return isSafe(above, user);
  const found = lstatSync(path);
  const isOpen = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
  if (!found.isDirectory() || isOpen || (found.uid !== user && found.uid !== 0)) return false;
  return path === above || isSafe(above, user);
}
