// For tests of secrets: that no message shows one, and that no copy of one outlives its use.

import { createHash } from "node:crypto";
import { expect } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { SealError } from "../../src/errors.js";
import type { AskPassphrase } from "../../src/keys/identity.js";

export const nobody: AskPassphrase = async () => expect.fail("a passphrase was asked for");

/** No message shows the secret, in whatever case. */
export function expectNoSecret(error: SealError, text: string): void {
  const shown = `${error.message} ${error.hint} ${JSON.stringify(error)}`.toUpperCase();
  for (let from = 17; from + 6 <= text.length; from++) expect(shown).not.toContain(text.slice(from, from + 6));
}

/**
 * A suite that remembers the secrets which pass through it: `held` are the arrays that its caller has, not copies. Its
 * scrypt is quick.
 */
export function watched(): { suite: Suite; held: Uint8Array[] } {
  const held: Uint8Array[] = [];
  const note = <T extends Uint8Array | null>(bytes: T): T => {
    if (bytes) held.push(bytes);
    return bytes;
  };
  const suite: Suite = {
    ...native,
    signingKey: (seed) => native.signingKey(copySecret(note(seed))),
    agreementKey: (secret) => native.agreementKey(copySecret(note(secret))),
    scrypt: async (passphrase, salt): Promise<Secret> => {
      const key = createHash("sha256").update(note(passphrase)).update(salt).digest();
      return note(copySecret(key));
    },
    aeadOpen: (key, nonce, sealed, aad) => note(native.aeadOpen(key, nonce, sealed, aad)),
  };
  return { suite, held };
}

/**
 * What is left, when the work has ended however it did, of all secrets that were made meanwhile: they alone take memory
 * of their own (newSecret).
 */
export async function secretsLeft(work: () => Promise<unknown>): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  const Memory = globalThis.ArrayBuffer;
  class Watched extends Memory {
    constructor(length: number) {
      super(length);
      made.push(new Uint8Array(this));
    }
  }
  globalThis.ArrayBuffer = Watched as ArrayBufferConstructor;
  try {
    await work().catch(() => undefined);
  } finally {
    globalThis.ArrayBuffer = Memory;
  }
  expect(made).not.toEqual([]);
  return made.filter((bytes) => bytes.some((byte) => byte !== 0));
}
