// What is fuzzed, as the loop sees it. A further format is a further entry of targets/index.ts.

import type { Bytes } from "../src/bytes.js";
import { SealError } from "../src/errors.js";
import type { Random } from "./random.js";

export interface Target {
  readonly name: string;
  /** Longest input that is made. */
  readonly maxBytes: number;
  /** What to start from, the same in every run; the test vectors too, unless it is to do without. */
  seeds(withVectors: boolean): Promise<Bytes[]>;
  /** A variation of `input`, which stays as it is; `other` is another input of the corpus, to borrow from. */
  mutate(input: Bytes, other: Bytes, random: Random): Bytes;
  /**
   * Runs what is under test, and holds the outcome to the rules. Returns the outcome in a few words: inputs with
   * outcomes not seen before are kept. With `thorough`, every rule is checked, else the slow ones for some inputs only,
   * which the input itself decides. Throws where a rule is broken.
   */
  run(input: Bytes, thorough: boolean): Promise<string>;
  close?(): Promise<void>;
}

/** A rule does not hold: the input is a finding. */
export class Broken extends Error {}

export function holds(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Broken(rule);
}

/** What an operation ended with, where that is an error. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly chunk: number | null;
  readonly frame: number | null;
  readonly offset: number | null;
}

/** The value, or how it was refused. Any error but a SealError of one of `codes` is a finding. */
export async function attempt<T>(
  codes: readonly string[],
  work: () => T | Promise<T>,
): Promise<{ value: T } | { refusal: Refusal }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof SealError)) {
      throw new Broken(`an error that is none of ours: ${(error as Error)?.stack ?? String(error)}`);
    }
    const { code, message, chunk = null, frame = null, offset = null } = error;
    holds(codes.includes(code), `error code ${code} (${message}) where only ${codes.join(", ")} are possible`);
    holds(!/[\r\n]/.test(message) || message.includes('"'), `a message of several lines: ${JSON.stringify(message)}`);
    return { refusal: { code, message, chunk, frame, offset } };
  }
}

/** A message without what differs from input to input. */
export function kindOfMessage(message: string): string {
  return message
    .replace(/"[^"]*"/g, '"…"')
    .replace(/(seal(sig)?|SEAL-SECRET-KEY-)1[0-9a-zA-Z]+/g, "KEY")
    .replace(/\d[\d:TZ.-]*/g, "#");
}
