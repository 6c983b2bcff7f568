// Reading a range: the final record first, which authenticates the length, then the records that hold the range
// (docs/FORMAT.md, "Opening", Reading a range).

import { type Bytes, toHex } from "../bytes.js";
import type { OpenTaskResult, Session } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { type Progress, release, type Sink, type Source } from "../flow/io.js";
import { abortable, inOrder } from "../flow/order.js";
import { nextChain, plaintextLength } from "../format/record.js";
import { endsEarly, type Geometry, plaintextSize, recordOffset, recordSize } from "../format/sizes.js";
import { checkRecord, type RecordsOptions, sessionFor } from "./records.js";

/** Plaintext bytes from 0, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export async function releaseRange(
  source: Source,
  sink: Sink,
  geometry: Geometry,
  options: RecordsOptions,
  range: Range,
  progress: Progress | undefined,
): Promise<{ bytes: number; chunks: number; digest: string | null }> {
  const { first, last } = range;
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last)) {
    throw new SealError("usage", `not a range of bytes: ${first}-${last}`);
  }
  if (source.size === null) throw new SealError("usage", "a range needs an input that can be read by position");
  const { chunks, bytes } = plaintextSize(geometry, source.size);
  const session = sessionFor(options, source.size);
  try {
    return await releaseRecords(source, sink, geometry, options, session, range, { chunks, bytes }, progress);
  } finally {
    await session.close();
  }
}

async function releaseRecords(
  source: Source,
  sink: Sink,
  geometry: Geometry,
  options: RecordsOptions,
  session: Session,
  range: Range,
  { chunks, bytes }: { chunks: number; bytes: number },
  progress: Progress | undefined,
): Promise<{ bytes: number; chunks: number; digest: string | null }> {
  const { signal } = options;
  const open = recordOpener(geometry, options, session);
  const last = { index: chunks - 1, position: recordOffset(geometry, chunks - 1) };
  const lastBytes = await abortable(source.readAt(last.position, source.size! - last.position), signal);
  if (lastBytes.length < source.size! - last.position) throw endsEarly(last.index, last.position);
  const final = await open(last.index, true, Uint8Array.from(lastBytes));
  if (range.last >= bytes) {
    throw new SealError("usage", `the range ends past the end of the file, which has ${bytes} bytes`);
  }
  const wanted = range.last - range.first + 1;
  const from = Math.floor(range.first / geometry.chunkSize);
  const to = Math.floor(range.last / geometry.chunkSize);
  const records = async function* () {
    // One stretch of the input: a server gives it in one answer.
    await source.skipTo(recordOffset(geometry, from), recordOffset(geometry, Math.min(to + 1, last.index)));
    for (let index = from; index <= to; index++) {
      if (index === last.index) yield async () => ({ index, result: final });
      else {
        const bytes = Uint8Array.from(await abortable(source.read(recordSize(geometry)), signal));
        yield async () => ({ index, result: await open(index, false, bytes) });
      }
    }
  };
  let chain: Bytes | null = from === 0 && geometry.signed ? Uint8Array.from(options.coreHash) : null;
  for await (const { index, result } of inOrder(records(), session)) {
    checkRecord(geometry, index, result, chain);
    if (result.chain) chain = nextChain(options.suite, result.chain, result.digest!);
    if (index === chunks - 2 && chain) checkRecord(geometry, chunks - 1, final, chain);
    const start = index * geometry.chunkSize;
    const part = result.plaintext.subarray(Math.max(0, range.first - start), range.last - start + 1);
    await release(sink, part, Math.max(start, range.first) - range.first, options.signal);
    progress?.(Math.min(range.last + 1, start + geometry.chunkSize) - range.first, wanted);
  }
  return {
    bytes: wanted,
    chunks: to - from + 1 + (to === chunks - 1 ? 0 : 1),
    digest: final.chain && toHex(nextChain(options.suite, final.chain, final.digest!)),
  };
}

type ReadRecord = OpenTaskResult & { readonly plaintext: Uint8Array };

/** Checks and decrypts one record; whether it follows on its neighbour is the caller's to check. */
function recordOpener(
  geometry: Geometry,
  options: RecordsOptions,
  session: Session,
): (index: number, final: boolean, buffer: Bytes) => Promise<ReadRecord> {
  return async (index, final, buffer) => {
    options.signal?.throwIfAborted();
    const { length } = buffer;
    if (!final && length < recordSize(geometry)) throw endsEarly(index, recordOffset(geometry, index));
    const result = await session.open({ index, final, length, input: null, output: null, buffer });
    checkRecord(geometry, index, result, null);
    return { ...result, plaintext: result.buffer!.subarray(0, plaintextLength(length, geometry.signed)) };
  };
}
