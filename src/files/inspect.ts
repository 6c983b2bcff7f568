// What a header says, nothing of it verified.

import type { Suite } from "../crypto/suite.js";
import type { Source } from "../flow/io.js";
import { abortable } from "../flow/order.js";
import type { Core } from "../format/core.js";
import type { Header } from "../format/header.js";
import { plaintextSize } from "../format/sizes.js";
import { geometryOf, parseHeader } from "../header/read.js";

export interface Inspected {
  readonly core: Core;
  readonly chunkSize: number;
  readonly headerBytes: number;
  readonly sealedBytes: number;
  readonly chunks: number;
  /** Plaintext bytes. */
  readonly bytes: number;
  /** The types of the stanzas, in order. */
  readonly stanzaTypes: readonly number[];
}

/**
 * Reads the header, and the length of the rest. Throws `malformed`, `unsupported`, or `tampered` where the input ends
 * early.
 */
export async function inspectSource(source: Source, suite: Suite, signal?: AbortSignal): Promise<Inspected> {
  return inspectFile(await parseHeader(source, suite, signal), source, signal);
}

/** The same, where the header has been read. */
export async function inspectFile(header: Header, source: Source, signal?: AbortSignal): Promise<Inspected> {
  const geometry = geometryOf(header);
  const sealedBytes = source.size ?? (await lengthByReading(source, geometry.headerLength, signal));
  return {
    core: header.core,
    chunkSize: geometry.chunkSize,
    headerBytes: geometry.headerLength,
    sealedBytes,
    ...plaintextSize(geometry, sealedBytes),
    stanzaTypes: header.stanzas.map(({ type }) => type),
  };
}

async function lengthByReading(source: Source, start: number, signal: AbortSignal | undefined): Promise<number> {
  for (let length = start; ; ) {
    const piece = await abortable(source.read(64 * 1024), signal);
    if (piece.length === 0) return length;
    length += piece.length;
  }
}
