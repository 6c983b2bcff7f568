// A partial file beside the output, which the next run finds and goes on with. It is never cut while others may have it open, and only
// bytes that were verified are written to it, each at its place: so two runs at once do each other no harm.

import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Bytes, toHex } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import type { PartialSink } from "../ops/io.js";
import type { Place } from "../ops/resume.js";
import { writeAll } from "./descriptor.js";
import { checkOutput, type OutputOptions, openOutput } from "./output.js";
import { forget, giveName, remember, syncDirectory, syncFd, temporaryName } from "./temporary.js";

const syncDataFd = promisify(fdatasync);

/** A crash of the machine costs no more than what was written since, and it was not long ago. */
const SYNC_BYTES = 64 * 1024 * 1024;
const SYNC_TIME = 5000;

/** Names are at most 255 bytes long, and 32 of them are ours. */
const LONGEST_NAME = 220;

export interface ResumablePlace extends Place {
  /** The partial file that is left, once it is known that one is. */
  readonly kept: string | null;
}

/** An output that can be gone on with. Throws `usage` for what is no file, and as `openOutput`. */
export async function resumableOutput(path: string, options: OutputOptions): Promise<ResumablePlace> {
  if (checkOutput(path, options).kind !== "file") {
    throw new SealError("usage", `${path} is no file, and what is written to it cannot be gone on with`);
  }
  const place = {
    kept: null as string | null,
    whole: () => openOutput(path, options),
    partial: (coreHash: Bytes) => openPartial(path, coreHash, options, (kept) => Object.assign(place, { kept })),
  };
  return place;
}

/** The name of what is left of `path` while a file with that core is opened to it. */
export function partialName(path: string, coreHash: Bytes): string {
  const bytes = Buffer.from(basename(path));
  const name = bytes.length <= LONGEST_NAME ? basename(path) : `${toHex(bytes.subarray(0, 90))}`;
  return join(dirname(path), `.${name}.${toHex(coreHash.subarray(0, 8))}.seal-partial`);
}

async function openPartial(
  path: string,
  coreHash: Bytes,
  options: OutputOptions,
  keeps: (name: string | null) => void,
): Promise<PartialSink> {
  // A relative name means the directory that is current now, not at the commit.
  const target = resolve(path);
  const directory = dirname(target);
  const partial = partialName(target, coreHash);
  let fd = openOwn(partial, 0);
  let isOpen = true;
  let end = 0;
  let unsynced = 0;
  let syncedAt = Date.now();
  let syncing: Promise<unknown> = Promise.resolve();
  const bytes = fstatSync(fd).size;
  await syncDirectory(directory).catch(() => undefined);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw error instanceof SealError ? error : ioError(`cannot write ${path}`, error);
    }
  };
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  const finish = () => {
    const temporary = claim(partial, fd, directory);
    try {
      fchmodSync(fd, (options.mode ?? 0o666) & ~process.umask());
      giveName(temporary, target, path, options);
    } catch (error) {
      fchmodSync(fd, 0o600);
      renameSync(temporary, partial);
      throw error;
    } finally {
      forget(temporary);
    }
  };

  return {
    name: path,
    fd: null,
    keeps: false,
    left: { fd, name: partial, bytes },
    restart: () =>
      attempt(async () => {
        close();
        unlinkSync(partial);
        fd = openOwn(partial, constants.O_EXCL);
        isOpen = true;
      }),
    write: (bytes, position) =>
      attempt(async () => {
        await writeAll(fd, bytes, position, path);
        end = position + bytes.length;
        unsynced += bytes.length;
        if (unsynced < SYNC_BYTES && Date.now() - syncedAt < SYNC_TIME) return;
        await syncing;
        syncing = syncDataFd(fd);
        syncing.catch(() => undefined);
        unsynced = 0;
        syncedAt = Date.now();
      }),
    commit: () =>
      attempt(async () => {
        await syncing;
        ftruncateSync(fd, end);
        await syncFd(fd);
        finish();
        close();
        await syncDirectory(directory);
      }),
    abort: async () => {
      if (!isOpen) return;
      await syncing.catch(() => undefined);
      await syncFd(fd).catch(() => undefined);
      try {
        if (fstatSync(fd).size > 0) keeps(partial);
        else unlinkSync(partial);
        close();
      } catch {
        // It is gone, or cannot be looked at: then there is nothing to tell of.
      }
    },
  };
}

/** Opens or makes a partial file. Throws `io` for what is not a file of ours alone. */
function openOwn(partial: string, flags: number): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
    const stat = fstatSync(fd);
    const isOwn = process.geteuid === undefined || stat.uid === process.geteuid();
    const isShared = process.platform !== "win32" && (stat.mode & 0o022) !== 0;
    if (!stat.isFile() || stat.nlink !== 1 || !isOwn || isShared) throw notOurs(partial);
    fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    if (error instanceof SealError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw notOurs(partial);
    throw ioError(`cannot open ${partial}`, error);
  }
}

function notOurs(partial: string): SealError {
  return new SealError("io", `${partial} is not a file that an earlier run can have left`, {
    hint: "It is a link, or somebody else can write to it. Remove it.",
  });
}

/** Gives the partial file a name under which nobody else looks for it, and makes sure that it is the one that was written. */
function claim(partial: string, fd: number, directory: string): string {
  const temporary = temporaryName(directory);
  const gone = new SealError("io", `${partial} was taken away or replaced meanwhile`, {
    hint: "Another run for the same output may have finished.",
  });
  try {
    renameSync(partial, temporary);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? gone : error;
  }
  const [named, own] = [lstatSync(temporary, { bigint: true }), fstatSync(fd, { bigint: true })];
  if (named.ino !== own.ino || named.dev !== own.dev) {
    renameSync(temporary, partial);
    throw gone;
  }
  remember(temporary);
  return temporary;
}
