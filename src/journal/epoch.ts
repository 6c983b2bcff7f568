// An epoch's header and the ratchet of its frames' keys (docs/FORMAT.md, "Writing a journal", 1). Everything that opens it is erased when this is done,
// but for the ratchet.

import { type Bytes, concat } from "../bytes.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { type Core, encodeCore, MAX_SEALED_AT } from "../format/core.js";
import { commitment, FILE_KEY_BYTES, headerMessage } from "../format/header.js";
import { encodeStanzas } from "../format/stanza.js";
import { makeStanzas } from "../ops/seal.js";
import { Ratchet } from "./ratchet.js";

export interface EpochOptions {
  readonly suite: Suite;
  readonly signer: SigningKey;
  /** Valid X25519 public keys, 1 … 4096; one that is named twice is sealed to once. */
  readonly recipients: readonly Uint8Array[];
  /** One that can be sealed. */
  readonly label: string;
  readonly chunkExponent: number;
  /** The chain value at the end of the epoch before; 32 zero bytes for the first. */
  readonly previous: Bytes;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Epoch {
  readonly header: Bytes;
  readonly coreHash: Bytes;
  readonly ratchet: Ratchet;
}

/** Draws a file key and begins an epoch with it. Throws `usage` where there are no recipients or too many, or the clock is out of bounds. */
export function makeEpoch(options: EpochOptions): Epoch {
  const { suite, signer, recipients, label, chunkExponent, previous } = options;
  const sealedAt = checkedTime(options.now) / 1000;
  const fileKey = suite.randomBytes(FILE_KEY_BYTES);
  try {
    const core: Core = {
      chunkExponent,
      signer: signer.publicKey,
      commitment: commitment(suite, fileKey),
      sealedAt: Math.floor(sealedAt),
      label,
      previous,
    };
    const coreBytes = encodeCore(core);
    const coreHash = suite.sha256(coreBytes);
    const stanzaBytes = encodeStanzas(makeStanzas(suite, recipients, fileKey, coreHash));
    const signature = signer.sign(headerMessage(suite, coreBytes, stanzaBytes));
    const ratchet = new Ratchet(suite, fileKey, coreHash);
    return { header: concat(coreBytes, stanzaBytes, signature), coreHash, ratchet };
  } finally {
    fileKey.fill(0);
  }
}

/** A time that a journal can state, in Unix milliseconds. Throws `usage`. */
export function checkedTime(now: number): number {
  if (now >= 0 && now < (MAX_SEALED_AT + 1) * 1000) return now;
  throw new SealError("usage", "the clock is before 1970 or after 9999");
}
