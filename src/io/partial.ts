// A partial file beside the output, which the next run finds and goes on with. It is never cut while others may have it open, and only
// bytes that were verified are written to it, each at its place: so two runs at once do each other no harm.

import { constants, fdatasync, ftruncate } from "node:fs";
import { lstat, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Bytes, toHex } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import type { PartialSink } from "../ops/io.js";
import type { Place } from "../ops/resume.js";
import { closeFd, openFd, statFd } from "./files.js";
import {
  checkOutput,
  chmodFd,
  forget,
  giveName,
  type OutputOptions,
  openOutput,
  remember,
  syncDirectory,
  syncFd,
  temporaryName,
  writeAll,
} from "./output.js";

const syncDataFd = promisify(fdatasync);
const truncateFd = promisify(ftruncate);

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
  if ((await checkOutput(path, options)) !== "file") {
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
  const partial = partialName(path, coreHash);
  const directory = dirname(path);
  let fd = await openOwn(partial, 0);
  const stat = await statFd(fd, { bigint: true });
  await syncDirectory(directory).catch(() => undefined);
  let end = 0;
  let written = 0;
  let syncedAt = Date.now();
  let syncing: Promise<unknown> = Promise.resolve();
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof SealError ? error : ioError(`cannot write ${path}`, error);
    }
  };

  return {
    name: path,
    fd: null,
    keeps: false,
    left: { fd, name: partial, bytes: Number(stat.size) },
    restart: () =>
      attempt(async () => {
        await closeFd(fd);
        await unlink(partial);
        fd = await openOwn(partial, constants.O_EXCL);
      }),
    write: (bytes, position) =>
      attempt(async () => {
        await writeAll(fd, bytes, position, path);
        end = position + bytes.length;
        written += bytes.length;
        if (written < SYNC_BYTES && Date.now() - syncedAt < SYNC_TIME) return;
        await syncing;
        syncing = syncDataFd(fd);
        syncing.catch(() => undefined);
        written = 0;
        syncedAt = Date.now();
      }),
    commit: () =>
      attempt(async () => {
        try {
          await syncing;
          await truncateFd(fd, end);
          await syncFd(fd);
          const temporary = await claim(partial, fd, directory);
          try {
            await chmodFd(fd, (options.mode ?? 0o666) & ~process.umask());
            await syncFd(fd);
            await giveName(temporary, path, options);
          } catch (error) {
            await chmodFd(fd, 0o600);
            await rename(temporary, partial);
            keeps(partial);
            throw error;
          } finally {
            forget(temporary);
          }
          await syncDirectory(directory);
        } finally {
          await closeFd(fd);
          fd = -1;
        }
      }),
    abort: async () => {
      if (fd === -1) return;
      await syncing.catch(() => undefined);
      await syncFd(fd).catch(() => undefined);
      const { size } = await statFd(fd, { bigint: true });
      await closeFd(fd).catch(() => undefined);
      fd = -1;
      if (size > 0n) keeps(partial);
      else await unlink(partial).catch(() => undefined);
    },
  };
}

/** Opens or makes a partial file. Throws `io` for what is not a file of ours alone. */
async function openOwn(partial: string, flags: number): Promise<number> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  let fd: number;
  try {
    fd = await openFd(partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ELOOP"
      ? notOurs(partial)
      : ioError(`cannot open ${partial}`, error);
  }
  try {
    const stat = await statFd(fd, { bigint: true });
    const isOwn = process.geteuid === undefined || stat.uid === BigInt(process.geteuid());
    const isShared = process.platform !== "win32" && (stat.mode & 0o022n) !== 0n;
    if (!stat.isFile() || stat.nlink !== 1n || !isOwn || isShared) throw notOurs(partial);
    await chmodFd(fd, 0o600);
    return fd;
  } catch (error) {
    await closeFd(fd);
    throw error instanceof SealError ? error : ioError(`cannot open ${partial}`, error);
  }
}

function notOurs(partial: string): SealError {
  return new SealError("io", `${partial} is not a file that an earlier run can have left`, {
    hint: "It is a link, or somebody else can write to it. Remove it.",
  });
}

/** Gives the partial file a name under which nobody else looks for it, and makes sure that it is the one that was written. */
async function claim(partial: string, fd: number, directory: string): Promise<string> {
  const temporary = temporaryName(directory);
  const gone = new SealError("io", `${partial} was taken away or replaced meanwhile`, {
    hint: "Another run for the same output may have finished.",
  });
  await rename(partial, temporary).catch((error) => {
    throw error.code === "ENOENT" ? gone : error;
  });
  const [named, own] = await Promise.all([lstat(temporary, { bigint: true }), statFd(fd, { bigint: true })]);
  if (named.ino !== own.ino || named.dev !== own.dev) {
    await rename(temporary, partial);
    throw gone;
  }
  remember(temporary);
  return temporary;
}
