// From standard input to a journal's writer, and the acknowledgements back.

import { erase } from "../../../crypto/secret.js";
import { asIoError, restated } from "../../../errors.js";
import { abortable } from "../../../flow/order.js";
import { stdinPieces } from "../../../io/stdio.js";
import type { Splitter } from "../../../journal/lines/split.js";
import type { Writer } from "../../../journal/writing/writer.js";
import type { Context } from "../../command.js";

/** Acknowledges what is on disk, and counts it. Where nobody listens any more, nothing more is read. */
export class Acknowledgement {
  records = 0;
  readonly #report: Context["report"];
  readonly #stop: AbortController;
  #isHeard: boolean;

  constructor(report: Context["report"], stop: AbortController) {
    this.#report = report;
    this.#stop = stop;
    this.#isHeard = report.json;
  }

  tell(records: number): void {
    this.records += records;
    if (!this.#isHeard) return;
    try {
      this.#report.result({ records }, "", "stdout");
    } catch (error) {
      this.#isHeard = false;
      this.#stop.abort(error);
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
  stop: AbortController,
  interrupted: AbortSignal,
): Promise<void> {
  interrupted.addEventListener("abort", () => stop.abort(interrupted.reason));
  if (interrupted.aborted) stop.abort(interrupted.reason);
  try {
    await feed(writer, records, stop);
  } catch (error) {
    await writer.close().catch(() => undefined);
    throw error;
  }
  await writer.close();
  stop.signal.throwIfAborted();
}

async function feed(writer: Writer, records: Splitter, stop: AbortController): Promise<void> {
  const waiting: Promise<unknown>[] = [];
  const add = (list: readonly Uint8Array[]) => {
    if (list.length === 0) return;
    const settled = () => void waiting.shift();
    waiting.push(writer.append(list).then(settled, (error) => stop.abort(error)));
  };
  for await (const piece of until(stop.signal)) {
    add(records.push(piece));
    // Its plaintext is the writer's to keep, until it is sealed.
    erase(piece);
    records.erase();
    // One frame is being written, one is sealed, one is gathered.
    while (writer.queuedBytes > 3 * writer.chunkSize) await abortable(waiting[0]!, stop.signal);
  }
  const last = records.end();
  if (last) add([last]);
  records.erase();
  await abortable(Promise.all(waiting), stop.signal);
  if (records.fault) throw restated(records.fault, { input: "-" });
}

/** Standard input, until the signal aborts: then its reason is thrown. */
async function* until(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = stdinPieces()[Symbol.asyncIterator]();
  for (;;) {
    const step = await abortable(pieces.next(), signal).catch((error) => {
      throw asIoError("cannot read standard input", error);
    });
    if (step.done) return;
    yield step.value;
  }
}
