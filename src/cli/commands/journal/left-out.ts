// Records that no frame can hold.

import { SealError } from "../../../errors.js";
import type { Framing } from "../../../journal/lines/split.js";
import type { Context } from "../../command.js";

export function counted(records: number): string {
  return `${records} record${records === 1 ? "" : "s"}`;
}

/** So many are named in the error at the end. */
const NAMED = 10;

/**
 * Records that were left out because no frame can hold them: each is told when it comes, and all of them are an error
 * at the end.
 */
export class LeftOut {
  readonly #framing: Framing;
  readonly #longest: number;
  readonly #report: Context["report"];
  readonly #names: string[] = [];
  #count = 0;

  constructor(framing: Framing, longest: number, report: Context["report"]) {
    this.#framing = framing;
    this.#longest = longest;
    this.#report = report;
  }

  tell(record: number): void {
    const name = this.#framing === "lines" ? `line ${record + 1}` : `record ${record} (counted from 0)`;
    this.#count += 1;
    if (this.#names.length < NAMED) this.#names.push(name);
    this.#report.note(`${name} is longer than ${this.#longest} bytes and was left out`);
  }

  /** Throws `usage` where one was left out. */
  check(): void {
    if (this.#count === 0) return;
    const more = this.#count > NAMED ? ` and ${this.#count - NAMED} more` : "";
    const which = this.#names.join(", ") + more;
    const message =
      this.#count === 1
        ? `${which} is longer than ${this.#longest} bytes and was left out`
        : `${counted(this.#count)} longer than ${this.#longest} bytes were left out: ${which}`;
    throw new SealError("usage", message, {
      hint: "Everything else was appended. Split longer ones, or seal them as files.",
    });
  }
}
