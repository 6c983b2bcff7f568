// The term of a journal's writer, in a file beside the journal: who finds another term there than its own owns the
// journal no more.

import { constants, fsyncSync, writeSync } from "node:fs";
import { type Bytes, fromUtf8, toHex, utf8 } from "../../bytes.js";
import { changed } from "../../journal/writing/owner.js";
import { isSmall, readSmall, replaceSmall, withSmall } from "./small.js";
import type { Swaps } from "./swap.js";

const { O_RDWR } = constants;
const TEXT = /^seal journal term 1\nterm [0-9a-f]{32}\nlock ([0-9a-f]{16})\nstate (held|move|free)\n$/;

/** `move`: taken, but the writer before may live, and the journal is not replaced by a copy yet. */
type State = "held" | "move" | "free";

export function termPath(target: string): string {
  return `${target}.writer-term`;
}

export class TermFile {
  readonly #path: string;
  readonly #name: string;
  /** The lock under which it is held. */
  readonly #lock: string;
  /** What was there when it was opened. */
  #before: Bytes | null = null;
  #own: Bytes | null = null;
  /** A term that was to be made durable, and may be there. */
  #attempt: Bytes | null = null;

  /** `name`: what errors call the journal. */
  constructor(path: string, name: string, lock: string) {
    this.#path = path;
    this.#name = name;
    this.#lock = lock;
  }

  /**
   * The lock of a writer that has not said that it has ended; null where there is none, "" where it does not matter
   * whether it has, or what is there does not say.
   */
  async predecessor(): Promise<string | null> {
    this.#before = await readSmall(this.#path);
    if (!this.#before) return null;
    const [, lock, state] = TEXT.exec(fromUtf8(this.#before) ?? "") ?? [];
    if (state === "move") return "";
    return state === "free" ? null : (lock ?? "");
  }

  /**
   * Makes a term durable in place of the own, or of what was there before. `moves`: see `State`. Throws `fenced`, and
   * what the system throws.
   */
  async take(term: Bytes, moves: boolean, swaps: Swaps): Promise<void> {
    const text = this.#textOf(term, moves ? "move" : "held");
    const attempt = this.#attempt;
    const check = () => {
      const isExpected = isSmall(this.#path, this.#own ?? this.#before) || (attempt && isSmall(this.#path, attempt));
      if (!isExpected) throw changed(this.#name);
    };
    check();
    this.#attempt = text;
    await replaceSmall(this.#path, text, swaps.next(check));
    this.#own = text;
  }

  /** Says that the writer before writes where nobody reads. Throws `fenced`, and what the system throws. */
  hold(): void {
    if (!this.#own || !this.#say(this.#own, "held")) throw changed(this.#name);
  }

  /**
   * Whether the term that is there now is the own. Read anew each time, from a file that is opened anew, so that other
   * machines' changes show.
   */
  isOwn(): boolean {
    return this.#own !== null && isSmall(this.#path, this.#own);
  }

  /** Says that the own term has ended, or the one before it, of whose writer it is known. */
  free(): void {
    const text = this.#own ?? this.#before;
    if (text) this.#say(text, "free");
  }

  /** Changes the state in the very file; false where another is there. */
  #say(text: Bytes, state: State): boolean {
    const said = utf8(fromUtf8(text)!.replace(/state \w+/, `state ${state}`));
    return withSmall(this.#path, O_RDWR, text, (fd) => {
      writeSync(fd, said, 0, said.length, 0);
      // It is there now, also where it cannot be flushed.
      if (this.#own) this.#own = said;
      else this.#before = said;
      fsyncSync(fd);
      return true;
    });
  }

  #textOf(term: Bytes, state: State): Bytes {
    return utf8(`seal journal term 1\nterm ${toHex(term)}\nlock ${this.#lock}\nstate ${state}\n`);
  }
}
