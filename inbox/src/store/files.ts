// Small files that are whole or not there, and errors of the file system.

import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SealError } from "seal";

/** Text for what the system's error codes mean, where it is likely. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EIO: "input/output error",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files",
};

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** The `io` error for a system call that failed. */
export function ioError(what: string, cause: unknown): SealError {
  const code = codeOf(cause);
  return new SealError("io", `${what}: ${REASONS[code] ?? (code || String(cause))}`, { cause });
}

/** Writes a new file of mode 0600 under its name in one step, durably. Throws what the system throws; EEXIST where it is there. */
export async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

/** As `writeNew`, in place of what has that name. */
export async function replace(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.new-${process.pid}-${Date.now()}`);
  await writeNew(temporary, text);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, constants.O_RDONLY);
    await directory.sync();
  } catch (error) {
    // Systems that cannot flush a directory have no better to offer.
    if (!["EISDIR", "EINVAL", "EPERM", "ENOTSUP"].includes(codeOf(error))) throw error;
  } finally {
    await directory?.close();
  }
}
