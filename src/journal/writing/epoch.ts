// An epoch's header and the ratchet of its frames' keys (docs/FORMAT.md, "Writing a journal", 1). Everything that opens
// it is erased before the header is signed, but for the ratchet.

import { type Bytes, concat } from "../../bytes.js";
import { erase } from "../../crypto/secret.js";
import type { HeaderSigner, RecordKey, Suite } from "../../crypto/suite.js";
import { type Core, encodeCore } from "../../format/core.js";
import { commitment, epochChain, FILE_KEY_BYTES } from "../../format/header.js";
import { encodeStanzas } from "../../format/stanza.js";
import { signHeader } from "../../header/sign.js";
import { makeStanzas } from "../../header/stanzas.js";
import { checkedTime } from "../../time.js";
import { Ratchet } from "../ratchet.js";

/**
 * Valid public keys of one kind (makeStanzas), 1 … 4096, one that is named twice being sealed to once; or what tells
 * them for each epoch anew.
 */
export type Recipients = readonly Uint8Array[] | (() => Promise<readonly Uint8Array[]>);

export interface EpochOptions {
  readonly suite: Suite;
  readonly signer: HeaderSigner;
  /** Valid public keys of one kind (makeStanzas), 1 … 4096; one that is named twice is sealed to once. */
  readonly recipients: readonly Uint8Array[];
  /** One that can be sealed. */
  readonly label: string;
  readonly chunkExponent: number;
  /** The chain value at the end of the epoch before; 32 zero bytes for the first. */
  readonly previous: Bytes;
  /** Unix milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

export interface NewEpoch {
  readonly header: Bytes;
  readonly coreHash: Bytes;
  /** The chain value after the header. */
  readonly chain: Bytes;
  readonly ratchet: Ratchet;
  readonly recordKey: RecordKey;
}

/**
 * Draws a file key and a record key and begins an epoch with them. Throws `usage` where the recipients are none, too
 * many, or not of one kind, or the clock is out of bounds; what the signer throws; the signal's reason.
 */
export async function makeEpoch(options: EpochOptions): Promise<NewEpoch> {
  const { suite, signer, signal } = options;
  const recordKey = suite.recordKey();
  let unsigned: Unsigned | null = null;
  try {
    unsigned = await makeUnsigned(options, recordKey.publicKey);
    const { coreBytes, coreHash, stanzaBytes, ratchet } = unsigned;
    const signature = await signHeader(suite, signer, coreBytes, stanzaBytes, signal);
    const chain = epochChain(suite, coreBytes, stanzaBytes);
    return { header: concat(coreBytes, stanzaBytes, signature), coreHash, chain, ratchet, recordKey };
  } catch (error) {
    recordKey.erase();
    unsigned?.ratchet.erase();
    throw error;
  }
}

interface Unsigned {
  readonly coreBytes: Bytes;
  readonly coreHash: Bytes;
  readonly stanzaBytes: Bytes;
  readonly ratchet: Ratchet;
}

async function makeUnsigned(options: EpochOptions, recordKey: Bytes): Promise<Unsigned> {
  const { suite, signer, recipients, label, chunkExponent, previous, signal } = options;
  const sealedAt = checkedTime(options.now) / 1000;
  const fileKey = suite.randomSecret(FILE_KEY_BYTES);
  try {
    const core: Core = {
      chunkExponent,
      signer: signer.publicKey,
      recordKey,
      commitment: commitment(suite, fileKey),
      sealedAt: Math.floor(sealedAt),
      label,
      previous,
    };
    const coreBytes = encodeCore(core);
    const coreHash = suite.sha256(coreBytes);
    const stanzaBytes = encodeStanzas(await makeStanzas(suite, { recipients }, fileKey, coreHash, { signal }));
    return { coreBytes, coreHash, stanzaBytes, ratchet: new Ratchet(suite, fileKey, coreHash) };
  } finally {
    erase(fileKey);
  }
}
