// What several tests need: both suites, fixtures, sinks that remember what was released.

import { readFileSync } from "node:fs";
import type { Bytes } from "../src/bytes.js";
import { native } from "../src/crypto/native.js";
import { portable } from "../src/crypto/portable.js";
import type { Suite } from "../src/crypto/suite.js";
import { SealError } from "../src/errors.js";
import type { Identity, IdentityFile } from "../src/keys/identity.js";
import type { Sink } from "../src/ops/io.js";

/** Both, or the one that the environment names, where a test of what is the same for both has to be quick. */
export const SUITES: readonly Suite[] = [native, portable].filter(
  ({ name }) => name === (process.env.SEAL_TEST_SUITE ?? name),
);

const FIXTURES = new URL("../fixtures/", import.meta.url);

export function fixture(path: string): Buffer {
  return readFileSync(new URL(path, FIXTURES));
}

/** An unprotected identity as the operations take it. */
export function identityFile(identity: Identity, accept: readonly Bytes[] = []): IdentityFile {
  return { accept, isProtected: false, unlock: async () => identity };
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
