// Verifying without a secret (docs/FORMAT.md, "Opening").

import { type Bytes, toHex } from "../bytes.js";
import type { Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import type { Progress, Source } from "../flow/io.js";
import { expectedBytes } from "../format/sizes.js";
import type { Policy } from "../header/policy.js";
import { readHeader } from "../header/read.js";
import { checkedRecords } from "./records.js";

export interface Verifying {
  readonly suite: Suite;
  readonly engine: Engine;
  /** The signers whose files are accepted, and what else is demanded. Unsigned files never verify. */
  readonly policy: Policy;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Verified {
  /** Plaintext bytes. */
  readonly bytes: number;
  readonly chunks: number;
  readonly signer: Bytes;
  readonly label: string;
  /** Unix seconds. */
  readonly sealedAt: number;
  /** chain_n in hex. */
  readonly digest: string;
}

/** Verifies a whole file. Throws `malformed`, `unsupported`, `tampered` or `untrusted`. */
export async function verifySource(source: Source, options: Verifying): Promise<Verified> {
  const { suite, engine, signal } = options;
  const policy = { ...options.policy, allowUnsigned: false };
  const { header, geometry, recordKey } = await readHeader(source, suite, policy, signal);
  let digest = header.coreHash;
  let bytes = 0;
  let chunks = 0;
  const total = source.size === null ? null : expectedBytes(geometry, source.size);
  const records = { suite, engine, payloadKey: null, coreHash: header.coreHash, recordKey, signal };
  for await (const { chain, length } of checkedRecords(source, null, geometry, records)) {
    digest = chain!;
    bytes += length;
    chunks += 1;
    options.progress?.(bytes, total);
  }
  const { signer, label, sealedAt } = header.core;
  return { bytes, chunks, signer: signer!, label, sealedAt, digest: toHex(digest) };
}
