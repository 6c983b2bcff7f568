// A journal as a regular file, with what its writer keeps beside it: a lock, a term, a cursor, and ends that were moved
// aside (docs/FORMAT.md, "Writing a journal").

import { closeSync, constants, fdatasync, fstatSync, ftruncate, openSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { type Bytes, equal } from "../../bytes.js";
import { asIoError, SealError } from "../../errors.js";
import { committing } from "../../flow/io.js";
import { MAX_BASE_BYTES } from "../../format/base.js";
import type { JournalStore, Outcome, Piece, Tail } from "../../journal/store.js";
import { changed, shortening } from "../../journal/writing/owner.js";
import { writeAll } from "../descriptor.js";
import { syncFd } from "../directory.js";
import { closeFd, type FileId, isSame } from "../files.js";
import type { Held } from "../lock/lock.js";
import { temporarySink } from "../temporary.js";
import { copyAside } from "./aside.js";
import { inPieces, readAt } from "./read-at.js";
import { isSmall, readSmall, replaceSmall } from "./small.js";
import { Swaps } from "./swap.js";
import type { TermFile } from "./term.js";

const syncDataFd = promisify(fdatasync);
const truncateFd = promisify(ftruncate);

const { O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** The cursor of the writer of a journal, which no reader uses. */
export function writerCursorPath(target: string): string {
  return `${target}.writer-cursor`;
}

function lockLost(name: string): SealError {
  return new SealError("fenced", `the lock of ${name} was removed by somebody else`, { hint: "Start again." });
}

/** What the file's owner has of it. */
export interface Ownership {
  readonly lock: Held;
  readonly term: TermFile;
  readonly moves: boolean;
}

const DONE: Outcome = { is: "done" };

type Write = (bytes: Uint8Array, at: number) => Promise<void>;

export class FileStore implements JournalStore {
  readonly name: string;
  readonly #target: string;
  readonly #lock: Held;
  readonly #term: TermFile;
  readonly #swaps: Swaps;
  #fd: number;
  #id: FileId;
  /** Whether a term was taken, since when nobody else may put another file in the journal's place. */
  #isOwned = false;
  /** Up to where this store has made the file durable. */
  #settled = 0;
  /** Whether the file is to be replaced by a copy of itself, as the writer before may still have it open. */
  #moves: boolean;
  /** The chain value at the end, where this store has written it. */
  #chain: Bytes | null = null;
  #isOpen = true;

  constructor(name: string, target: string, fd: number, { lock, term, moves }: Ownership) {
    this.name = name;
    this.#target = target;
    this.#fd = fd;
    this.#id = fstatSync(fd, { bigint: true });
    this.#lock = lock;
    this.#term = term;
    this.#swaps = new Swaps(target, lock.id);
    this.#moves = moves;
  }

  async size(): Promise<number> {
    return fstatSync(this.#fd).size;
  }

  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#attempt("read", () => readAt(this.#fd, position, length));
  }

  cursor(): Promise<Bytes | null> {
    return this.#attempt("read the writer's cursor of", () => readSmall(writerCursorPath(this.#target)));
  }

  takeTerm(term: Bytes): Promise<Outcome> {
    return this.#change(async () => {
      if (!this.#lock.isThere()) throw lockLost(this.name);
      await this.#term.take(term, this.#moves, this.#swaps);
      // From here on the writer before acknowledges nothing, replaces nothing, and what it has acknowledged is there.
      this.#swaps.endOthers();
      await this.#openAnew();
      if (this.#moves) await this.#move();
      await syncFd(this.#fd);
      this.#isOwned = true;
      this.#chain = null;
      return DONE;
    });
  }

  settle(position: number): Promise<Outcome> {
    return this.#change(async () => {
      const size = fstatSync(this.#fd).size;
      if (!this.#isOwner(size)) throw changed(this.name);
      const from = Math.max(position, this.#settled);
      await inPieces(this.#fd, from, size, (bytes, at) => writeAll(this.#fd, bytes, at, this.name));
      if (from < size) await syncFd(this.#fd);
      if (!this.#isOwner(size)) throw changed(this.name);
      this.#settled = size;
      return DONE;
    });
  }

  append(piece: Piece): Promise<Outcome> {
    return this.#change(async () => {
      if (!(await this.#isNext(piece))) throw changed(this.name);
      const { position, bytes, after } = piece;
      try {
        await writeAll(this.#fd, bytes, position, this.name);
        await syncDataFd(this.#fd);
      } catch (error) {
        await this.#takeBack(position);
        return { is: "failed", error: asIoError(`cannot write ${this.name}`, error) };
      }
      // Who took the journal over meanwhile may have read its end before this was there.
      if (!this.#isOwner(position + bytes.length)) throw changed(this.name);
      this.#chain = Uint8Array.from(after);
      this.#settled = position + bytes.length;
      return DONE;
    });
  }

  swapCursor(before: Uint8Array | null, cursor: Uint8Array): Promise<Outcome> {
    const path = writerCursorPath(this.#target);
    const check = () => {
      const isNext = isSmall(path, before) || isSmall(path, cursor);
      if (!isNext || !this.#term.isOwn()) throw changed(this.name);
    };
    return this.#change(async () => {
      check();
      await replaceSmall(path, cursor, this.#swaps.next(check));
      if (!this.#term.isOwn()) throw changed(this.name);
      return DONE;
    });
  }

  setAside(end: Tail): Promise<string> {
    return this.#attempt("move aside the incomplete end of", async () => {
      const isSame = () => this.#isOwner(end.position + end.length);
      if (!isSame()) throw changed(this.name);
      const aside = await copyAside(this.#fd, this.#target, this.name, end);
      if (!isSame()) throw changed(this.name);
      await this.#cut(end.position);
      this.#chain = null;
      return aside;
    });
  }

  shorten(before: Bytes | null, base: Bytes, position: number): Promise<Outcome> {
    return this.#change(async () => {
      const { size } = fstatSync(this.#fd);
      const start = await readAt(this.#fd, 0, MAX_BASE_BYTES);
      const state = shortening(start, before, base);
      if (!this.#isOwner(size) || state === "changed" || position > size) throw changed(this.name);
      if (state === "done") return DONE;
      let isNamed = false;
      const fill = async (write: Write) => {
        await write(base, 0);
        await inPieces(this.#fd, position, size, (bytes, at) => write(bytes, base.length + at - position));
      };
      try {
        await this.#replace(fill, () => {
          isNamed = true;
        });
      } catch (error) {
        const known = asIoError(`cannot write ${this.name}`, error);
        if (isNamed || known.code === "fenced") throw known;
        return { is: "failed", error: known };
      }
      this.#settled = base.length + size - position;
      return DONE;
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await closeFd(this.#fd);
      // Else the writer before may live, and whoever comes next has to know.
      if (!this.#moves) this.#term.free();
    } finally {
      await this.#lock.release();
    }
  }

  /**
   * Opens what has the journal's name: what other machines have written, or put in its place, shows only in what is
   * opened after the term was taken. Throws `fenced` where it is another file than that of an earlier term.
   */
  async #openAnew(): Promise<void> {
    const fd = openSync(this.#target, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    const id = fstatSync(fd, { bigint: true });
    if (!id.isFile() || (this.#isOwned && !isSame(id, this.#id))) {
      closeSync(fd);
      throw changed(this.name);
    }
    const before = this.#fd;
    [this.#fd, this.#id] = [fd, id];
    await closeFd(before);
  }

  /** Puts a copy in the journal's place: who writes to the file that was there writes where nobody reads. */
  async #move(): Promise<void> {
    const { size } = fstatSync(this.#fd);
    await this.#replace((write) => inPieces(this.#fd, 0, size, write));
    this.#term.hold();
    this.#moves = false;
    this.#settled = size;
  }

  /**
   * Puts a file in the journal's place, which `fill` writes: whole and flushed, or not at all. `naming` is called right
   * before it gets the journal's name: until then, nothing has changed.
   */
  async #replace(fill: (write: Write) => Promise<void>, naming = () => {}): Promise<void> {
    const check = () => {
      if (!this.#term.isOwn()) throw changed(this.name);
      naming();
    };
    const sink = temporarySink(this.#target, { force: true, swap: this.#swaps.next(check) });
    await committing(sink, () => fill((bytes, at) => sink.write(bytes, at)));
    // This time it was this store that has put another file there.
    const isOwned = this.#isOwned;
    this.#isOwned = false;
    await this.#openAnew();
    this.#isOwned = isOwned;
  }

  /** Whether the piece comes next, or stands there already, in part or whole, from an attempt that failed. */
  async #isNext({ position, chain, bytes }: Piece): Promise<boolean> {
    const size = fstatSync(this.#fd).size;
    if (!this.#isOwner(size)) return false;
    if (size === position) return !this.#chain || equal(this.#chain, chain);
    if (size < position || size > position + bytes.length) return false;
    return equal(await readAt(this.#fd, position, size - position), bytes.subarray(0, size - position));
  }

  /** Whether the term is this writer's, and the journal is found under its name and ends there. */
  #isOwner(end: number): boolean {
    const named = statSync(this.#target, { bigint: true, throwIfNoEntry: false });
    return named !== undefined && isSame(named, this.#id) && named.size === BigInt(end) && this.#term.isOwn();
  }

  /** Takes what has been written of a piece out again: nothing of it was acknowledged. It needs no free space. */
  async #takeBack(position: number): Promise<void> {
    const size = fstatSync(this.#fd).size;
    if (size < position || !this.#isOwner(size)) throw changed(this.name);
    await this.#cut(position);
  }

  async #cut(position: number): Promise<void> {
    this.#settled = Math.min(this.#settled, position);
    await truncateFd(this.#fd, position);
    await syncFd(this.#fd);
  }

  async #change(work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      const known = asIoError(`cannot write ${this.name}`, error);
      return { is: known.code === "fenced" ? "fenced" : "unknown", error: known };
    }
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asIoError(`cannot ${what} ${this.name}`, error);
    }
  }
}
