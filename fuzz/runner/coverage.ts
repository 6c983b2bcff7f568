// Which parts of src/, and of the inbox's, have run, from the inspector's precise block coverage. Asking for it takes
// milliseconds, so the loop asks once for a batch of executions, and looks closer only where the batch has reached
// something new.

import { readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { fileURLToPath } from "node:url";

interface Reported {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** A file of src/ or inbox/src/ in the bundle. */
interface Module {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface FileCoverage {
  readonly name: string;
  readonly reached: number;
  readonly total: number;
}

export class Coverage {
  readonly #session = new Session();
  readonly #url: string;
  readonly #text: string;
  readonly #modules: readonly Module[];
  /** 1 for each character of the bundle that ran since it was last asked. */
  readonly #now: Uint8Array;
  readonly #seen: Uint8Array;

  /** `url`: that of the bundle, whose modules esbuild has headed with their paths. */
  constructor(url: string) {
    this.#url = url;
    this.#text = readFileSync(fileURLToPath(url), "utf8");
    this.#modules = modulesOf(this.#text);
    this.#now = new Uint8Array(this.#text.length);
    this.#seen = new Uint8Array(this.#text.length);
    this.#session.connect();
    this.#post("Profiler.enable");
    this.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many characters of code have run since the last call, and never in what was kept. */
  fresh(): number {
    this.#take();
    let count = 0;
    for (const { start, end } of this.#modules) {
      for (let at = start; at < end; at++) if (this.#now[at]! > this.#seen[at]!) count++;
    }
    return count;
  }

  /** What `fresh` has just looked at counts as seen from now on. */
  keep(): void {
    for (let at = 0; at < this.#now.length; at++) this.#seen[at]! |= this.#now[at]!;
  }

  /** Forgets what has run since the last call. */
  skip(): void {
    this.#take();
  }

  /** Forgets everything. */
  reset(): void {
    this.#take();
    this.#seen.fill(0);
  }

  /** For each file of which anything has been seen: how much of its code. */
  report(): FileCoverage[] {
    return this.#modules
      .map(({ name, start, end }) => {
        const seen = this.#seen.subarray(start, end);
        return { name, reached: seen.reduce((sum, bit) => sum + bit, 0), total: end - start };
      })
      .filter(({ reached }) => reached > 0);
  }

  /** The code of a file that has not run, a line each. */
  missing(name: string): string[] {
    const module = this.#modules.find((one) => one.name === name);
    if (!module) return [];
    const text = this.#text.slice(module.start, module.end);
    let at = module.start;
    return text.split("\n").filter((line) => {
      const part = this.#seen.subarray(at, at + line.length);
      at += line.length + 1;
      return line.trim() !== "" && part.includes(0) && !/^\s*[}\]);,]*$/.test(line);
    });
  }

  #take(): void {
    const { result } = this.#post("Profiler.takePreciseCoverage") as unknown as Reported;
    this.#now.fill(0);
    for (const { functions } of result.filter(({ url }) => url === this.#url)) {
      // Outer functions and blocks come before those inside of them, which say it more precisely.
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges)
          this.#now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
  }

  #post(method: string, parameters: object = {}): object {
    let answer: object = {};
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result ?? {};
    });
    return answer;
  }
}

function modulesOf(bundle: string): Module[] {
  const heads = [...bundle.matchAll(/^(?: {2})?\/\/ ([\w./@-]+\.(?:ts|js|mjs))$/gm)];
  return heads
    .map((head, i) => ({
      name: head[1]!,
      start: head.index + head[0].length,
      end: heads[i + 1]?.index ?? bundle.length,
    }))
    .filter(({ name }) => /^(?:inbox\/)?src\//.test(name));
}
