// What a command does for each of its inputs.

import { statSync } from "node:fs";
import type { SealError } from "../errors.js";
import { Semaphore } from "../flow/semaphore.js";
import { isUrl } from "../io/http/url.js";
import type { Context } from "./command.js";
import { asSealError, Reported } from "./exit.js";
import { shownInput } from "./options/outputs.js";

/**
 * So many inputs are worked on at a time: waiting for one's disk is time for another. Of small files more are, as what
 * is left of their ephemeral keys is collected once for all that are at the same point.
 */
const [AT_ONCE, SMALL_AT_ONCE] = [8, 32];
/** Bytes. */
const SMALL = 256 * 1024;

/** How much of what is worked on at a time an input is, in units of a small file. */
function shareOf(input: string): number {
  return isSmall(input) ? 1 : SMALL_AT_ONCE / AT_ONCE;
}

function isSmall(input: string): boolean {
  if (input === "-" || isUrl(input)) return false;
  try {
    const stat = statSync(input);
    return stat.isFile() && stat.size < SMALL;
  } catch {
    return false; // What is wrong with it is told when it is opened.
  }
}

interface Outcome {
  readonly tell: () => void;
  readonly error?: SealError;
}

/**
 * Does `work` for each input, several at a time; what it gives back tells the result, and is called in the order of the
 * inputs. A failure is reported, and the others are still done. `isNext` tells whether all inputs before this one have
 * been told of, so that it may use the terminal. Throws `Reported` with the first failure, or at once where the program
 * is interrupted, after telling of what was finished.
 */
export async function forEachInput(
  inputs: readonly string[],
  { report, signal }: Context,
  work: (input: string, isNext: () => boolean, index: number) => Promise<() => void>,
): Promise<void> {
  const outcomes: (Outcome | undefined)[] = inputs.map(() => undefined);
  let next = 0;
  let told = 0;
  const units = new Semaphore(SMALL_AT_ONCE);
  const attempt = async (index: number): Promise<Outcome> => {
    try {
      signal.throwIfAborted();
      return { tell: await work(inputs[index]!, () => told === index, index) };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asSealError(thrown);
      error.input ??= shownInput(inputs[index]!);
      return { tell: () => report.failure(error), error };
    }
  };
  const worker = async () => {
    while (next < inputs.length && !signal.aborted) {
      const index = next++;
      const share = shareOf(inputs[index]!);
      await units.acquire(share);
      outcomes[index] = await attempt(index).finally(() => units.release(share));
      for (; outcomes[told]; told++) outcomes[told]!.tell();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(SMALL_AT_ONCE, inputs.length) }, worker));
    signal.throwIfAborted();
  } catch (error) {
    next = inputs.length;
    if (!signal.aborted) throw error;
    for (const outcome of outcomes.slice(told)) outcome?.tell();
    const interrupted = asSealError(signal.reason);
    const open = outcomes.findIndex((outcome) => !outcome);
    if (open >= 0) interrupted.input ??= shownInput(inputs[open]!);
    throw interrupted;
  }
  const first = outcomes.find((outcome) => outcome?.error)?.error;
  if (first) throw new Reported(first);
}
