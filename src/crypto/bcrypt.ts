// bcrypt_pbkdf (OpenBSD), by which OpenSSH makes a key of a passphrase. bcrypt itself is the package's. What is around
// it stands here, so that the hashed passphrase lies in memory that is erased, and Ctrl-C is heard between rounds.

/// <reference path="./bcrypt-pbkdf.d.ts" />
import bcrypt from "bcrypt-pbkdf";
import { erase, joinSecret, newSecret, type Secret } from "./secret.js";
import type { Suite } from "./suite.js";

const HASH_BYTES = 32;

/**
 * So many bytes, at most 1024, to be erased. Neither passphrase nor salt is empty; a round takes 20 to 50 ms for each
 * 32 bytes. Throws the signal's reason, between rounds.
 */
export async function bcryptPbkdf(
  suite: Pick<Suite, "sha512">,
  passphrase: Secret,
  salt: Uint8Array,
  length: number,
  rounds: number,
  signal?: AbortSignal,
): Promise<Secret> {
  const hashed = suite.sha512(passphrase);
  const key = newSecret(length);
  const blocks = Math.ceil(length / HASH_BYTES);
  try {
    for (let block = 0; block < blocks; block++) {
      const bytes = await blockOf(suite, hashed, salt, block + 1, rounds, signal);
      // Each byte of a block goes to another place, so that none can be left out by whoever guesses.
      // Stryker disable next-line EqualityOperator: what is written behind the end of a byte array is nowhere.
      for (let at = block; at < length; at += blocks) key[at] = bytes[(at - block) / blocks]!;
      erase(bytes);
    }
    return key;
  } catch (error) {
    erase(key);
    throw error;
  } finally {
    erase(hashed);
  }
}

async function blockOf(
  suite: Pick<Suite, "sha512">,
  hashed: Secret,
  salt: Uint8Array,
  count: number,
  rounds: number,
  signal: AbortSignal | undefined,
): Promise<Secret> {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, count);
  const sum = newSecret(HASH_BYTES);
  const round = newSecret(HASH_BYTES);
  let before = joinSecret(salt, number);
  try {
    for (let i = 0; i < rounds; i++) {
      const salted = suite.sha512(before);
      erase(before);
      bcrypt.hash(hashed, salted, round);
      erase(salted);
      // Stryker disable next-line EqualityOperator: as above.
      for (let at = 0; at < HASH_BYTES; at++) sum[at]! ^= round[at]!;
      before = joinSecret(round);
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    return sum;
  } catch (error) {
    erase(sum);
    throw error;
  } finally {
    erase(before, round);
  }
}
