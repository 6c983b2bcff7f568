// What a command does for each of its inputs.

import { statSync } from "node:fs";
import type { SealError } from "../errors.js";
import { Semaphore } from "../flow/semaphore.js";
import { pause } from "../flow/turns.js";
import { isUrl } from "../io/http/url.js";
import { openFilesLimit } from "../io/limits.js";
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

/** Descriptors that a small file takes, that a thread has open, and that the program has beside those. */
const [OF_FILE, OF_THREAD, OTHERS] = [3, 16, 64];

/** How much is worked on at a time, in small files: as many as the system lets be open, but eight at least. */
function mostAtOnce(inputs: number, threads: number): number {
  if (inputs <= AT_ONCE) return SMALL_AT_ONCE;
  const possible = Math.floor((openFilesLimit() - OTHERS - OF_THREAD * threads) / OF_FILE);
  return Math.max(AT_ONCE, Math.min(SMALL_AT_ONCE * threads, possible));
}

/** Whether it is a file, and a small one. */
function isSmallFile(input: string): boolean {
  if (input === "-" || isUrl(input)) return false;
  try {
    const stat = statSync(input);
    return stat.isFile() && stat.size < SMALL;
  } catch {
    return false; // What is wrong with it is told when it is opened.
  }
}

/** Milliseconds that an interrupted run waits for what is nearly done. */
const PATIENCE = 1000;

interface Outcome {
  readonly tell: () => void;
  readonly error?: SealError;
}

/**
 * Does `work` for each input, several at a time; what it gives back tells the result, and is called in the order of the
 * inputs. A failure is reported, and the others are still done. `isNext` tells whether all inputs before this one have
 * been told of, so that it may use the terminal. `threads`: so many take part in the work on small files. Throws
 * `Reported` with the first failure, or at once where the program is interrupted, after telling of what was finished.
 */
export async function forEachInput(
  inputs: readonly string[],
  { report, signal }: Context,
  work: (input: string, isNext: () => boolean, index: number, isSmall: boolean) => Promise<() => void>,
  threads = 1,
): Promise<void> {
  const outcomes: (Outcome | undefined)[] = inputs.map(() => undefined);
  const most = mostAtOnce(inputs.length, threads);
  const units = new Semaphore(most);
  let next = 0;
  let told = 0;
  let stopped = false;
  const tellWhatIsNext = () => {
    while (outcomes[told]) outcomes[told++]!.tell();
  };
  const attempt = async (index: number, isSmall: boolean): Promise<Outcome> => {
    try {
      signal.throwIfAborted();
      return { tell: await work(inputs[index]!, () => told === index, index, isSmall) };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asSealError(thrown);
      error.input ??= shownInput(inputs[index]!);
      return { tell: () => report.failure(error), error };
    }
  };
  const worker = async () => {
    while (next < inputs.length) {
      const index = next++;
      const isSmall = isSmallFile(inputs[index]!);
      const share = isSmall ? 1 : most / AT_ONCE;
      await units.acquire(share);
      try {
        if (stopped) return;
        outcomes[index] = await attempt(index, isSmall);
        tellWhatIsNext();
      } catch (error) {
        stopped = true;
        throw error;
      } finally {
        units.release(share);
      }
    }
  };
  const workers = Array.from({ length: Math.min(most, inputs.length) }, worker);
  try {
    await Promise.all(workers);
    signal.throwIfAborted();
  } catch (error) {
    stopped = true;
    if (!signal.aborted) throw error;
    // What has its name already is seen to its end, and told of.
    await Promise.race([Promise.allSettled(workers), pause(PATIENCE, undefined)]);
    for (; told < inputs.length; told++) outcomes[told]?.tell();
    const interrupted = asSealError(signal.reason);
    const open = outcomes.findIndex((outcome) => !outcome);
    if (open >= 0) interrupted.input ??= shownInput(inputs[open]!);
    throw interrupted;
  }
  const first = outcomes.find((outcome) => outcome?.error)?.error;
  if (first) throw new Reported(first);
}
