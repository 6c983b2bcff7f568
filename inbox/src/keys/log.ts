// The keys of an inbox on disk. A process never appends to a file of an earlier one, nor to a file on which a write has failed, so an end that is
// not whole stays what it is; and what has outlived its time goes with the file that it is in.

import { type FileHandle, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SealError } from "seal";
import { codeOf, ioError, syncDirectory } from "../store/files.js";
import { type Answered, encodeUnit, type FramePlace, NO_FRAME, parseUnits, type Unit } from "./unit.js";

/** Files are begun anew at this size, so that reading one takes little memory. */
const MAX_FILE = 16 * 1024 * 1024;
const FILE_NAME = /^(\d{13})-(\d+)\.keys$/;

/** Says whether a frame that was announced stands in the journal. */
export type Stands = (frame: FramePlace) => Promise<boolean>;

/** A frame that was announced, and of which it is not known yet what becomes. */
export interface Announced {
  readonly file: OpenFile;
  readonly index: number;
  isSettled: boolean;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly begun: number;
  size: number;
  frames: number;
  /** Frames in this order are settled up to here. */
  settled: number;
  /** Settled, but something before them is not. */
  readonly ahead: Set<number>;
  /** Settled as void, and not written yet. */
  voids: number[];
  last: number;
  /** A write has failed: nothing more is written to it. */
  failed: boolean;
}

export class KeyLog {
  readonly #directory: string;
  readonly #slice: number;
  /** Times of the last units of files that are written no more. */
  readonly #past = new Map<string, number>();
  #current: OpenFile | null = null;
  #serial = 0;

  /** `slice`: milliseconds after which a new file is begun. */
  constructor(directory: string, slice: number) {
    this.#directory = directory;
    this.#slice = slice;
  }

  /** Reads what stands in the files: only of frames that are in the journal. Throws `io`; `tampered` for a damaged file. */
  async load(stands: Stands, found: (time: number, answered: Answered) => void): Promise<void> {
    for (const name of await this.#names()) {
      const path = join(this.#directory, name);
      const units = parseUnits(
        await readFile(path).catch((error) => Promise.reject(ioError(`cannot read ${path}`, error))),
      );
      if (!units) throw damaged(path);
      for (const { time, entries } of await standing(units, stands)) for (const entry of entries) found(time, entry);
      this.#past.set(path, units.at(-1)?.time ?? Number(FILE_NAME.exec(name)![1]));
    }
  }

  /** Makes durable that a frame with these requests is about to be written. Throws `io`: then the frame must not be. */
  async announce(frame: FramePlace, entries: readonly Answered[], time: number): Promise<Announced> {
    const file = await this.#fileFor(time);
    await this.#write(file, frame, entries, time);
    return { file, index: file.frames++, isSettled: false };
  }

  /**
   * Notes what has become of a frame. It is on disk with the next unit, of a frame that is sealed when the writer has moved aside what failed; until then
   * the journal is asked.
   */
  settle(announced: Announced, stands: boolean): void {
    const { file, index } = announced;
    if (announced.isSettled) return;
    announced.isSettled = true;
    if (!stands) file.voids.push(index);
    file.ahead.add(index);
    while (file.ahead.delete(file.settled)) file.settled++;
  }

  /** Removes files of which all is older than `time`. */
  async forget(time: number): Promise<void> {
    for (const [path, last] of this.#past) {
      if (last >= time) continue;
      await unlink(path).catch((error) => {
        if (codeOf(error) !== "ENOENT") throw ioError(`cannot remove ${path}`, error);
      });
      this.#past.delete(path);
    }
  }

  /**
   * `isClean`: the writer has ended well, so what failed is not in the journal. Else it may be there still, and is for the journal to say: nothing
   * more is written.
   */
  async close(isClean: boolean): Promise<void> {
    const file = this.#current;
    if (!file) return;
    // What this says could be asked of the journal too: it is no loss where it cannot be written.
    if (isClean && !file.failed) await this.#write(file, NO_FRAME, [], file.last).catch(() => undefined);
    await this.#retire(file);
  }

  async #fileFor(time: number): Promise<OpenFile> {
    const file = this.#current;
    if (file && !file.failed && file.size < MAX_FILE && Math.abs(time - file.begun) < this.#slice) return file;
    if (file) await this.#retire(file);
    this.#current = await this.#begin(time);
    return this.#current;
  }

  async #begin(time: number): Promise<OpenFile> {
    const path = join(this.#directory, `${String(time).padStart(13, "0")}-${process.pid}${this.#serial++}.keys`);
    try {
      const handle = await open(path, "wx", 0o600);
      await syncDirectory(this.#directory);
      const state = { size: 0, frames: 0, settled: 0, ahead: new Set<number>(), voids: [], last: time, failed: false };
      return { path, handle, begun: time, ...state };
    } catch (error) {
      throw ioError(`cannot write to ${this.#directory}`, error);
    }
  }

  async #write(file: OpenFile, frame: FramePlace, entries: readonly Answered[], time: number): Promise<void> {
    const { settled, voids } = file;
    const bytes = encodeUnit({ settled, voids, time, frame, entries });
    try {
      await writeAll(file.handle, bytes, file.size);
      await file.handle.datasync();
    } catch (error) {
      file.failed = true;
      throw ioError(`cannot write ${file.path}`, error);
    }
    file.size += bytes.length;
    file.voids = file.voids.slice(voids.length);
    file.last = time;
  }

  async #retire(file: OpenFile): Promise<void> {
    this.#current = null;
    this.#past.set(file.path, file.last);
    await file.handle.close();
  }

  /** In the order in which they were begun. */
  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => FILE_NAME.test(name)).sort();
    } catch (error) {
      throw ioError(`cannot read ${this.#directory}`, error);
    }
  }
}

/** The units whose frames are in the journal. */
async function standing(units: readonly Unit[], stands: Stands): Promise<Unit[]> {
  const announcing = units.filter(({ entries }) => entries.length > 0);
  const settled = Math.max(0, ...units.slice(-1).map((unit) => unit.settled));
  const voids = new Set(units.flatMap((unit) => unit.voids));
  const found: Unit[] = [];
  for (const [index, unit] of announcing.entries()) {
    if (voids.has(index)) continue;
    if (index < settled || (await stands(unit.frame))) found.push(unit);
  }
  return found;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function damaged(path: string): SealError {
  return new SealError("tampered", `${path} is damaged`, {
    hint: "Without it, records that are sent again with the same idempotency key may be doubled. Move it away to go on.",
  });
}
