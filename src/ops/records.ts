// The records of a sealed input, in order, each checked before it counts (docs/FORMAT.md, "Opening", 8).

import { type Bytes, equal } from "../bytes.js";
import { nextChain, plaintextLength } from "../chunk/record.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import type { Engine, OpenResult, Session, Task } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { endsEarly, type Geometry, limitFault, overhead, recordOffset, recordSize } from "../format/sizes.js";
import type { Sink, Source } from "./io.js";
import { abortable, inOrder } from "./order.js";

export interface RecordsOptions {
  readonly suite: Suite;
  readonly engine: Engine;
  /** null only verifies. */
  readonly payloadKey: Bytes | null;
  readonly coreHash: Bytes;
  readonly signer: VerifyingKey | null;
  readonly signal?: AbortSignal | undefined;
}

/** A record that has passed every check. */
export interface CheckedRecord {
  readonly task: Task;
  readonly result: OpenResult;
  /** The chain value after it; null in an unsigned file. */
  readonly chain: Bytes | null;
  /** Plaintext bytes of this chunk. */
  readonly length: number;
}

/**
 * The records from the source's current position, the first one's, to the end of the input. Plaintext goes to the sink by position where
 * that can be, else it comes with the record.
 * Throws `tampered` at the first record, in file order, that is not the sender's; `malformed` beyond the limits.
 */
export async function* checkedRecords(
  source: Source,
  sink: Sink | null,
  geometry: Geometry,
  options: RecordsOptions,
): AsyncGenerator<CheckedRecord> {
  const { suite, engine, signal } = options;
  const session = sessionFor(options);
  const work = options.payloadKey ? session.open : session.verify;
  const started = async function* () {
    for await (const task of recordTasks(source, sink, geometry, signal)) {
      yield async () => ({ task, result: await work(task) });
    }
  };
  let chain: Bytes | null = geometry.signed ? options.coreHash : null;
  for await (const { task, result } of inOrder(started(), engine.width)) {
    signal?.throwIfAborted();
    checkRecord(geometry, task.index, result, chain);
    if (chain) chain = nextChain(suite, chain, result.digest);
    yield { task, result, chain, length: plaintextLength(task.input.length, geometry.signed) };
  }
}

export function sessionFor(options: RecordsOptions): Session {
  const { suite, payloadKey, coreHash, signer } = options;
  return options.engine.session({ suite, payloadKey, coreHash, signed: signer !== null, signer });
}

/** Throws `tampered` unless the record is authentic and carries the chain value that is due. */
export function checkRecord(geometry: Geometry, index: number, result: OpenResult, chain: Bytes | null): void {
  const inPlace = chain === null || (result.chain !== null && equal(result.chain, chain));
  if (inPlace && result.authentic) return;
  const offset = recordOffset(geometry, index);
  const fault = geometry.signed ? "is not what the sender signed" : "does not authenticate";
  throw new SealError("tampered", `chunk ${index} (at byte ${offset}) ${fault}`, {
    hint: "The file was altered or damaged on its way: transfer it again.",
    chunk: index,
    offset,
  });
}

async function* recordTasks(
  source: Source,
  sink: Sink | null,
  geometry: Geometry,
  signal: AbortSignal | undefined,
): AsyncGenerator<Task> {
  const full = recordSize(geometry);
  for (let index = 0, final = false; !final; index++) {
    signal?.throwIfAborted();
    const position = recordOffset(geometry, index);
    const input =
      source.fd === null || source.size === null
        ? await abortable(source.read(full), signal)
        : { fd: source.fd, name: source.name, position, length: Math.min(full, source.size - position) };
    final = input.length < full;
    if (input.length < overhead(geometry.signed)) throw endsEarly(index, position);
    const start = index * geometry.chunkSize;
    const fault = limitFault(index, start + plaintextLength(input.length, geometry.signed));
    if (fault) throw new SealError("malformed", fault);
    yield {
      index,
      final,
      input,
      output: sink && sink.fd !== null ? { fd: sink.fd, name: sink.name, position: start } : null,
    };
  }
}
