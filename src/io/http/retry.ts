// How often, and after what time, a broken connection resumes.

import { SealError } from "../../errors.js";
import { pause } from "../../flow/turns.js";
import type { HttpClient, HttpFault, HttpOptions } from "./client.js";

/** What must arrive before the attempts are counted anew. */
const PROGRESS = 64 * 1024;
const LONGEST_DELAY = 30_000;
/** A server that asks to be left alone for longer is asked again sooner. */
const LONGEST_WISH = 60_000;

export class Retry {
  #failures = 0;
  #arrived = 0;
  readonly #name: string;
  readonly #client: HttpClient;
  readonly #options: HttpOptions;

  constructor(name: string, client: HttpClient, options: HttpOptions) {
    this.#name = name;
    this.#client = client;
    this.#options = options;
  }

  progress(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived >= PROGRESS) this.#failures = 0;
  }

  /**
   * Waits until the next attempt is due, at byte `position`; null where nothing has arrived ever. Throws `io` where
   * none is: another attempt would fail too, or there have been enough of them; the signal's reason.
   */
  async after(error: unknown, position: number | null): Promise<void> {
    const { signal, note } = this.#options;
    signal?.throwIfAborted();
    const { attempts, delay: first } = this.#client.patience;
    const fault = this.#client.faultOf(error);
    const passes = fault.again || (fault.network && position !== null);
    this.#failures += 1;
    this.#arrived = 0;
    if (!passes) throw this.#failed(fault, position, "");
    if (this.#failures >= attempts) throw this.#failed(fault, position, `, ${this.#failures} times in a row`);
    const delay = Math.min(LONGEST_DELAY, first * 2 ** (this.#failures - 1));
    if (position !== null) note?.(`${this.#name}: ${fault.message}; resuming at byte ${position}`);
    // Once is soon over; of what takes longer, whoever waits wants to know.
    else if (this.#failures > 1) note?.(`${this.#name}: ${fault.message}; trying again`);
    // Many who lost one server must not all come back at once.
    const wait = Math.max(delay * (0.5 + Math.random() / 2), Math.min(LONGEST_WISH, fault.wish));
    await pause(wait, signal);
  }

  #failed({ message, hint, status, cause }: HttpFault, position: number | null, often: string): SealError {
    const where = position === null ? "" : ` (at byte ${position})`;
    // An EPIPE as a cause would be taken for a reader of ours who has gone.
    const told = (cause as { code?: unknown } | undefined)?.code === "EPIPE" ? undefined : cause;
    return new SealError("io", `cannot read ${this.#name}${where}: ${message}${often}`, {
      reason: status === 401 ? "credentials" : undefined,
      hint,
      cause: told,
    });
  }
}
