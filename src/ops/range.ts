// Reading a range: the final record first, which authenticates the length, then the records that hold the range
// (docs/FORMAT.md, "Opening", Reading a range).

import { type Bytes, toHex } from "../bytes.js";
import { nextChain, plaintextLength } from "../chunk/record.js";
import type { OpenResult, Session } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { endsEarly, type Geometry, plaintextSize, recordOffset, recordSize } from "../format/sizes.js";
import { type Progress, release, type Sink, type Source } from "./io.js";
import { abortable, inOrder } from "./order.js";
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
    throw new SealError("usage", `no range of bytes: ${first}-${last}`);
  }
  if (source.size === null) throw new SealError("usage", "a range needs an input that can be read by position");
  const { chunks, bytes } = plaintextSize(geometry, source.size);
  const session = sessionFor(options, source.size);
  try {
    return await releaseRecords(source, sink, geometry, options, session, range, { chunks, bytes }, progress);
  } finally {
    session.close();
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
  const read = recordReader(source, geometry, options, session, chunks - 1);
  const final = await read(chunks - 1);
  if (range.last >= bytes) {
    throw new SealError("usage", `the range ends past the end: the file has ${bytes} bytes, counted from 0`);
  }
  const wanted = range.last - range.first + 1;
  const from = Math.floor(range.first / geometry.chunkSize);
  const to = Math.floor(range.last / geometry.chunkSize);
  const indices = async function* () {
    for (let index = from; index <= to; index++) {
      yield async () => ({ index, result: index === chunks - 1 ? final : await read(index) });
    }
  };
  let chain: Bytes | null = from === 0 && geometry.signed ? Uint8Array.from(options.coreHash) : null;
  for await (const { index, result } of inOrder(indices(), session.width)) {
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

type ReadRecord = OpenResult & { readonly plaintext: Uint8Array };

/** Reads, checks and decrypts one record by its index; whether it follows on its neighbour is the caller's to check. */
function recordReader(
  source: Source,
  geometry: Geometry,
  options: RecordsOptions,
  session: Session,
  lastIndex: number,
): (index: number) => Promise<ReadRecord> {
  return async (index) => {
    options.signal?.throwIfAborted();
    const final = index === lastIndex;
    const position = recordOffset(geometry, index);
    const length = final ? source.size! - position : recordSize(geometry);
    const buffer = (await abortable(source.readAt(position, length), options.signal)).slice();
    if (buffer.length < length) throw endsEarly(index, position);
    const result = await session.open({ index, final, length, input: null, output: null, buffer });
    checkRecord(geometry, index, result, null);
    return { ...result, plaintext: result.buffer!.subarray(0, plaintextLength(length, geometry.signed)) };
  };
}
