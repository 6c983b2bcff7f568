// Sealing: draw a file key, write the header, then the records in order (docs/FORMAT.md, "Sealing").

import { type Bytes, concat, toHex } from "../bytes.js";
import { TAG_BYTES } from "../crypto/lengths.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { HeaderSigner, RecordKey, Suite } from "../crypto/suite.js";
import type { Engine, SealTaskResult, Session, Task } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { Buffers, inPlace } from "../flow/buffers.js";
import { byPosition, committing, type Progress, release, type Sink, type Source } from "../flow/io.js";
import { abortable, inOrder } from "../flow/order.js";
import { type Core, DEFAULT_CHUNK_EXPONENT, encodeCore, labelFault } from "../format/core.js";
import * as header from "../format/header.js";
import { chunkMessage, nextChain } from "../format/record.js";
import { type Geometry, limitFault, overhead, recordOffset, recordSize, sealedSize } from "../format/sizes.js";
import { encodeStanzas } from "../format/stanza.js";
import { geometryOf } from "../header/read.js";
import { signHeader } from "../header/sign.js";
import { type Addressees, type Making, makeStanzas } from "../header/stanzas.js";
import { MAX_SEALED_AT } from "../time.js";

/** The passphrase, where there is one, is erased once its stanza is made. */
export interface Sealing extends Addressees {
  readonly suite: Suite;
  readonly engine: Engine;
  /** null seals unsigned. */
  readonly signer: HeaderSigner | null;
  readonly label: string;
  readonly chunkExponent?: number | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the process ends soon afterwards: what only the garbage collector can erase of the record key may be left
   * to that, and else is collected first.
   */
  readonly ends?: boolean | undefined;
  /** With `ends`: whether nothing else is sealed before that. Then so is what is left of ephemeral keys. */
  readonly isLast?: boolean | undefined;
}

export interface Sealed {
  readonly bytes: number;
  readonly sealedBytes: number;
  readonly chunks: number;
  readonly recipients: number;
  readonly signer: Bytes | null;
  readonly label: string;
  /** Unix seconds. */
  readonly sealedAt: number;
  /** chain_n in hex; null where unsigned. */
  readonly digest: string | null;
}

/**
 * Seals `source` into `sink` and commits it.
 * Throws `usage` for a label or a recipient list that cannot be sealed, `io` where the input changes meanwhile.
 */
export async function sealTo(source: Source, sink: Sink, options: Sealing): Promise<Sealed> {
  return committing(sink, async () => {
    if (source.size !== null) refuseTooLong(0, source.size);
    const { suite, signer, ends } = options;
    const forget = collector(source, options) === "caller" || (signer && !ends) ? suite.forgetting() : null;
    let recordKey: RecordKey | null = null;
    try {
      recordKey = signer && suite.recordKey();
      return await sealUnder(source, sink, options, recordKey);
    } finally {
      recordKey?.erase();
      await forget?.();
    }
  });
}

/** A shorter input is sealed in a few milliseconds. */
const SMALL = 1024 * 1024;

/**
 * Who collects what is left of ephemeral keys. Of a small file, it is collected with what is left of the record key,
 * when the file is sealed: a collection before that makes old the keys of other files that are being sealed, and only a
 * collection of everything erases old ones.
 */
function collector({ size }: Source, { ends, isLast }: Sealing): Making["collects"] {
  if (ends && isLast) return "nobody";
  return size !== null && size < SMALL ? "caller" : "itself";
}

async function sealUnder(source: Source, sink: Sink, options: Sealing, recordKey: RecordKey | null): Promise<Sealed> {
  const { suite, engine, signer, signal } = options;
  const { payloadKey, ...unsigned } = await makeHeader(options, recordKey, collector(source, options));
  const { coreBytes, stanzaBytes, coreHash } = unsigned;
  const session = engine.session(
    { suite, payloadKey, coreHash, signed: signer !== null, recordKey: null },
    source.size,
  );
  try {
    const authenticator = unsigned.mac ?? (await signHeader(suite, signer!, coreBytes, stanzaBytes, signal));
    await release(sink, concat(coreBytes, stanzaBytes, authenticator), 0, signal);
    return await sealPayload(source, sink, options, { ...unsigned, authenticator }, recordKey, session);
  } finally {
    erase(payloadKey);
    await session.close();
  }
}

type MadeHeader = Omit<header.Header, "authenticator"> & { readonly mac: Bytes | null; readonly payloadKey: Secret };

/** A header that is yet to be signed, or has its MAC. The file key is erased. */
async function makeHeader(
  options: Sealing,
  recordKey: RecordKey | null,
  collects: Making["collects"],
): Promise<MadeHeader> {
  const { suite, engine, signer, signal } = options;
  const fault = labelFault(options.label);
  if (fault) throw new SealError("usage", `the label ${fault}`);
  const sealedAt = Math.floor(options.now / 1000);
  if (!(sealedAt >= 0 && sealedAt <= MAX_SEALED_AT))
    throw new SealError("usage", "the clock is before 1970 or after 9999");
  const fileKey = suite.randomSecret(header.FILE_KEY_BYTES);
  try {
    const core: Core = {
      chunkExponent: options.chunkExponent ?? DEFAULT_CHUNK_EXPONENT,
      signer: signer?.publicKey ?? null,
      recordKey: recordKey?.publicKey ?? null,
      commitment: header.commitment(suite, fileKey),
      sealedAt,
      label: options.label,
    };
    const coreBytes = encodeCore(core);
    const coreHash = suite.sha256(coreBytes);
    const stanzas = await makeStanzas(suite, options, fileKey, coreHash, { signal, collects, engine });
    if (options.passphrase) erase(options.passphrase);
    const stanzaBytes = encodeStanzas(stanzas);
    const mac = signer ? null : header.headerMac(suite, fileKey, coreHash, coreBytes, stanzaBytes);
    const payloadKey = header.payloadKey(suite, fileKey, coreHash);
    return { core, coreBytes, coreHash, stanzas, stanzaBytes, mac, payloadKey };
  } finally {
    erase(fileKey);
  }
}

async function sealPayload(
  source: Source,
  sink: Sink,
  options: Sealing,
  head: header.Header,
  recordKey: RecordKey | null,
  session: Session,
): Promise<Sealed> {
  const { suite, signal } = options;
  const geometry = geometryOf(head);
  const buffers = new Buffers(recordSize(geometry));
  let chain = head.coreHash;
  let bytes = 0;
  let chunks = 0;
  let complete = false;

  const started = async function* () {
    for await (const task of chunkTasks(source, sink, geometry, buffers, signal)) {
      yield async () => ({ task, result: await session.seal(task) });
    }
  };
  for await (const { task, result } of inOrder(started(), session)) {
    signal?.throwIfAborted();
    // Only an input that stayed the same is given the record that makes it whole.
    if (task.final) await source.checkUnchanged();
    const trailer = recordKey && concat(chain, signChunk(recordKey, head.coreHash, chain, task, result));
    await writeRecord(sink, geometry, task, result, trailer, signal);
    if (!sink.keeps) buffers.give(result.buffer);
    if (recordKey) chain = nextChain(suite, chain, result.digest!);
    bytes += task.length;
    chunks += 1;
    complete = task.final;
    options.progress?.(bytes, source.size);
  }
  if (!complete) throw new SealError("internal", "the final chunk was not sealed");
  return {
    bytes,
    sealedBytes: sealedSize(geometry, bytes),
    chunks,
    recipients: head.stanzas.length,
    signer: head.core.signer,
    label: head.core.label,
    sealedAt: head.core.sealedAt,
    digest: recordKey ? toHex(chain) : null,
  };
}

function refuseTooLong(index: number, bytes: number): void {
  const fault = limitFault(index, bytes);
  if (fault) throw new SealError("usage", `the input has ${fault}`);
}

/** A record of fewer bytes is written at once. */
const SHORT = 64 * 1024;

/** The input, cut into chunks; the last is shorter than the others. */
async function* chunkTasks(
  source: Source,
  sink: Sink,
  geometry: Geometry,
  buffers: Buffers,
  signal: AbortSignal | undefined,
): AsyncGenerator<Task> {
  const { chunkSize, signed } = geometry;
  for (let index = 0, final = false; !final; index++) {
    signal?.throwIfAborted();
    const position = index * chunkSize;
    const left = byPosition(source) ? source.size - position : chunkSize;
    const output =
      sink.fd === null || Math.min(chunkSize, left) < SHORT
        ? null
        : { fd: sink.fd, name: sink.name, position: recordOffset(geometry, index) };
    const work = byPosition(source)
      ? inPlace(source, position, Math.min(chunkSize, left), output ? null : buffers, overhead(signed))
      : { ...(await abortable(buffers.fill(source, chunkSize, overhead(signed)), signal)), input: null };
    final = work.length < chunkSize;
    refuseTooLong(index, position + work.length);
    yield { index, final, output, ...work };
  }
}

function signChunk(key: RecordKey, coreHash: Bytes, chain: Bytes, task: Task, { digest }: SealTaskResult): Bytes {
  return key.sign(chunkMessage(coreHash, task, chain, digest!));
}

/** What the engine has not written yet: the whole record, or only its trailer (chain 32 | signature 64). */
async function writeRecord(
  sink: Sink,
  geometry: Geometry,
  { index, length, output }: Task,
  { buffer }: SealTaskResult,
  trailer: Bytes | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const start = recordOffset(geometry, index);
  const sealed = length + TAG_BYTES;
  if (output) {
    if (trailer) await release(sink, trailer, start + sealed, signal);
    return;
  }
  if (trailer) buffer!.set(trailer, sealed);
  await release(sink, buffer!.subarray(0, length + overhead(geometry.signed)), start, signal);
}
