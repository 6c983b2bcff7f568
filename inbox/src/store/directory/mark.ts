// Which keys were written last, in a file apart from them: so that keys which are older than the journal do not pass
// for all that there are. It is not flushed: after a loss of power it may be older than the keys, never newer.

import { randomBytes } from "node:crypto";
import { type FileHandle, open, readFile, rename, unlink } from "node:fs/promises";
import { SealError } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";
import { codeOf } from "../../codes.js";
import { encodePlace, type FramePlace, parsePlace } from "../../idempotency/unit.js";
import { writeAll } from "./files.js";

export class NewestMark {
  readonly path: string;
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** The frame whose keys were written last; null where that is not known. Throws `io`. */
  async read(): Promise<FramePlace | null> {
    const bytes = await bytesOf(this.path).catch((error) => Promise.reject(ioError(`cannot read ${this.path}`, error)));
    return bytes && parsePlace(bytes);
  }

  /**
   * Puts a copy in its place, to which `write` writes: a process that had the inbox before and was stopped, and wakes
   * up, has the other one open. Throws `io`.
   */
  async own(): Promise<void> {
    const temporary = `${this.path}.${randomBytes(8).toString("hex")}`;
    let file: FileHandle | undefined;
    try {
      file = await open(temporary, "wx", 0o600);
      await writeAll(file, (await bytesOf(this.path)) ?? new Uint8Array(), 0);
      await file.datasync();
      await rename(temporary, this.path);
      this.#file = file;
    } catch (error) {
      await file?.close();
      await unlink(temporary).catch(() => undefined);
      throw ioError(`cannot write ${this.path}`, error);
    }
  }

  /** To be called when the keys of the frame are durable. Throws `io`. */
  async write(frame: FramePlace): Promise<void> {
    if (!this.#file) await this.own();
    await writeAll(this.#file!, encodePlace(frame), 0).catch((error) => {
      throw ioError(`cannot write ${this.path}`, error);
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}

/** null where there is no such file. */
function bytesOf(path: string): Promise<Buffer | null> {
  return readFile(path).catch((error) => (codeOf(error) === "ENOENT" ? null : Promise.reject(error)));
}

export function damaged(path: string): SealError {
  return new SealError("tampered", `${path} is damaged`, {
    hint: "Without it, records that are sent again with the same idempotency key may be stored twice. Move it away to continue.",
  });
}

export function missing(directory: string, mark: string): SealError {
  return new SealError("tampered", `keys are missing in ${directory}: they are older than the journal`, {
    hint: `Restore the newer ones. If they are lost, remove ${mark}: repeated records may then be stored twice.`,
  });
}
