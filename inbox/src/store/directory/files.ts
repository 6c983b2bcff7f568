// Small files that are whole or not there.

import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Held, holdLock, SealError } from "@sealed-files/seal";
import { ioError, syncDirectory } from "@sealed-files/seal/internal";
import { Overtaken } from "../../codes.js";

/**
 * Writes a new file of mode 0600 under its name in one step, durably. Throws what the system throws; EEXIST where it is
 * there.
 */
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

/** Puts another text in the place of what a file holds, in one step, durably. Throws what the system throws. */
export async function replaceText(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  await writeNew(draft, text);
  try {
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** How often a lock that another process or request has is tried, and the milliseconds in between. */
const TRIES = 50;
const PAUSE = 20;

/**
 * Does `work` while nobody else does any with that path. Throws `io`, with `Overtaken` as its cause, where somebody
 * does, for a second; what `work` throws.
 */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const held = await lockOf(path);
  return work().finally(() => held.release());
}

async function lockOf(path: string): Promise<Held> {
  const inUse = `${path} is being changed by another process`;
  for (let tries = 1; ; tries++) {
    try {
      return await holdLock(path, { name: path, inUse });
    } catch (error) {
      if (tries === TRIES) throw error instanceof SealError && error.message === inUse ? overtaken(error) : error;
      await sleep(PAUSE);
    }
  }
}

function overtaken({ message, hint }: SealError): SealError {
  return new SealError("io", message, { cause: new Overtaken(message), ...(hint && { hint }) });
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** What a disk that is nearly full does not take. */
const PROBE_BYTES = 64 * 1024;

/** Throws `io` where nothing can be written to a directory at present, behind so many bytes of a file. */
export async function probe(directory: string, position = 0): Promise<void> {
  const path = join(directory, `.probe-${process.pid}-${randomBytes(8).toString("hex")}`);
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await writeAll(file, new Uint8Array(PROBE_BYTES), position);
      await file.datasync();
    } finally {
      await file.close();
      await unlink(path);
    }
  } catch (error) {
    throw ioError(`cannot write to ${directory}`, error);
  }
}
