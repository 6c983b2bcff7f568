// One record, against FORMAT.md's own words: what is encrypted, hashed and signed is put together here once more, with
// node:crypto.

import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, toHex } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { SigningKey, Suite } from "../../src/crypto/suite.js";
import {
  type ChunkKeys,
  type ChunkPosition,
  chunkMessage,
  chunkNonce,
  nextChain,
  openChunk,
  plaintextLength,
  sealChunk,
  verifyChunk,
} from "../../src/format/record.js";
import { SUITES } from "../support.js";

const KEY = new Uint8Array(32).fill(3);
const CORE_HASH = new Uint8Array(32).fill(0xc0);
const CHAIN = new Uint8Array(32).fill(0xca);
const PLAINTEXT = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const AT: ChunkPosition = { index: 0x01020304, final: true };

const sha256 = (bytes: Uint8Array): Bytes => Uint8Array.from(createHash("sha256").update(bytes).digest());

/** Ciphertext and tag, and what the record has behind them where it is signed. */
function record(nonce: string, signer: SigningKey, final = 1): { sealed: Bytes; digest: Bytes; trailer: Bytes } {
  const cipher = createCipheriv("aes-256-gcm", KEY, fromHex(nonce), { authTagLength: 16 });
  const sealed = concat(cipher.update(PLAINTEXT), cipher.final(), cipher.getAuthTag());
  const digest = sha256(sealed);
  const position = fromHex(`01020304${final ? "01" : "00"}`);
  const message = concat(new TextEncoder().encode("seal.v1 chunk\0"), CORE_HASH, position, CHAIN, digest);
  return { sealed, digest, trailer: concat(sealed.subarray(1000), CHAIN, signer.sign(message)) };
}

const NONCE = "000000000000000102030401";

async function keysOf(suite: Suite, signed: boolean): Promise<{ keys: ChunkKeys; signer: SigningKey }> {
  const signer = suite.signingKey(copySecret(new Uint8Array(32).fill(5)));
  const verifying = suite.verifyingKey(signer.publicKey);
  const keys = {
    suite,
    payloadKey: copySecret(KEY),
    coreHash: CORE_HASH,
    signed,
    recordKey: signed ? verifying : null,
  };
  return { keys, signer };
}

/** The plaintext that an opened record gives, and what is said of it. */
function opened(keys: ChunkKeys, at: ChunkPosition, ciphertext: Uint8Array, trailer: Uint8Array) {
  const held: Uint8Array[] = [];
  const pieces = [ciphertext.subarray(0, 300), ciphertext.subarray(300)];
  const found = openChunk(
    keys,
    at,
    pieces,
    () => trailer,
    (piece) => held.push(piece.slice()),
  );
  return { ...found, plaintext: concat(...held) };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at]! ^= 1;
  return changed;
}

test("the nonce: seven zero bytes, the index, and whether it is final", () => {
  expect(toHex(chunkNonce({ index: 0, final: false }))).toBe("000000000000000000000000");
  expect(toHex(chunkNonce({ index: 0, final: true }))).toBe("000000000000000000000001");
  expect(toHex(chunkNonce({ index: 0x01020304, final: false }))).toBe("000000000000000102030400");
  expect(toHex(chunkNonce({ index: 2 ** 32 - 1, final: true }))).toBe("00000000000000ffffffff01");
});

test("the signed message: 115 bytes", () => {
  const message = (final: boolean) => chunkMessage(CORE_HASH, { index: 0x01020304, final }, CHAIN, KEY);
  const around = ["seal.v1 chunk\0", CORE_HASH, CHAIN, KEY].map((part) => Buffer.from(part).toString("hex"));
  const [text, coreHash, chain, digest] = around;
  expect(toHex(message(false))).toBe(`${text}${coreHash}0102030400${chain}${digest}`);
  expect(toHex(message(true))).toBe(`${text}${coreHash}0102030401${chain}${digest}`);
  expect(message(true)).toHaveLength(115);
});

test.each([
  [1112, true, 1000],
  [1016, false, 1000],
  [112, true, 0],
  [16, false, 0],
])("a record of %i bytes, signed: %s, holds %i", (length, signed, bytes) =>
  expect(plaintextLength(length, signed)).toBe(bytes),
);

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("%s suite", (_name, suite) => {
  test("the next chain value", () => {
    expect(nextChain(suite, CHAIN, KEY)).toEqual(sha256(concat(CHAIN, KEY)));
  });

  test.each([true, false])("seals, signed: %s", async (signed) => {
    const { keys, signer } = await keysOf(suite, signed);
    const written: Uint8Array[] = [];
    const write = (piece: Uint8Array) => written.push(piece.slice());
    const digest = sealChunk(keys, AT, [PLAINTEXT.slice(0, 300), PLAINTEXT.slice(300)], write);
    const expected = record(NONCE, signer);
    expect(toHex(concat(...written))).toBe(toHex(expected.sealed));
    expect(digest).toEqual(signed ? expected.digest : null);
  });

  test("opens what is signed, and gives its digest and chain value", async () => {
    const { keys, signer } = await keysOf(suite, true);
    const { sealed, digest, trailer } = record(NONCE, signer);
    const ciphertext = sealed.subarray(0, 1000);
    const found = opened(keys, AT, ciphertext.slice(), trailer);
    expect(found).toEqual({ digest, chain: CHAIN, authentic: true, plaintext: PLAINTEXT });
    expect(opened(keys, AT, flipped(ciphertext, 999), trailer).authentic).toBe(false);
    for (const at of [0, 15, 16, 47, 48, 111]) {
      expect(opened(keys, AT, ciphertext.slice(), flipped(trailer, at)).authentic, `byte ${at}`).toBe(false);
    }
  });

  test("asks for tag and signature both: one that is right does not stand for the other", async () => {
    const { keys, signer } = await keysOf(suite, true);
    const open = (nonce: string, final: number) => {
      const { sealed, trailer } = record(nonce, signer, final);
      return opened(keys, AT, sealed.slice(0, 1000), trailer).authentic;
    };
    expect(open(NONCE, 1)).toBe(true);
    expect(open("000000000000000102030400", 1), "signed by the sender, under another nonce").toBe(false);
    expect(open(NONCE, 0), "encrypted by an insider, signed for another place").toBe(false);
  });

  test("opens what is not signed by its tag alone", async () => {
    const { keys, signer } = await keysOf(suite, false);
    const { sealed } = record(NONCE, signer);
    const [ciphertext, tag] = [sealed.slice(0, 1000), sealed.slice(1000)];
    const found = opened(keys, AT, ciphertext.slice(), tag);
    expect(found).toEqual({ digest: null, chain: null, authentic: true, plaintext: PLAINTEXT });
    expect(opened(keys, AT, ciphertext.slice(), flipped(tag, 15)).authentic).toBe(false);
    expect(opened(keys, { ...AT, final: false }, ciphertext.slice(), tag).authentic).toBe(false);
    expect(opened(keys, { ...AT, index: 0 }, ciphertext.slice(), tag).authentic).toBe(false);
  });

  test("verifies without the payload key, by the signature alone", async () => {
    const { keys, signer } = await keysOf(suite, true);
    const { sealed, digest, trailer } = record(NONCE, signer);
    const verify = (ciphertext: Uint8Array, behind: Uint8Array, at = AT) =>
      verifyChunk({ ...keys, payloadKey: null }, at, [ciphertext.subarray(0, 1), ciphertext.subarray(1)], () => behind);
    const ciphertext = sealed.subarray(0, 1000);
    expect(verify(ciphertext, trailer)).toEqual({ digest, chain: CHAIN, authentic: true });
    expect(verify(flipped(ciphertext, 0), trailer).authentic).toBe(false);
    expect(verify(ciphertext, trailer, { ...AT, final: false }).authentic).toBe(false);
    for (const at of [0, 15, 16, 47, 48, 111]) {
      expect(verify(ciphertext, flipped(trailer, at)).authentic, `byte ${at}`).toBe(false);
    }
  });

  test("asks for what stands behind the ciphertext only when that is used up, and keeps a copy", async () => {
    const { keys, signer } = await keysOf(suite, true);
    const { sealed, trailer } = record(NONCE, signer);
    for (const work of [openChunk, verifyChunk]) {
      const order: string[] = [];
      const behind = trailer.slice();
      const ciphertext = function* () {
        yield sealed.slice(0, 1000);
        order.push("used up");
      };
      const trailing = () => {
        order.push("asked");
        return behind;
      };
      const { chain } = work(keys, AT, ciphertext(), trailing, () => {});
      behind.fill(0);
      expect(order).toEqual(["used up", "asked"]);
      expect(chain).toEqual(CHAIN);
    }
  });
});
