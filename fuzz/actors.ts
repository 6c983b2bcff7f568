// Who appears in the fuzzed files. All keys follow from names: they are public, and repeat.

import { createHash } from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { type Bytes, concat, own, u32, utf8 } from "../src/bytes.js";
import type { KemKey } from "../src/crypto/kem.js";
import { native } from "../src/crypto/native.js";
import { portable } from "../src/crypto/portable.js";
import { mlKem as noble } from "../src/crypto/portable-ml-kem.js";
import { copySecret, type Secret } from "../src/crypto/secret.js";
import type { MlKem, RecordKey, SigningKey, Suite } from "../src/crypto/suite.js";
import { xwing } from "../src/crypto/xwing.js";
import { type IdentityFile, identityOf } from "../src/keys/identity.js";
import { encodeSecret } from "../src/keys/secret-line.js";

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
  const draw = (length: number) => bytesOf(`${name} ${draws++}`, length);
  return {
    ...SUITES.native,
    randomBytes: draw,
    randomSecret: (length) => copySecret(draw(length)),
    ephemeralKey: () => native.agreementKey(copySecret(draw(32))),
    recordKey: () => recordKeyOf(draw(32)),
    mlKem: async () => repeatableMlKem(name),
  };
}

/** ML-KEM whose messages follow from a name and how many were drawn before. */
export function repeatableMlKem(name: string): MlKem {
  let draws = 0;
  const encapsulate = (publicKey: Uint8Array) => {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, bytesOf(`${name} message ${draws++}`));
    return { ciphertext: own(cipherText), sharedSecret: copySecret(sharedSecret) };
  };
  return { ...noble, encapsulate };
}

/** A record key that follows from a seed. */
export function recordKeyOf(seed: Bytes): RecordKey {
  return { ...native.signingKey(copySecret(seed)), erase: () => {} };
}

/** The forger's, in each file and epoch. */
export const forgedKey = recordKeyOf(bytesOf("fuzz record key"));

/** scrypt's cost is fixed, and what it gives is only a key: a hash takes its place. */
const scrypt: Suite["scrypt"] = async (passphrase, salt) => copySecret(native.sha256(passphrase, salt));

export const SUITES = { native: { ...native, scrypt }, portable: { ...portable, scrypt } } as const;

/** Opens what is sealed for a passphrase; mutations know it. */
export const PASSPHRASE = "caf\u00e9 passphrase";

/** An identity that has everything, and is its own opening key. */
type Whole = KemKey & {
  readonly openingKey: KemKey;
  readonly signingKey: SigningKey;
  readonly recipient: string;
  readonly signer: string;
};

interface Actor {
  /** The secret line. */
  readonly secret: string;
  readonly identity: Whole;
  /** The same on the portable suite. */
  readonly portable: Whole;
  /** A post-quantum key beside them, on both suites. */
  readonly xwing: Readonly<Record<Suite["name"], KemKey>>;
}

const XWING = { native: xwing(native, await native.mlKem()), portable: xwing(portable, noble) };

async function actor(name: string): Promise<Actor> {
  const line = encodeSecret({
    opening: { kind: "x25519", secret: copySecret(bytesOf(`fuzz x25519 ${name}`)) },
    seed: copySecret(bytesOf(`fuzz ed25519 ${name}`)),
  });
  const seed = copySecret(bytesOf(`fuzz xwing ${name}`));
  return {
    secret: Buffer.from(line).toString(),
    identity: await wholeOf(native, line),
    portable: await wholeOf(portable, line),
    xwing: { native: XWING.native.key(seed), portable: XWING.portable.key(seed) },
  };
}

async function wholeOf(suite: Suite, line: Secret): Promise<Whole> {
  const identity = await identityOf(suite, line);
  return { ...identity, ...identity.openingKey } as Whole;
}

/** Signs the honest files, and nothing that a mutation has made. */
export const author = await actor("author");
/** Signs what mutations make. */
export const forger = await actor("forger");
/** Opens everything; mutations know its secret, as an insider does. */
export const reader = await actor("reader");
/** Receives honest files only; mutations do not know its secret. */
export const hermit = await actor("hermit");

/** The classic key and the post-quantum one. */
export function identityFiles({ identity, portable: other, xwing: keys }: Actor, suite: Suite): IdentityFile[] {
  const classic = suite.name === "portable" ? other : identity;
  return [classic, { ...classic, openingKey: keys[suite.name] }].map((each) => ({
    accept: [],
    isProtected: false,
    unlock: async () => each,
  }));
}
