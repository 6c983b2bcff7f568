// An output file under a temporary name, until all of it is there.
//
// Calls that only touch names and attributes are synchronous: each takes microseconds, a tenth of its way through the
// thread pool, and ten thousand small files have a hundred thousand of them. What waits for a disk, syncing and large
// writes, is not.

import { type BigIntStats, closeSync, constants, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { asIoError, ioError } from "../errors.js";
import { Access, type AccessOptions } from "./attributes.js";
import { type OutputSink, writeAll } from "./descriptor.js";
import { settleName, syncFd } from "./directory.js";
import { drop, remember, remove, temporaryName } from "./leftovers.js";
import { giveName, namesStill, takePlace } from "./naming.js";
import { absolute } from "./paths.js";

export interface TemporaryOptions extends AccessOptions {
  /** false leaves it to the system when the file reaches the disk. */
  readonly sync?: boolean | undefined;
  readonly swap?: Swap | undefined;
  /** The name of the temporary file, in the output's directory; by default, one is made up. */
  readonly temporary?: string | undefined;
}

/** A file that is replaced by one of several who may come to do so. */
export interface Swap {
  /** The name of the temporary file, which the others know how to find. */
  readonly temporary: string;
  /** Asked when the file is whole and flushed, right before it gets its name: where this throws, it does not. */
  readonly check: () => void;
}

/** Writes up to this size cost less than the way to the thread pool. */
const SMALL_WRITE = 64 * 1024;

/**
 * Opens a temporary file beside `path`, which gets that name at the commit. `replaced`: the file whose place it takes.
 * Throws `io`.
 */
export function temporarySink(path: string, options: TemporaryOptions, replaced?: BigIntStats): OutputSink {
  // A relative name means the directory that is current now, not at the commit.
  const target = absolute(path);
  const directory = dirname(target);
  const temporary = options.swap?.temporary ?? options.temporary ?? temporaryName(directory);
  const fd = create(temporary, path);
  remember(temporary);
  let isOpen = true;
  const closeOnce = () => {
    // Also where it fails it is closed, and the number may be another file's by now.
    const wasOpen = isOpen;
    isOpen = false;
    if (wasOpen) closeSync(fd);
  };
  const giveUp = () => {
    try {
      closeOnce();
    } catch {
      // What it was is being thrown away.
    }
    drop(temporary);
  };
  const access = orGiveUp(giveUp, path, () => new Access(fd, target, path, options, replaced !== undefined));

  const commit = async () => {
    await access.settle();
    if (options.sync !== false) await syncFd(fd);
    closeOnce();
    options.swap?.check();
    if (replaced) takePlace(temporary, target, path, replaced);
    else giveName(temporary, target, path, options);
    if (options.sync === false) return;
    const mayGo = !replaced && !options.force;
    await settleName(directory, path, () => mayGo && namesStill(target, access.id) && remove(target));
  };
  return {
    name: path,
    fd,
    keeps: false,
    isTerminal: false,
    write: async (bytes, position) => {
      if (bytes.length > SMALL_WRITE) return writeAll(fd, bytes, position, path);
      writeSmall(fd, bytes, position, path);
    },
    commit: () =>
      commit().catch((error) => {
        throw asIoError(`cannot write ${path}`, error);
      }),
    abort: async () => giveUp(),
  };
}

function orGiveUp<T>(giveUp: () => void, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    giveUp();
    throw asIoError(`cannot write ${path}`, error);
  }
}

function create(temporary: string, path: string): number {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    return openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw ioError(`cannot write to ${dirname(path)}`, error);
  }
}

function writeSmall(fd: number, bytes: Uint8Array, position: number, path: string): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  } catch (error) {
    throw ioError(`cannot write ${path}`, error);
  }
}
