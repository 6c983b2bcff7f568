// A partial file beside the output, which the next run finds and goes on with. It is never cut while others may have it
// open, and only bytes that were verified are written to it, each at its place: so two runs at once do each other no
// harm.

import { constants, fdatasync, fstatSync, ftruncateSync, renameSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Bytes } from "../bytes.js";
import { asIoError, SealError } from "../errors.js";
import type { ResumePlace } from "../files/resume.js";
import type { PartialSink } from "../flow/io.js";
import { Access } from "./attributes.js";
import { type OutputSink, writeAll } from "./descriptor.js";
import { settleName, syncDirectory, syncFd } from "./directory.js";
import { closeRead } from "./files.js";
import { forget, remember, remove, temporaryName } from "./leftovers.js";
import { giveName, namesStill } from "./naming.js";
import { checkOutput, type OutputOptions, openOutput } from "./output.js";
import { openOwn, partialName, partialsOf, removePartials } from "./partial-files.js";
import { absolute } from "./paths.js";

const syncDataFd = promisify(fdatasync);

/** A crash of the machine costs no more than what was written since, and it was not long ago. */
const SYNC_BYTES = 64 * 1024 * 1024;
const SYNC_TIME = 5000;

export interface ResumablePlace extends ResumePlace {
  /** The partial file that is left, once it is known that one is. */
  readonly kept: string | null;
}

/** An output that a later run can resume. Throws `usage` for what is no file, and as `openOutput`. */
export async function resumableOutput(path: string, options: OutputOptions): Promise<ResumablePlace> {
  if (checkOutput(path, options).kind !== "file") {
    throw new SealError("usage", `${path} is not a file, so opening into it cannot resume`);
  }
  const place = {
    kept: null as string | null,
    whole: () => openedOutput(path, options),
    partial: (coreHash: Bytes) => openPartial(path, coreHash, options, (kept) => Object.assign(place, { kept })),
  };
  return place;
}

/** An output that is opened from the beginning. When it is whole, nothing is left of earlier runs that broke off. */
export async function openedOutput(path: string, options: OutputOptions = {}): Promise<OutputSink> {
  const sink = await openOutput(path, options);
  if (sink.fd === null) return sink;
  const target = absolute(path);
  const commit = async () => {
    await sink.commit();
    removePartials(target, options);
  };
  return { ...sink, commit };
}

/** Throws `io`. */
async function openPartial(
  path: string,
  coreHash: Bytes,
  options: OutputOptions,
  keeps: (name: string) => void,
): Promise<PartialSink> {
  const file = new PartialFile(path, coreHash, options);
  for (const other of file.others()) {
    options.note?.(`${other} is left from another version of the input; it is removed once ${path} is complete`);
  }
  await syncDirectory(file.directory).catch(() => undefined);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw asIoError(`cannot write ${path}`, error);
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
  #access: Access;
  readonly #path: string;
  readonly #target: string;
  readonly #options: OutputOptions;
  #isOpen = true;
  #end = 0;
  #unsynced = 0;
  #syncedAt = performance.now();
  #syncing: Promise<unknown> = Promise.resolve();
  /** Whether every flush went well: after one that failed, the system may take for written what is not on the disk. */
  #isSound = true;

  constructor(path: string, coreHash: Bytes, options: OutputOptions) {
    this.#path = path;
    this.#options = options;
    // A relative name means the directory that is current now, not at the commit.
    this.#target = absolute(path);
    this.directory = dirname(this.#target);
    this.partial = partialName(this.#target, coreHash);
    ({ fd: this.fd, size: this.bytes } = openOwn(this.partial, 0));
    this.#access = this.#accessOf();
  }

  /**
   * Partial files of the same output, for other versions of the input. Where the directory cannot be read, none are
   * known.
   */
  others(): string[] {
    try {
      return partialsOf(this.#target, this.#options.partials).filter((path) => path !== this.partial);
    } catch {
      return [];
    }
  }

  restart(): void {
    this.#close();
    unlinkSync(this.partial);
    ({ fd: this.fd } = openOwn(this.partial, constants.O_EXCL));
    this.#isOpen = true;
    this.#access = this.#accessOf();
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await writeAll(this.fd, bytes, position, this.#path);
    this.#end = position + bytes.length;
    this.#unsynced += bytes.length;
    if (this.#unsynced < SYNC_BYTES && performance.now() - this.#syncedAt < SYNC_TIME) return;
    await this.#syncing;
    this.#syncing = this.#flushed(syncDataFd(this.fd));
    this.#syncing.catch(() => undefined);
    this.#unsynced = 0;
    this.#syncedAt = performance.now();
  }

  async commit(): Promise<void> {
    await this.#syncing;
    ftruncateSync(this.fd, this.#end);
    await this.#flushed(syncFd(this.fd));
    const temporary = this.#claim();
    try {
      await this.#access.settle();
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
    removePartials(this.#target, this.#options);
  }

  async #flushed(flush: Promise<void>): Promise<void> {
    try {
      await flush;
    } catch (error) {
      this.#isSound = false;
      throw error;
    }
  }

  /** Whether something is left to resume. */
  async abort(): Promise<boolean> {
    if (!this.#isOpen) return false;
    await this.#syncing.catch(() => undefined);
    await this.#flushed(syncFd(this.fd)).catch(() => undefined);
    try {
      if (!this.#names(this.partial)) return false;
      if (this.#isSound && fstatSync(this.fd).size > 0) return true;
      unlinkSync(this.partial);
      return false;
    } catch {
      // It is gone, or cannot be looked at: then there is nothing to tell of.
      return false;
    } finally {
      this.#close();
    }
  }

  #accessOf(): Access {
    try {
      return new Access(this.fd, this.#target, this.#path, this.#options);
    } catch (error) {
      if (fstatSync(this.fd).size === 0) remove(this.partial);
      this.#close();
      throw asIoError(`cannot write ${this.#path}`, error);
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
    const gone = new SealError("io", `${this.partial} was removed or replaced meanwhile`, {
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
      if (this.#names(path)) this.#access.takeBack();
      renameSync(path, this.partial);
      forget(path);
      return true;
    } catch {
      return false;
    }
  }
}
