// Replacing files of a journal so that nobody can any more who has lost it. What is to get a name is made first, then
// it is asked whether the term is still one's own, then the name is given. Whoever takes a term removes what others
// have made and not given a name yet: one of them that was stopped after it had asked finds nothing to give the name
// to.

import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Swap } from "../temporary.js";

export class Swaps {
  readonly #directory: string;
  readonly #prefix: string;
  readonly #own: string;
  #count = 0;

  /** `id`: of the writer's lock, which nobody else's ever has. */
  constructor(target: string, id: string) {
    this.#directory = dirname(target);
    this.#prefix = `.${basename(target)}.new.`;
    this.#own = `${this.#prefix}${id}.`;
  }

  /** `check` throws where the name is not to be given any more. */
  next(check: () => void): Swap {
    this.#count += 1;
    return { temporary: join(this.#directory, `${this.#own}${this.#count}`), check };
  }

  /** To be called when the term is durable. Throws the system's error. */
  endOthers(): void {
    const names = readdirSync(this.#directory).filter((name) => name.startsWith(this.#prefix));
    for (const name of names.filter((each) => !each.startsWith(this.#own)))
      rmSync(join(this.#directory, name), { force: true });
  }
}
