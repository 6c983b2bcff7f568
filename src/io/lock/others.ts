// Those who have a lock besides oneself, or had it.

import { basename, dirname, join } from "node:path";
import { ioError, SealError } from "../../errors.js";
import { readdir, unlink } from "../promises.js";
import { type Holder, readHolder, type Seen, stateOf } from "./holder.js";
import { Watch } from "./life.js";
import { removeSocket } from "./socket.js";

export interface HoldOptions {
  /** What errors call the thing that is locked. */
  readonly name: string;
  /** What is said where somebody has it. */
  readonly inUse?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told why it takes a while. */
  readonly note?: ((text: string) => void) | undefined;
  /** After how many milliseconds without a sign of life a process of which nothing is known is presumed gone. */
  readonly silence?: number | undefined;
}

export interface Other {
  readonly id: string;
  readonly path: string;
  readonly holder: Holder | null;
  /** Whether that is known. */
  readonly lives: boolean;
}

/** A lock that was in the way, and was removed. */
export interface Buried {
  readonly id: string;
  readonly path: string;
  readonly holder: Holder | null;
  /** Whether it is known that its process has ended; else that is presumed. */
  readonly known: boolean;
}

/** What the names of the lock files of a path begin with. */
export function lockPrefix(target: string): string {
  return `.${basename(target)}.lock.`;
}

export class Others {
  readonly buried: Buried[] = [];
  readonly #directory: string;
  readonly #prefix: string;
  readonly #own: string | null;
  readonly #name: string;
  readonly #watch: Watch;

  constructor(target: string, own: string | null, { name, silence }: HoldOptions) {
    this.#directory = dirname(target);
    this.#prefix = lockPrefix(target);
    this.#own = own;
    this.#name = name;
    this.#watch = new Watch(silence);
  }

  /**
   * Those that may live, by their names, up to the first that is known to; the files of the dead before it, and of
   * those who are presumed to be, are removed. Throws `io`.
   */
  async look(): Promise<Other[]> {
    const names = await readdir(this.#directory).catch((error) => {
      throw ioError(`cannot lock ${this.#name}`, error);
    });
    const found: Other[] = [];
    for (const name of names.filter((each) => each.startsWith(this.#prefix)).sort()) {
      const id = name.slice(this.#prefix.length);
      const other = id === this.#own ? null : await this.#lookAt(id, join(this.#directory, name));
      if (other) found.push(other);
      if (other?.lives) break;
    }
    return found;
  }

  async #lookAt(id: string, path: string): Promise<Other | null> {
    const seen = this.#read(path);
    if (!seen) return null;
    const { holder } = seen;
    const state = await stateOf(this.#directory, id, seen);
    if (state === "lives") return { id, path, holder, lives: true };
    if (state === "unknown") {
      const watched = this.#watch.of(id, seen.text);
      if (watched !== "silent") return { id, path, holder, lives: watched === "beats" };
    }
    await this.#bury({ id, path, holder, known: state === "dead" });
    return null;
  }

  #read(path: string): Seen | null {
    try {
      return readHolder(path);
    } catch (error) {
      throw ioError(`cannot read ${path}`, error);
    }
  }

  async #bury(buried: Buried): Promise<void> {
    await unlink(buried.path).catch((error) => {
      if (error.code !== "ENOENT") throw ioError(`cannot remove ${buried.path}`, error);
    });
    removeSocket(this.#directory, buried.id);
    this.buried.push(buried);
  }
}

/** The process that holds a lock, in words. */
export function whoIs({ holder, path }: Pick<Other, "holder" | "path">): string {
  return holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : path;
}

export function heldError(message: string, other: Other): SealError {
  return new SealError("io", message, { hint: `It is held by ${whoIs(other)}. Try again when it has ended.` });
}
