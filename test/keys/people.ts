// The people of fixtures/vectors.json: keys that our own code did not write, and that are there before it runs.

import { bech32m } from "@scure/base";
import type { Bytes } from "../../src/bytes.js";
import { fixture } from "../support.js";

/** As an identity has them, and its secret line. */
export interface Person {
  readonly secret: string;
  readonly recipient: string;
  readonly signer: string;
  readonly publicKey: Bytes;
  readonly signingKey: { readonly publicKey: Bytes };
}

type Name = "alice" | "bob" | "carol";

const { keys }: { keys: Record<Name, Pick<Person, "secret" | "recipient" | "signer">> } = JSON.parse(
  fixture("vectors.json").toString(),
);

function publicKey(text: string): Bytes {
  return Uint8Array.from(bech32m.fromWords(bech32m.decode(text as `${string}1${string}`, false).words).subarray(1));
}

function person(name: Name): Person {
  const texts = keys[name];
  return {
    ...texts,
    publicKey: publicKey(texts.recipient),
    signingKey: { publicKey: publicKey(texts.signer) },
  };
}

export const [alice, bob, carol] = [person("alice"), person("bob"), person("carol")] as const;
