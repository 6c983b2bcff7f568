// The keys of an inbox on disk. A process never appends to a file of an earlier one, nor to a file on which a write has
// failed, so an end that is not whole stays what it is; and what has outlived its time goes with the file that it is
// in.

import { type FileHandle, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ioError, syncDirectory } from "@sealed-files/seal/internal";
import { codeOf } from "../../codes.js";
import type { AgeClock } from "../../idempotency/age.js";
import type { Stands } from "../../idempotency/stands.js";
import { type Answered, encodeHead, encodeUnit, type FramePlace, NO_FRAME } from "../../idempotency/unit.js";
import type { KeyStore } from "../store.js";
import { writeAll } from "./files.js";
import { answeredIn, scan } from "./key-file.js";
import { damaged, missing, NewestMark } from "./mark.js";

/** Files are begun anew at this size, so that reading one takes little memory. */
const MAX_FILE = 16 * 1024 * 1024;
const FILE_NAME = /^\d{10}\.keys$/;

/** A frame that was announced, and of which it is not known yet what becomes. */
export interface AnnouncedUnit {
  readonly file: OpenFile;
  readonly index: number;
  isSettled: boolean;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Ages when it was begun, and when it was last written. */
  readonly begun: number;
  last: number;
  size: number;
  frames: number;
  /** Frames in this order are settled up to here. */
  settled: number;
  /** Settled, but something before them is not. */
  readonly ahead: Set<number>;
  /** Settled as void, and not written yet. */
  voids: number[];
  /** A write has failed: nothing more is written to it. */
  failed: boolean;
}

export interface KeyPlace {
  /** A directory. */
  readonly keys: string;
  /** A file that names the frame whose keys were written last. */
  readonly newestKey: string;
}

export class KeyLog implements KeyStore {
  readonly #directory: string;
  readonly #mark: NewestMark;
  readonly #slice: number;
  readonly #clock: AgeClock;
  /** Ages of the last units of files that are written no more. */
  readonly #past = new Map<string, number>();
  /** The file that holds what the mark names: it is not removed. */
  #newest: string | null = null;
  #current: OpenFile | null = null;
  #serial = 0;

  /** `slice`: milliseconds after which a new file is begun. */
  constructor({ keys, newestKey }: KeyPlace, slice: number, clock: AgeClock) {
    this.#directory = keys;
    this.#mark = new NewestMark(newestKey);
    this.#slice = slice;
    this.#clock = clock;
  }

  /**
   * Reads what stands in the files, the newest first: only of frames that are in the journal. The clock goes on from
   * there before anything is found. Throws `io`; `tampered` for a damaged file, and where files are missing that belong
   * to the journal.
   */
  async load(stands: Stands, found: (age: number, answered: Answered, frame: FramePlace) => void): Promise<void> {
    const mark = await this.#mark.read();
    const names = await this.#names();
    let isResumed = false;
    for (const name of names.toReversed()) {
      const path = join(this.#directory, name);
      const bytes = await readFile(path).catch((error) => Promise.reject(ioError(`cannot read ${path}`, error)));
      const file = await scan(bytes, ({ frame }) => {
        if (mark && frame.end === mark.end && Buffer.compare(frame.chain, mark.chain) === 0) this.#newest = path;
      });
      if (file === "damaged") throw damaged(path);
      this.#past.set(path, file?.stamp.age ?? 0);
      if (!file) continue;
      if (!isResumed) this.#clock.resume(file.stamp);
      isResumed = true;
      await answeredIn(bytes, file, stands, found);
    }
    if (mark && !this.#newest && (await stands(mark, true))) throw missing(this.#directory, this.#mark.path);
    this.#serial = Number.parseInt(names.at(-1) ?? "0", 10);
  }

  /** Takes the mark for this process: one that had it before writes where nobody reads. Throws `io`. */
  async own(): Promise<void> {
    await this.#mark.own();
  }

  /** Makes durable that a frame with these requests is about to be written. Throws `io`: then the frame must not be. */
  async announce(frame: FramePlace, entries: readonly Answered[]): Promise<AnnouncedUnit> {
    const file = await this.#fileToWrite();
    await this.#write(file, frame, entries);
    const announced = { file, index: file.frames++, isSettled: false };
    this.#newest = file.path;
    await this.#mark.write(frame).catch((error) => {
      file.failed = true;
      throw error;
    });
    return announced;
  }

  /**
   * Notes what has become of a frame. It is on disk with the next unit, of a frame that is sealed when the writer has
   * moved aside what failed; until then the journal is asked.
   */
  settle(announced: AnnouncedUnit, stands: boolean): void {
    const { file, index } = announced;
    if (announced.isSettled) return;
    announced.isSettled = true;
    if (!stands) file.voids.push(index);
    file.ahead.add(index);
    while (file.ahead.delete(file.settled)) file.settled++;
  }

  /** Removes files of which all is older than `age`. */
  async forget(age: number): Promise<void> {
    for (const [path, last] of this.#past) {
      if (last >= age || path === this.#newest) continue;
      await unlink(path).catch((error) => {
        if (codeOf(error) !== "ENOENT") throw ioError(`cannot remove ${path}`, error);
      });
      this.#past.delete(path);
    }
  }

  /**
   * `isClean`: the writer has ended well, so what failed is not in the journal. Else it may be there still, and is for
   * the journal to say: nothing more is written. Throws `io`.
   */
  async close(isClean: boolean): Promise<void> {
    const file = this.#current;
    try {
      if (file && isClean && !file.failed) await this.#write(file, NO_FRAME, []);
    } finally {
      if (file) await this.#retire(file);
      await this.#mark.close();
    }
  }

  async #fileToWrite(): Promise<OpenFile> {
    const file = this.#current;
    const age = this.#clock.now();
    if (file && !file.failed && file.size < MAX_FILE && age - file.begun < this.#slice) return file;
    if (file) await this.#retire(file);
    this.#current = await this.#begin(age);
    return this.#current;
  }

  async #begin(age: number): Promise<OpenFile> {
    const path = join(this.#directory, `${String(++this.#serial).padStart(10, "0")}.keys`);
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, "wx", 0o600);
      await syncDirectory(this.#directory);
      const state = { size: 0, frames: 0, settled: 0, ahead: new Set<number>(), voids: [], failed: false };
      return { path, handle, begun: age, last: age, ...state };
    } catch (error) {
      await handle?.close();
      throw ioError(`cannot write to ${this.#directory}`, error);
    }
  }

  async #write(file: OpenFile, frame: FramePlace, entries: readonly Answered[]): Promise<void> {
    const { settled, voids } = file;
    const stamp = this.#clock.stamp();
    const unit = encodeUnit({ settled, voids, age: stamp.age, frame, entries });
    const bytes = file.size === 0 ? Buffer.concat([encodeHead(stamp), unit]) : unit;
    try {
      await writeAll(file.handle, bytes, file.size);
      await file.handle.datasync();
    } catch (error) {
      file.failed = true;
      throw ioError(`cannot write ${file.path}`, error);
    }
    file.size += bytes.length;
    file.voids = file.voids.slice(voids.length);
    file.last = stamp.age;
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
