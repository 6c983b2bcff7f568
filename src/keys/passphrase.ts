// Passphrases, and the keys that are made of them (docs/FORMAT.md, "Protected identities" and "Stanzas").

import { fromUtf8, isUtf8, utf8 } from "../bytes.js";
import { copySecret, disclose, erase, newSecret, ownSecret, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";

export const SALT_BYTES = 16;

/** What a fresh key, which a salt makes, is used with once. */
export const ZERO_NONCE: Uint8Array = new Uint8Array(12);

/** 24 letters that are not taken for others: each is worth 4.58 bits. */
const LETTERS = utf8("abcdefghijkmnpqrstuvwxyz");
const [GROUPS, GROUP] = [5, 4];

/** A passphrase of five groups of four letters, to be erased. There are 24^20 of them, which are 91 bits. */
export function madeUp(suite: Suite): Secret {
  const passphrase = newSecret(GROUPS * (GROUP + 1) - 1);
  for (let at = 0; at < passphrase.length; at++) {
    passphrase[at] = at % (GROUP + 1) === GROUP ? HYPHEN : LETTERS[uniform(suite, LETTERS.length)]!;
  }
  return passphrase;
}

const HYPHEN = 0x2d;

/** A number below `count`, of which each is as likely. */
function uniform(suite: Suite, count: number): number {
  const drawn = suite.randomSecret(1);
  const [byte] = drawn as unknown as [number];
  erase(drawn);
  return byte < 256 - (256 % count) ? byte % count : uniform(suite, count);
}

/** Whether anything can be under it: text, and not empty. */
export function isPassphrase(bytes: Secret): boolean {
  return bytes.length > 0 && isUtf8(bytes);
}

let before: Promise<unknown> = Promise.resolve();

/**
 * The key that a passphrase and a salt make, to be erased. It costs a second or so, and 128 MiB: so one is made after
 * the other, whoever asks.
 */
export function passphraseKey(suite: Suite, passphrase: Secret, salt: Uint8Array): Promise<Secret> {
  const made = before.then(() => stretched(suite, passphrase, salt));
  before = made.catch(() => {});
  return made;
}

async function stretched(suite: Suite, passphrase: Secret, salt: Uint8Array): Promise<Secret> {
  const normal = normalised(passphrase);
  try {
    return await suite.scrypt(normal, salt);
  } finally {
    erase(normal);
  }
}

/**
 * A copy in normalisation form C. ASCII is in it as it stands; of anything else a string has to be made, which nothing
 * can overwrite (docs/THREATS.md, "Memory").
 */
function normalised(passphrase: Secret): Secret {
  const copy = copySecret(passphrase);
  if (copy.every((byte) => byte < 0x80)) return copy;
  return ownSecret(utf8(fromUtf8(disclose(copy))!.normalize("NFC")));
}
