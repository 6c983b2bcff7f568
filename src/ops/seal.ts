// Sealing: draw a file key, write the header, then the records in order (docs/FORMAT.md, "Sealing").

import { type Bytes, concat, toHex } from "../bytes.js";
import { chunkMessage, nextChain } from "../chunk/record.js";
import { hpkeSeal } from "../crypto/hpke.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import type { Engine, SealResult, Session, Task } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { type Core, DEFAULT_CHUNK_EXPONENT, encodeCore, labelFault, MAX_SEALED_AT } from "../format/core.js";
import * as header from "../format/header.js";
import {
  type Geometry,
  limitFault,
  overhead,
  recordOffset,
  recordSize,
  sealedSize,
  TAG_BYTES,
} from "../format/sizes.js";
import { encodeStanzas, MAX_STANZAS, STANZA_X25519, type Stanza } from "../format/stanza.js";
import { Buffers, inPlace } from "./buffers.js";
import { geometryOf } from "./header.js";
import { byPosition, committing, type Progress, release, type Sink, type Source } from "./io.js";
import { abortable, inOrder } from "./order.js";

export interface SealOptions {
  readonly suite: Suite;
  readonly engine: Engine;
  /** Valid X25519 public keys, 1 … 4096; one that is named twice is sealed to once. */
  readonly recipients: readonly Uint8Array[];
  /** null seals unsigned. */
  readonly signer: SigningKey | null;
  readonly label: string;
  readonly chunkExponent?: number | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
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
export async function seal(source: Source, sink: Sink, options: SealOptions): Promise<Sealed> {
  return committing(sink, async () => {
    const { head, payloadKey } = makeHeader(options);
    const { suite, engine, signer } = options;
    const keys = { suite, payloadKey, coreHash: head.coreHash, signed: signer !== null, signer: null };
    const session = engine.session(keys, source.size);
    try {
      await release(sink, concat(head.coreBytes, head.stanzaBytes, head.authenticator), 0, options.signal);
      return await sealPayload(source, sink, options, head, session);
    } finally {
      session.close();
      payloadKey.fill(0);
    }
  });
}

function makeHeader(options: SealOptions): { head: header.Header; payloadKey: Bytes } {
  const { suite, signer } = options;
  const fault = labelFault(options.label);
  if (fault) throw new SealError("usage", `the label ${fault}`);
  const sealedAt = Math.floor(options.now / 1000);
  if (!(sealedAt >= 0 && sealedAt <= MAX_SEALED_AT))
    throw new SealError("usage", "the clock is before 1970 or after 9999");
  const fileKey = suite.randomBytes(header.FILE_KEY_BYTES);
  try {
    const core: Core = {
      chunkExponent: options.chunkExponent ?? DEFAULT_CHUNK_EXPONENT,
      signer: signer?.publicKey ?? null,
      commitment: header.commitment(suite, fileKey),
      sealedAt,
      label: options.label,
    };
    const coreBytes = encodeCore(core);
    const coreHash = suite.sha256(coreBytes);
    const stanzas = makeStanzas(suite, options.recipients, fileKey, coreHash);
    const stanzaBytes = encodeStanzas(stanzas);
    const authenticator = signer
      ? signer.sign(header.headerMessage(suite, coreBytes, stanzaBytes))
      : header.headerMac(suite, fileKey, coreHash, coreBytes, stanzaBytes);
    const payloadKey = header.payloadKey(suite, fileKey, coreHash);
    return { head: { core, coreBytes, coreHash, stanzas, stanzaBytes, authenticator }, payloadKey };
  } finally {
    fileKey.fill(0);
  }
}

/** One stanza for each distinct recipient, in random order: the order must not tell who is who. */
export function makeStanzas(
  suite: Suite,
  recipients: readonly Uint8Array[],
  fileKey: Uint8Array,
  coreHash: Uint8Array,
): Stanza[] {
  const distinct = [...new Map(recipients.map((key) => [toHex(key), key])).values()];
  if (distinct.length === 0) throw new SealError("usage", "no recipient");
  if (distinct.length > MAX_STANZAS) {
    throw new SealError("usage", `${distinct.length} recipients; at most ${MAX_STANZAS} are possible`);
  }
  const info = header.recipientInfo(coreHash);
  return shuffled(suite, distinct).map((recipient) => {
    const { enc, ciphertext } = hpkeSeal(suite, recipient, info, fileKey);
    return { type: STANZA_X25519, body: concat(enc, ciphertext) };
  });
}

/** Fisher and Yates; 32 random bits leave a bias below 2^-19 for 4096 items. */
function shuffled<T>(suite: Suite, items: readonly T[]): T[] {
  const out = [...items];
  const random = new DataView(suite.randomBytes(4 * out.length).buffer);
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.getUint32(4 * i) % (i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

async function sealPayload(
  source: Source,
  sink: Sink,
  options: SealOptions,
  head: header.Header,
  session: Session,
): Promise<Sealed> {
  const { suite, signer, signal } = options;
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
  for await (const { task, result } of inOrder(started(), session.width)) {
    signal?.throwIfAborted();
    const trailer = signer && concat(chain, signChunk(signer, head.coreHash, chain, task, result));
    await writeRecord(sink, geometry, task, result, trailer, signal);
    if (!sink.keeps) buffers.give(result.buffer);
    if (signer) chain = nextChain(suite, chain, result.digest!);
    bytes += task.length;
    chunks += 1;
    complete = task.final;
    options.progress?.(bytes, source.size);
  }
  if (!complete) throw new SealError("internal", "the final chunk was not sealed");
  await source.checkUnchanged();
  return {
    bytes,
    sealedBytes: sealedSize(geometry, bytes),
    chunks,
    recipients: head.stanzas.length,
    signer: head.core.signer,
    label: head.core.label,
    sealedAt: head.core.sealedAt,
    digest: signer ? toHex(chain) : null,
  };
}

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
    const output = sink.fd === null ? null : { fd: sink.fd, name: sink.name, position: recordOffset(geometry, index) };
    const work = byPosition(source)
      ? inPlace(
          source,
          position,
          Math.min(chunkSize, source.size - position),
          output ? null : buffers,
          overhead(signed),
        )
      : { ...(await abortable(buffers.fill(source, chunkSize, overhead(signed)), signal)), input: null };
    final = work.length < chunkSize;
    const fault = limitFault(index, position + work.length);
    if (fault) throw new SealError("usage", `the input has ${fault}`);
    yield { index, final, output, ...work };
  }
}

function signChunk(signer: SigningKey, coreHash: Bytes, chain: Bytes, task: Task, { digest }: SealResult): Bytes {
  return signer.sign(chunkMessage(coreHash, task, chain, digest!));
}

/** What the engine has not written yet: the whole record, or only its trailer (chain 32 | signature 64). */
async function writeRecord(
  sink: Sink,
  geometry: Geometry,
  { index, length, output }: Task,
  { buffer }: SealResult,
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
