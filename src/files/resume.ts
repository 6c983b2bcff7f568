// Opening that goes on where an earlier run stopped (docs/FORMAT.md, "Opening", Going on after an
// interruption). What that run left is plaintext on a disk,
// which nothing vouches for: it is sealed again, and counts only if the chain that comes out is the one that the sender
// signed.

import type { Bytes } from "../bytes.js";
import { SealError } from "../errors.js";
import { committing, type PartialSink, type Progress, type Sink, type Source } from "../flow/io.js";
import { inOrder } from "../flow/order.js";
import { nextChain } from "../format/record.js";
import { type Geometry, recordOffset, recordSize } from "../format/sizes.js";
import { type Opened, type Opening, releaseAll, unlocked } from "./open.js";
import { type RecordsOptions, type Start, sessionFor } from "./records.js";

/** Where an output is to be. */
export interface ResumePlace {
  /** What an earlier run left of the file with that core, or nothing yet. */
  partial(coreHash: Bytes): Promise<PartialSink>;
  /** An output that leaves nothing behind when it fails. */
  whole(): Promise<Sink>;
}

export interface ResumeOptions extends Omit<Opening, "range"> {
  readonly note?: ((text: string) => void) | undefined;
}

/** As `open`, resuming where an earlier run stopped, and leaving what is verified to the next one. */
export async function resume(source: Source, place: ResumePlace, options: ResumeOptions): Promise<Opened> {
  const { progress, note } = options;
  return unlocked(source, options, async ({ geometry, records }) => {
    const obstacle = !geometry.signed ? "an unsigned file" : source.size === null ? "this input" : null;
    if (obstacle) {
      note?.(`${obstacle} cannot be resumed; opening from the start, and keeping nothing if that fails`);
      const sink = await place.whole();
      return committing(sink, () => releaseAll(source, sink, geometry, records, progress));
    }
    const sink = await place.partial(records.coreHash);
    const telling = (from: number): Progress => {
      let told = false;
      return (done, total) => {
        if (!told) note?.(`resuming at byte ${from} of the output`);
        told = true;
        progress?.(done, total);
      };
    };
    return committing(sink, async () => {
      for (const start of await startsFor(source, sink, geometry, records)) {
        await source.skipTo(recordOffset(geometry, start.index));
        try {
          return await releaseAll(source, sink, geometry, records, telling(start.index * geometry.chunkSize), start);
        } catch (error) {
          // Nothing has been released yet. Whether file or left-over is at fault shows when less of the latter is
          // believed.
          if (!isAbout(error, start.index)) throw error;
        }
      }
      if (sink.left.bytes > 0) note?.("the partial file is another file's, or too short; starting over");
      await sink.restart();
      await source.skipTo(geometry.headerLength);
      return releaseAll(source, sink, geometry, records, progress);
    });
  });
}

function isAbout(error: unknown, index: number): boolean {
  return error instanceof SealError && error.code === "tampered" && error.chunk === index;
}

/**
 * Where opening could go on, the furthest first. After a loss of power the end of what was left may not be what was
 * written; each further start believes in twice as many chunks fewer.
 */
async function startsFor(
  source: Source,
  { left }: PartialSink,
  geometry: Geometry,
  records: RecordsOptions,
): Promise<Start[]> {
  const { chunkSize, headerLength } = geometry;
  const finalIndex = Math.max(0, Math.floor((source.size! - headerLength) / recordSize(geometry)));
  const count = Math.min(Math.floor(left.bytes / chunkSize), finalIndex);
  const wanted = new Set([count]);
  for (let back = 1; back < count; back *= 2) wanted.add(count - back);
  const starts: Start[] = [];
  let index = 0;
  for await (const chain of chainOf(left, count, chunkSize, records)) {
    index += 1;
    if (wanted.has(index)) starts.unshift({ index, chain });
  }
  return starts;
}

/**
 * chain_1 … chain_count, as they would be if the chunks in the file were those of the sender. The ciphertext goes
 * nowhere: it is under nonces that are used.
 */
async function* chainOf(
  { fd, name }: PartialSink["left"],
  count: number,
  length: number,
  records: RecordsOptions,
): AsyncGenerator<Bytes> {
  const session = sessionFor(records, count * length);
  const tasks = async function* () {
    for (let index = 0; index < count; index++) {
      records.signal?.throwIfAborted();
      const input = { fd, name, position: index * length };
      yield () => session.seal({ index, final: false, length, input, output: null, buffer: null });
    }
  };
  let chain = records.coreHash;
  try {
    for await (const { digest } of inOrder(tasks(), session)) {
      chain = nextChain(records.suite, chain, digest!);
      yield chain;
    }
  } finally {
    await session.close();
  }
}
