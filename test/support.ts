// What several tests need: both suites, fixtures, sinks that remember what was released.

import { readFileSync } from "node:fs";
import { type Bytes, utf8 } from "../src/bytes.js";
import type { KemKey } from "../src/crypto/kem.js";
import { native } from "../src/crypto/native.js";
import { portable } from "../src/crypto/portable.js";
import { copySecret, type Secret } from "../src/crypto/secret.js";
import type { SigningKey, Suite } from "../src/crypto/suite.js";
import { SealError } from "../src/errors.js";
import type { Sink } from "../src/flow/io.js";
import {
  generateSecret,
  type IdentityFile,
  type IdentityKeys,
  identityOf,
  parseIdentityFile,
} from "../src/keys/identity.js";
import { encodeSecret } from "../src/keys/secret-line.js";

/** Both, or the one that the environment names, where a test of what is the same for both has to be quick. */
export const SUITES: readonly Suite[] = [native, portable].filter(
  ({ name }) => name === (process.env.SEAL_TEST_SUITE ?? name),
);

const FIXTURES = new URL("../fixtures/", import.meta.url);

export function fixture(path: string): Buffer {
  return readFileSync(new URL(path, FIXTURES));
}

/** An identity that has everything, and is its own opening key. */
export type Person = KemKey & {
  readonly openingKey: KemKey;
  readonly signingKey: SigningKey;
  readonly recipient: string;
  readonly signer: string;
};

/** Who has that secret line, which has both keys. */
export async function personOf(suite: Suite, secretLine: string | Secret): Promise<Person> {
  const line = typeof secretLine === "string" ? secretOf(secretLine) : secretLine;
  const identity = await identityOf(suite, line);
  return { ...identity, ...identity.openingKey } as Person;
}

/** Somebody new, with classic keys, which are quick. */
export function newPerson(suite: Suite = native): Promise<Person> {
  return personOf(suite, generateSecret(suite, { opens: "x25519", signs: true }));
}

/** Whose identity file that is. */
export async function personAt(path: string): Promise<Person> {
  const file = await parseIdentityFile(native, copySecret(readFileSync(path)), async () => null);
  const identity = await file.unlock();
  return { ...identity, ...identity.openingKey } as Person;
}

/** A text as the bytes of a secret. */
export function secretOf(text: string): Secret {
  return copySecret(utf8(text));
}

/** An unprotected identity as the operations take it. */
export function identityFile(identity: IdentityKeys, accept: readonly Bytes[] = []): IdentityFile {
  return { accept, isProtected: false, unlock: async () => identity };
}

/** An identity whose key is X-Wing's; of a seed of such bytes, or of a fresh one. */
export function xwingIdentity(suite: Suite, fill?: number): Promise<Person> {
  const seed = fill === undefined ? suite.randomSecret(32) : copySecret(new Uint8Array(32).fill(fill));
  return personOf(suite, encodeSecret({ opening: { kind: "xwing", secret: seed }, seed }));
}

/** A sink that keeps what was released, and whether it was committed or aborted. */
export function memorySink(): Sink & { released(): Buffer; state: "open" | "committed" | "aborted" } {
  const parts: Uint8Array[] = [];
  const sink = {
    name: "the output",
    fd: null,
    keeps: false,
    state: "open" as "open" | "committed" | "aborted",
    write: async (bytes: Uint8Array) => {
      parts.push(bytes.slice());
    },
    commit: async () => {
      sink.state = "committed";
    },
    abort: async () => {
      sink.state = "aborted";
    },
    released: () => Buffer.concat(parts),
  };
  return sink;
}

/** The bytes in pieces of the given sizes, over and over, as a stream gives them. */
export async function* pieces(bytes: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The error that the promise is rejected with; fails where it is none of ours, or where nothing is thrown. */
export async function failure(promise: Promise<unknown>): Promise<SealError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The bytes of a secret, for a test to compare and show. */
export function shown(secret: Uint8Array): Bytes {
  return new Uint8Array(secret);
}

/** A suite that draws what `draw` gives, each time so many bytes. */
export function drawing(suite: Suite, draw: (length: number) => Uint8Array): Suite {
  return {
    ...suite,
    randomBytes: (length) => Uint8Array.from(draw(length)),
    randomSecret: (length) => copySecret(draw(length)),
    ephemeralKey: () => suite.agreementKey(copySecret(draw(32))),
    recordKey: () => ({ ...suite.signingKey(copySecret(draw(32))), erase: () => {} }),
  };
}
