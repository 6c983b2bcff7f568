// From standard input to a journal's writer, and the acknowledgements back.

import { setMaxListeners } from "node:events";
import { erase } from "../../../crypto/secret.js";
import { asIoError, restated } from "../../../errors.js";
import { abortable } from "../../../flow/order.js";
import { stdinPieces } from "../../../io/stdio.js";
import type { Splitter } from "../../../journal/lines/split.js";
import type { Writer } from "../../../journal/writing/writer.js";
import type { Context } from "../../command.js";

/** Milliseconds after an interruption in which what was read can still be sealed. */
const GRACE = 10_000;

/** Aborts a while after the other, for the same reason. */
export function withGrace(signal: AbortSignal): AbortSignal {
  const later = new AbortController();
  setMaxListeners(0, later.signal);
  signal.addEventListener("abort", () => setTimeout(() => later.abort(signal.reason), GRACE), { once: true });
  return later.signal;
}

/** Acknowledges what is on disk, and counts it. Where nobody listens any more, nothing more is read. */
export class Acknowledgement {
  records = 0;
  /** Records that were read whole and are not acknowledged. */
  unacknowledged = 0;
  /** Why the first of them were not. */
  failure: unknown = null;
  /** Ends the reading. */
  readonly stop = new AbortController();
  readonly #report: Context["report"];
  #isHeard: boolean;

  constructor(report: Context["report"]) {
    this.#report = report;
    this.#isHeard = report.json;
  }

  tell(records: number): void {
    this.records += records;
    this.unacknowledged -= records;
    if (!this.#isHeard) return;
    try {
      this.#report.result({ records }, "", "stdout");
    } catch (error) {
      this.#isHeard = false;
      this.stop.abort(error);
    }
  }
}

/**
 * Appends what comes on standard input until it ends, then closes the writer. Throws what ends it earlier, when what
 * was read is on disk.
 */
export async function appendAll(
  writer: Writer,
  records: Splitter,
  acknowledged: Acknowledgement,
  interrupted: AbortSignal,
): Promise<void> {
  const { stop } = acknowledged;
  interrupted.addEventListener("abort", () => stop.abort(interrupted.reason));
  if (interrupted.aborted) stop.abort(interrupted.reason);
  try {
    await feed(writer, records, acknowledged);
  } catch (error) {
    await writer.close().catch(() => undefined);
    throw error;
  }
  await writer.close();
  stop.signal.throwIfAborted();
}

async function feed(writer: Writer, records: Splitter, acknowledged: Acknowledgement): Promise<void> {
  const { stop } = acknowledged;
  const waiting: Promise<unknown>[] = [];
  const add = (list: readonly Uint8Array[]) => {
    if (list.length === 0) return;
    acknowledged.unacknowledged += list.length;
    const settled = () => void waiting.shift();
    const failed = (error: unknown) => {
      acknowledged.failure ??= error;
      stop.abort(error);
    };
    waiting.push(writer.append(list).then(settled, failed));
  };
  const cut = (piece: Uint8Array, use: (list: readonly Uint8Array[]) => void) => {
    use(records.push(piece));
    // Its plaintext is the writer's to keep, until it is sealed.
    erase(piece);
    records.erase();
  };
  const tooLate = (piece: Uint8Array) =>
    cut(piece, ({ length }) => {
      acknowledged.unacknowledged += length;
    });
  for await (const piece of until(stop.signal, tooLate)) {
    cut(piece, add);
    // One frame is being written, one is sealed, one is gathered.
    while (writer.queuedBytes > 3 * writer.chunkSize) await abortable(waiting[0]!, stop.signal);
  }
  const last = records.end();
  if (last) add([last]);
  records.erase();
  await abortable(Promise.all(waiting), stop.signal);
  if (records.fault) throw restated(records.fault, { input: "-" });
}

/**
 * Standard input, until the signal aborts: then its reason is thrown, and a piece that comes nevertheless, because it
 * was being waited for, is too late.
 */
async function* until(signal: AbortSignal, tooLate: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  const pieces = stdinPieces()[Symbol.asyncIterator]();
  for (;;) {
    const next = pieces.next();
    const step = await abortable(next, signal).catch((error) => {
      next.then(({ value }) => value && tooLate(value)).catch(() => undefined);
      throw asIoError("cannot read standard input", error);
    });
    if (step.done) return;
    yield step.value;
  }
}
