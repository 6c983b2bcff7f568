// Who appears in the fuzzed files. All keys follow from names: they are public, and repeat.

import { createHash } from "node:crypto";
import { type Bytes, concat, u32, utf8 } from "../src/bytes.js";
import { native } from "../src/crypto/native.js";
import { portable } from "../src/crypto/portable.js";
import type { Suite } from "../src/crypto/suite.js";
import { type Identity, type IdentityFile, identityOf } from "../src/keys/identity.js";
import { encodeSecret } from "../src/keys/text.js";

/** Bytes that follow from a name. */
export function bytesOf(name: string, length = 32): Bytes {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * 32 < length; i++)
    blocks.push(
      createHash("sha256")
        .update(concat(u32(i), utf8(name)))
        .digest(),
    );
  return concat(...blocks).slice(0, length);
}

/** A suite whose "random" bytes follow from a name and how many were drawn before. */
export function repeatable(name: string): Suite {
  let draws = 0;
  return { ...native, randomBytes: (length) => bytesOf(`${name} ${draws++}`, length) };
}

export const SUITES = { native, portable } as const;

interface Actor {
  readonly secret: string;
  readonly identity: Identity;
  /** The same on the portable suite. */
  readonly portable: Identity;
}

function actor(name: string): Actor {
  const secret = encodeSecret({
    x25519Secret: bytesOf(`fuzz x25519 ${name}`),
    ed25519Seed: bytesOf(`fuzz ed25519 ${name}`),
  });
  return { secret, identity: identityOf(native, secret), portable: identityOf(portable, secret) };
}

/** Signs the honest files, and nothing that a mutation has made. */
export const author = actor("author");
/** Signs what mutations make. */
export const forger = actor("forger");
/** Opens everything; mutations know its secret, as an insider does. */
export const reader = actor("reader");
/** Receives honest files only; mutations do not know its secret. */
export const hermit = actor("hermit");

export function identityFile({ identity, portable: other }: Actor, suite: Suite): IdentityFile {
  const own = suite.name === "portable" ? other : identity;
  return { accept: [], isProtected: false, unlock: async () => own };
}
