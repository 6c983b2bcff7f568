// A partial file beside the output, which the next run finds and goes on with. It is never cut while others may have it open, and only
// bytes that were verified are written to it, each at its place: so two runs at once do each other no harm.

import { constants, fchmodSync, fdatasync, fstatSync, ftruncateSync, openSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Bytes, toHex } from "../bytes.js";
import { ioError, SealError } from "../errors.js";
import type { PartialSink } from "../ops/io.js";
import type { Place } from "../ops/resume.js";
import { writeAll } from "./descriptor.js";
import { settleName, syncDirectory, syncFd } from "./directory.js";
import { closeRead } from "./files.js";
import { checkOutput, type OutputOptions, openOutput } from "./output.js";
import { forget, giveName, namesStill, remember, temporaryName } from "./temporary.js";

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

/** Throws `io`. */
async function openPartial(
  path: string,
  coreHash: Bytes,
  options: OutputOptions,
  keeps: (name: string) => void,
): Promise<PartialSink> {
  const file = new PartialFile(path, coreHash, options);
  await syncDirectory(file.directory).catch(() => undefined);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw error instanceof SealError ? error : ioError(`cannot write ${path}`, error);
    }
  };
  return {
    name: path,
    fd: null,
    keeps: false,
    left: { fd: file.fd, name: file.partial, bytes: file.bytes },
    restart: () => attempt(async () => file.restart()),
    write: (bytes, position) => attempt(() => file.write(bytes, position)),
    commit: () => attempt(() => file.commit()),
    abort: async () => {
      if (await file.abort()) keeps(file.partial);
    },
  };
}

class PartialFile {
  readonly directory: string;
  readonly partial: string;
  /** How many an earlier run left. */
  readonly bytes: number;
  fd: number;
  readonly #path: string;
  readonly #target: string;
  readonly #options: OutputOptions;
  #isOpen = true;
  #end = 0;
  #unsynced = 0;
  #syncedAt = performance.now();
  #syncing: Promise<unknown> = Promise.resolve();

  constructor(path: string, coreHash: Bytes, options: OutputOptions) {
    this.#path = path;
    this.#options = options;
    // A relative name means the directory that is current now, not at the commit.
    this.#target = resolve(path);
    this.directory = dirname(this.#target);
    this.partial = partialName(this.#target, coreHash);
    ({ fd: this.fd, size: this.bytes } = openOwn(this.partial, 0));
  }

  restart(): void {
    this.#close();
    unlinkSync(this.partial);
    ({ fd: this.fd } = openOwn(this.partial, constants.O_EXCL));
    this.#isOpen = true;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await writeAll(this.fd, bytes, position, this.#path);
    this.#end = position + bytes.length;
    this.#unsynced += bytes.length;
    if (this.#unsynced < SYNC_BYTES && performance.now() - this.#syncedAt < SYNC_TIME) return;
    await this.#syncing;
    this.#syncing = syncDataFd(this.fd);
    this.#syncing.catch(() => undefined);
    this.#unsynced = 0;
    this.#syncedAt = performance.now();
  }

  async commit(): Promise<void> {
    await this.#syncing;
    ftruncateSync(this.fd, this.#end);
    await syncFd(this.fd);
    const temporary = this.#claim();
    try {
      fchmodSync(this.fd, (this.#options.mode ?? 0o666) & ~process.umask());
      giveName(temporary, this.#target, this.#path, this.#options);
    } catch (error) {
      this.#putBack(temporary);
      throw error;
    }
    const mayGo = !this.#options.force;
    await settleName(
      this.directory,
      this.#path,
      () => mayGo && this.#names(this.#target) && this.#putBack(this.#target),
    );
    this.#close();
  }

  /** Whether something is left to go on with. */
  async abort(): Promise<boolean> {
    if (!this.#isOpen) return false;
    await this.#syncing.catch(() => undefined);
    await syncFd(this.fd).catch(() => undefined);
    try {
      if (!this.#names(this.partial)) return false;
      if (fstatSync(this.fd).size > 0) return true;
      unlinkSync(this.partial);
      return false;
    } catch {
      // It is gone, or cannot be looked at: then there is nothing to tell of.
      return false;
    } finally {
      this.#close();
    }
  }

  /** What was to be kept has been synced by then. */
  #close(): void {
    if (this.#isOpen) closeRead(this.fd);
    this.#isOpen = false;
  }

  /** Gives it a name under which nobody else looks for it, and makes sure that it is the one that was written. */
  #claim(): string {
    const temporary = temporaryName(this.directory);
    const gone = new SealError("io", `${this.partial} was taken away or replaced meanwhile`, {
      hint: "Another run for the same output may have finished.",
    });
    try {
      renameSync(this.partial, temporary);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ENOENT" ? gone : error;
    }
    remember(temporary);
    try {
      if (this.#names(temporary)) return temporary;
      throw gone;
    } catch (error) {
      this.#putBack(temporary);
      throw error;
    }
  }

  #names(path: string): boolean {
    return namesStill(path, fstatSync(this.fd, { bigint: true }));
  }

  /** Makes what has that name the partial file again, and tells whether it could. */
  #putBack(path: string): boolean {
    try {
      if (this.#names(path)) fchmodSync(this.fd, 0o600);
      renameSync(path, this.partial);
      forget(path);
      return true;
    } catch {
      return false;
    }
  }
}

/** Opens or makes a partial file. Throws `io` for what is not a file of ours alone. */
function openOwn(partial: string, flags: number): { fd: number; size: number } {
  const { O_RDWR, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
    const stat = fstatSync(fd);
    const isOwn = process.geteuid === undefined || stat.uid === process.geteuid();
    const isShared = process.platform !== "win32" && (stat.mode & 0o022) !== 0;
    if (!stat.isFile() || stat.nlink !== 1 || !isOwn || isShared) throw notOurs(partial);
    fchmodSync(fd, 0o600);
    return { fd, size: stat.size };
  } catch (error) {
    if (fd !== undefined) closeRead(fd);
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
