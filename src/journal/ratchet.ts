// The keys of an epoch's frames: a one-way ratchet (docs/FORMAT.md, "Journals"). Who has its state can read what is
// sealed from now on in this epoch, and nothing before.

import { deriveKey } from "../crypto/hkdf.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";

const NOTHING = new Uint8Array();

export class Ratchet {
  readonly #suite: Suite;
  #chainKey: Secret;
  #isErased = false;

  /** CK_0. The file key stays the caller's, to be erased. */
  constructor(suite: Suite, fileKey: Secret, coreHash: Uint8Array) {
    this.#suite = suite;
    this.#chainKey = deriveKey(suite, fileKey, "seal.v1 ratchet", coreHash);
  }

  /**
   * The next frame's key, 32 bytes, to be erased after use. What it was derived from is erased already. Throws
   * `internal` after `erase`.
   */
  next(): Secret {
    // Zeros are a key that everybody knows.
    if (this.#isErased) throw new SealError("internal", "a frame's key is asked of an epoch that has ended");
    const key = deriveKey(this.#suite, this.#chainKey, "seal.v1 frame", NOTHING);
    this.skip();
    return key;
  }

  /** Passes over a frame. */
  skip(): void {
    const following = deriveKey(this.#suite, this.#chainKey, "seal.v1 next", NOTHING);
    erase(this.#chainKey);
    this.#chainKey = following;
  }

  erase(): void {
    this.#isErased = true;
    erase(this.#chainKey);
  }
}
