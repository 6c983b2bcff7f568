// DHKEM by OpenSSL, on this thread and beside it; and copies of keys, as threads that decapsulate by one wait for each
// other.

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { expectLength, KEY_BYTES } from "./lengths.js";
import { erase, ownSecret, type Secret } from "./secret.js";
import type { Decapsulation } from "./suite.js";
import { untraced } from "./untraced.js";
import { hasSmallOrder } from "./x25519-check.js";

const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(KEY_BYTES - 1));

type Done = (error: Error | null, sharedKey: Buffer) => void;

/** What the types of the oldest Node that we support do not know. */
export interface NodeKem {
  encapsulate(publicKey: KeyObject): { sharedKey: Buffer; ciphertext: Buffer };
  decapsulate(privateKey: KeyObject, ciphertext: Uint8Array): Buffer;
  decapsulate(privateKey: KeyObject, ciphertext: Uint8Array, done: Done): void;
}

/** From Node 24.7 on. */
export const nodeKem: Partial<NodeKem> = process.getBuiltinModule("node:crypto") as Partial<NodeKem>;

let hasDhkem: boolean | undefined;

/** Not every Node has it, nor every OpenSSL: it is tried once. */
export function dhkemOf(key: KeyObject): Decapsulation | null {
  hasDhkem ??= succeeds(() => erase(nodeKem.decapsulate!(key, BASE_POINT)));
  if (!hasDhkem) return null;
  return {
    decapsulate: (enc) => (isOfSmallOrder(enc) ? null : ownSecret(nodeKem.decapsulate!(key, enc))),
    ...(hasRaw() && { decapsulateAside: decapsulatorAside(key) }),
  };
}

function isOfSmallOrder(enc: Uint8Array): boolean {
  expectLength("X25519 encapsulation", enc, KEY_BYTES);
  return hasSmallOrder(enc);
}

/** As many as Node's pool has threads by default. Of more, some wait for each other. */
const COPIES = 4;

/** By one copy of the key after the other. */
function decapsulatorAside(key: KeyObject): (enc: Uint8Array) => Promise<Secret | null> {
  let copies: KeyObject[] | null = null;
  let next = 0;
  const copy = () => copyOfKey(key, { format: "raw-private", asymmetricKeyType: "x25519" });
  return (enc) =>
    new Promise((resolve, reject) => {
      if (isOfSmallOrder(enc)) return resolve(null);
      copies ??= Array.from({ length: COPIES }, copy);
      const done: Done = (error, secret) => (error ? reject(error) : resolve(ownSecret(secret)));
      nodeKem.decapsulate!(copies[next++ % COPIES]!, enc, done);
    });
}

/** The bytes of a key as they are; the types of the oldest Node that we support do not know of them. */
type Raw =
  | { readonly format: "raw-private"; readonly asymmetricKeyType: "x25519" }
  | { readonly format: "raw-seed"; readonly asymmetricKeyType: "ml-kem-768" };

let givesRaw: boolean | undefined;

/** Whether this Node gives and takes the bytes of keys as they are. Other encodings leave copies behind. */
export function hasRaw(): boolean {
  const raw = { format: "raw-public", asymmetricKeyType: "x25519" };
  givesRaw ??= succeeds(() => createPublicKey({ key: BASE_POINT, ...raw } as never).export(raw as never));
  return givesRaw;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** For a thread that is not to wait for another that decapsulates by the key. Only where there is `hasRaw`. */
export function copyOfKey(key: KeyObject, raw: Raw): KeyObject {
  const secret = ownSecret(key.export(raw as never) as unknown as Buffer);
  try {
    return untraced(() => createPrivateKey({ key: secret, ...raw } as never));
  } finally {
    erase(secret);
  }
}
