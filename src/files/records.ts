// The records of a sealed input, in order, each checked before it counts (docs/FORMAT.md, "Opening", 8).

import { type Bytes, equal } from "../bytes.js";
import type { Secret } from "../crypto/secret.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import type { Engine, OpenTaskResult, Session, Task } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { Buffers, inPlace } from "../flow/buffers.js";
import { byPosition, type Sink, type Source } from "../flow/io.js";
import { abortable, inOrder } from "../flow/order.js";
import { nextChain, plaintextLength } from "../format/record.js";
import { endsEarly, type Geometry, limitFault, overhead, recordOffset, recordSize } from "../format/sizes.js";

export interface RecordsOptions {
  readonly suite: Suite;
  readonly engine: Engine;
  /** null only verifies. */
  readonly payloadKey: Secret | null;
  /** Where records are copied as they are, while they are verified: the layout of the file that they go to. */
  readonly copy?: Geometry | undefined;
  readonly coreHash: Bytes;
  /** null in an unsigned file. */
  readonly recordKey: VerifyingKey | null;
  readonly signal?: AbortSignal | undefined;
}

/** A record that has passed every check. */
export interface CheckedRecord {
  /** Plaintext bytes of this chunk. */
  readonly length: number;
  /** They themselves, until the next record is asked for; null where they were written, or only verified. */
  readonly plaintext: Bytes | null;
  /** The record itself, until the next is asked for; null where it was written, or is not to be copied. */
  readonly record: Bytes | null;
  /** The chain value after it; null in an unsigned file. */
  readonly chain: Bytes | null;
}

/** Which record is the first to be read, and the chain value that it must carry; null in an unsigned file. */
export interface Start {
  readonly index: number;
  readonly chain: Bytes | null;
}

/**
 * The records from the source's current position, that of record `start`, to the end of the input. Plaintext, or the
 * copy of a record, goes to the sink by position where that can be, else it comes with the record. Throws `tampered` at
 * the first record, in file order, that is not the sender's; `malformed` beyond the limits.
 */
export async function* checkedRecords(
  source: Source,
  sink: Sink | null,
  geometry: Geometry,
  options: RecordsOptions,
  start: Start = { index: 0, chain: geometry.signed ? options.coreHash : null },
): AsyncGenerator<CheckedRecord> {
  const { suite, payloadKey, copy, signal } = options;
  const session = sessionFor(options, source.size);
  const buffers = new Buffers(recordSize(geometry));
  const work = payloadKey ? session.open : session.verify;
  const started = async function* () {
    for await (const task of recordTasks(source, sink, geometry, buffers, start.index, options)) {
      yield async () => ({ task, result: await work(task) });
    }
  };
  let { chain } = start;
  let complete = false;
  try {
    for await (const { task, result } of inOrder(started(), session)) {
      signal?.throwIfAborted();
      checkRecord(geometry, task.index, result, chain);
      if (chain) chain = nextChain(suite, chain, result.digest!);
      const length = plaintextLength(task.length, geometry.signed);
      const inMemory = task.output ? null : result.buffer;
      const plaintext = (payloadKey && inMemory?.subarray(0, length)) ?? null;
      const record = (copy && inMemory?.subarray(0, task.length)) ?? null;
      complete = task.final;
      yield { length, plaintext, record, chain };
      if (!sink?.keeps) buffers.give(result.buffer);
    }
    if (!complete) throw new SealError("internal", "the final chunk was not checked");
  } finally {
    await session.close();
  }
}

export function sessionFor(
  { suite, engine, payloadKey, coreHash, recordKey }: RecordsOptions,
  size: number | null,
): Session {
  return engine.session({ suite, payloadKey, coreHash, signed: recordKey !== null, recordKey }, size);
}

/** Throws `tampered` unless the record is authentic and carries the chain value that it must. */
export function checkRecord(geometry: Geometry, index: number, result: OpenTaskResult, chain: Bytes | null): void {
  const inPlace = chain === null || (result.chain !== null && equal(result.chain, chain));
  if (inPlace && result.authentic) return;
  const offset = recordOffset(geometry, index);
  const fault = geometry.signed ? "is not what the sender signed" : "does not authenticate";
  throw new SealError("tampered", `chunk ${index} (at byte ${offset}) ${fault}`, {
    hint: "The file was altered or damaged in transit: transfer it again.",
    chunk: index,
    offset,
  });
}

async function* recordTasks(
  source: Source,
  sink: Sink | null,
  geometry: Geometry,
  buffers: Buffers,
  first: number,
  { copy, signal }: RecordsOptions,
): AsyncGenerator<Task> {
  const full = recordSize(geometry);
  for (let index = first, final = false; !final; index++) {
    signal?.throwIfAborted();
    const position = recordOffset(geometry, index);
    const start = index * geometry.chunkSize;
    const place = copy ? recordOffset(copy, index) : start;
    const output = sink && sink.fd !== null ? { fd: sink.fd, name: sink.name, position: place } : null;
    const work = byPosition(source)
      ? inPlace(source, position, Math.min(full, source.size - position), output || !sink ? null : buffers, 0)
      : { ...(await abortable(buffers.fill(source, full, 0), signal)), input: null };
    final = work.length < full;
    if (work.length < overhead(geometry.signed)) throw endsEarly(index, position);
    const fault = limitFault(index, start + plaintextLength(work.length, geometry.signed));
    if (fault) throw new SealError("malformed", fault);
    yield { index, final, output, ...work };
  }
}
