// bcrypt_pbkdf: what it gives is held to ssh-keygen's keys by test/keys/ssh.test.ts; here, what it leaves behind.

import bcrypt from "bcrypt-pbkdf";
import { afterEach, expect, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { bcryptPbkdf } from "../../src/crypto/bcrypt.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";

afterEach(() => vi.restoreAllMocks());

/** All that is hashed, the hashes, and what bcrypt makes of two. */
function watching(): { suite: Pick<typeof native, "sha512">; seen: Secret[] } {
  const seen: Secret[] = [];
  const hash = bcrypt.hash;
  vi.spyOn(bcrypt, "hash").mockImplementation((password, salt, out) => {
    seen.push(out as Secret);
    hash(password, salt, out);
  });
  const sha512 = (secret: Secret) => {
    const hash = native.sha512(secret);
    seen.push(secret, hash);
    return hash;
  };
  return { suite: { sha512 }, seen };
}

const leftOf = (seen: readonly Secret[]) => seen.filter((secret) => secret.some((byte) => byte !== 0));

test("overwrites all that a key is made of, but for the passphrase, which is its caller's", async () => {
  const { suite, seen } = watching();
  const passphrase = copySecret(utf8("passphrase"));
  await bcryptPbkdf(suite, passphrase, new Uint8Array(16).fill(1), 48, 2);
  // The passphrase and its hash; in each of two blocks, twice: what is hashed, the hash, and what bcrypt makes.
  expect(seen).toHaveLength(2 + 2 * 2 * 3);
  expect(leftOf(seen)).toEqual([passphrase]);
});

test("and so where a signal ends it, with the signal's reason", async () => {
  const { suite, seen } = watching();
  const passphrase = copySecret(utf8("passphrase"));
  const reason = new Error("enough");
  const making = bcryptPbkdf(suite, passphrase, new Uint8Array(16), 48, 1000, AbortSignal.abort(reason));
  await expect(making).rejects.toBe(reason);
  expect(leftOf(seen)).toEqual([passphrase]);
});
