// Opening: header, file key, then each record, released when it has passed every check (docs/FORMAT.md, "Opening").

import { type Bytes, toHex } from "../bytes.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Engine } from "../engine/engine.js";
import { committing, type Progress, release, type Sink, type Source } from "../flow/io.js";
import { type Header, payloadKey } from "../format/header.js";
import { expectedBytes, type Geometry } from "../format/sizes.js";
import { type AcceptedHeader, readHeader } from "../header/read.js";
import { policyOf, type Unlocking, unlockFileKey } from "../header/unlock.js";
import { type Range, releaseRange } from "./range.js";
import { checkedRecords, type RecordsOptions, type Start } from "./records.js";

export interface Opening extends Unlocking {
  readonly engine: Engine;
  /** Plaintext bytes wanted; all of them by default. */
  readonly range?: Range | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Opened {
  /** Plaintext bytes released. */
  readonly bytes: number;
  /** Chunks that were checked. */
  readonly chunks: number;
  readonly signer: Bytes | null;
  readonly label: string;
  /** Unix seconds. */
  readonly sealedAt: number;
  /** chain_n in hex, as the final record vouches for it; null where unsigned. */
  readonly digest: string | null;
}

/** What a header leads to. */
export interface Payload {
  readonly geometry: Geometry;
  readonly records: RecordsOptions;
}

type Released = Pick<Opened, "bytes" | "chunks" | "digest">;

/**
 * Opens `source` into `sink` and commits it. Throws `malformed`, `unsupported`, `tampered`, `untrusted`, `no-key`,
 * `usage` (a range).
 */
export async function openTo(source: Source, sink: Sink, options: Opening): Promise<Opened> {
  const { range, progress } = options;
  return committing(sink, () =>
    unlocked(source, options, ({ geometry, records }) =>
      range
        ? releaseRange(source, sink, geometry, records, range, progress)
        : releaseAll(source, sink, geometry, records, progress),
    ),
  );
}

/** Reads and checks the header and finds the key, then does `work` with what stands behind it. */
export async function unlocked(
  source: Source,
  options: Opening,
  work: (payload: Payload) => Promise<Released>,
): Promise<Opened> {
  const { suite, engine, signal } = options;
  const accepted = await readHeader(source, suite, policyOf(options), signal);
  const key = await unlockPayload(accepted, options);
  try {
    const { header, geometry, recordKey } = accepted;
    const records = { suite, engine, payloadKey: key, coreHash: header.coreHash, recordKey, signal };
    return { ...(await work({ geometry, records })), ...summary(header) };
  } finally {
    erase(key);
  }
}

function summary({ core }: Header): Pick<Opened, "signer" | "label" | "sealedAt"> {
  return { signer: core.signer, label: core.label, sealedAt: core.sealedAt };
}

async function unlockPayload({ header }: AcceptedHeader, options: Opening): Promise<Secret> {
  const fileKey = await unlockFileKey(header, options);
  try {
    return payloadKey(options.suite, fileKey, header.coreHash);
  } finally {
    erase(fileKey);
  }
}

/** Releases the records from the source's current position, that of record `start`, to the end. */
export async function releaseAll(
  source: Source,
  sink: Sink,
  geometry: Geometry,
  records: RecordsOptions,
  progress: Progress | undefined,
  start?: Start,
): Promise<Released> {
  let chunks = start?.index ?? 0;
  let bytes = chunks * geometry.chunkSize;
  let digest: Bytes | null = null;
  const total = source.size === null ? null : expectedBytes(geometry, source.size);
  for await (const { plaintext, chain, length } of checkedRecords(source, sink, geometry, records, start)) {
    if (plaintext) await release(sink, plaintext, bytes, records.signal);
    bytes += length;
    chunks += 1;
    digest = chain;
    progress?.(bytes, total);
  }
  return { bytes, chunks, digest: digest && toHex(digest) };
}
