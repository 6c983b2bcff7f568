// Keys of ssh's, and private key files of them as OpenSSH writes them (its PROTOCOL.key), each part of which may be
// another.

import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import { type Bytes, concat, utf8 } from "../../src/bytes.js";
import { bcryptPbkdf } from "../../src/crypto/bcrypt.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, partOf, type Secret } from "../../src/crypto/secret.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { sshBlob, sshNumber, sshString } from "../../src/keys/ssh/wire.js";

export const NOTHING = new Uint8Array(0);
export const seedOf = (fill: number): Bytes => new Uint8Array(32).fill(fill);
export const keyOf = (fill: number): Bytes => Uint8Array.from(ed25519.getPublicKey(seedOf(fill)));
export const [ANN, BEN, CAT] = [1, 2, 3].map((fill) => encodeSshKey(keyOf(fill))) as [string, string, string];
export const RSA = `ssh-rsa ${base64.encode(concat(sshString(utf8("ssh-rsa")), sshString(Uint8Array.of(1, 0, 1))))}`;

/** What the encrypted part holds. */
export interface SectionParts {
  readonly seed: Bytes;
  readonly checks: Bytes;
  readonly type: string;
  readonly publicHalf: Bytes;
  readonly both: Bytes;
  readonly comment: Bytes;
  /** What the length is a multiple of, by padding. */
  readonly block: number;
  readonly padding: Bytes;
}

export function section(changed: Partial<SectionParts> = {}): Bytes {
  const { seed = seedOf(9), checks = concat(sshNumber(5), sshNumber(5)), type = "ssh-ed25519" } = changed;
  const publicKey = Uint8Array.from(ed25519.getPublicKey(seed));
  const { publicHalf = publicKey, both = concat(seed, publicKey), comment = NOTHING, block = 8 } = changed;
  const clear = concat(checks, ...[utf8(type), publicHalf, both, comment].map(sshString));
  const missing = (block - (clear.length % block)) % block;
  return concat(clear, changed.padding ?? Uint8Array.from({ length: missing }, (_, i) => i + 1));
}

/** What stands in the clear. */
export interface BodyParts {
  readonly cipher: Bytes;
  readonly kdf: Bytes;
  readonly options: Bytes;
  readonly count: number;
  readonly blob: Bytes;
  readonly section: Bytes;
}

export function body(changed: Partial<BodyParts> = {}): Bytes {
  const { cipher = utf8("none"), kdf = utf8("none"), options = NOTHING, count = 1 } = changed;
  const { blob = sshBlob(keyOf(9)), section: hidden = section() } = changed;
  const [first, second, third] = [cipher, kdf, options].map(sshString) as [Bytes, Bytes, Bytes];
  return concat(utf8("openssh-key-v1\0"), first, second, third, sshNumber(count), sshString(blob), sshString(hidden));
}

/** A file under a passphrase and one round, which is quick. */
export async function lockedFile(changed: Partial<SectionParts> = {}, word = "word"): Promise<Secret> {
  const [salt, options] = [seedOf(7), concat(sshString(seedOf(7)), sshNumber(1))];
  const key = await bcryptPbkdf(native, copySecret(utf8(word)), salt, 48, 1);
  const clear = section({ block: 16, ...changed });
  const hidden = Uint8Array.from(native.aesCtr(partOf(key, 0, 32), Uint8Array.from(partOf(key, 32)), clear));
  const locked = body({ cipher: utf8("aes256-ctr"), kdf: utf8("bcrypt"), options, section: hidden });
  return copySecret(utf8(fileOf(locked)));
}

/** The same under bcrypt, without ever having been encrypted: for what is said before that matters. */
export function bodyUnder(rounds: number, salt: Bytes = seedOf(7), behind: Bytes = NOTHING): Bytes {
  const options = concat(sshString(salt), sshNumber(rounds), behind);
  return body({ cipher: utf8("aes256-ctr"), kdf: utf8("bcrypt"), options, section: section({ block: 16 }) });
}

export const [BEGIN, END] = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"];

/** Its text, in lines of so many letters. */
export function fileOf(bytes: Uint8Array, width = 70): string {
  const letters = base64.encode(bytes);
  const lines = Array.from({ length: Math.ceil(letters.length / width) }, (_, i) =>
    letters.slice(i * width, (i + 1) * width),
  );
  return [BEGIN, ...lines, END, ""].join("\n");
}
