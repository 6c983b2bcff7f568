// Names that are not UTF-8. Node puts U+FFFD in place of the bytes that it cannot read, and the name that comes out may
// be another file's. What the system itself says of this process tells that from a U+FFFD that was meant.

import { readFileSync, readlinkSync } from "node:fs";

const REPLACEMENT = "\ufffd";

/** The arguments that Node has not handed on as they were; where that cannot be told, those that may be. */
export function damagedArguments(argv: readonly string[]): readonly string[] {
  const doubtful = argv.filter((argument) => !isCertain(argument));
  if (doubtful.length === 0) return [];
  const given = listIn("/proc/self/cmdline")?.slice(-argv.length);
  if (given?.length !== argv.length || argv.some((argument, i) => isCertain(argument) && !isSame(argument, given[i]))) {
    return doubtful;
  }
  return argv.filter((argument, i) => !isSame(argument, given[i]));
}

/** Whether Node has not handed on a variable of the environment as it was, or may not have. */
export function isDamagedVariable(name: string): boolean {
  const value = process.env[name] ?? "";
  if (isCertain(value)) return false;
  const found = listIn("/proc/self/environ")?.find(
    (entry) => entry.subarray(0, name.length + 1).toString() === `${name}=`,
  );
  return !isSame(value, found?.subarray(name.length + 1));
}

/** Whether the name of the current directory, as Node tells it, is not its own, or may not be. */
export function isDamagedDirectory(directory: string): boolean {
  if (isCertain(directory)) return false;
  try {
    return !isSame(directory, readlinkSync("/proc/self/cwd", { encoding: "buffer" }));
  } catch {
    return true;
  }
}

function isCertain(text: string): boolean {
  return !text.includes(REPLACEMENT) && text.isWellFormed();
}

function isSame(text: string, bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && text.isWellFormed() && Buffer.from(text).equals(bytes);
}

/** The entries of such a file, each of which ends with a zero byte; null where the system has none. */
function listIn(file: string): readonly Buffer[] | null {
  try {
    const entries = readFileSync(file, "latin1").split("\0");
    return entries.slice(0, -1).map((entry) => Buffer.from(entry, "latin1"));
  } catch {
    return null;
  }
}
