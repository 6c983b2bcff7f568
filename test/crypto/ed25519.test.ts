import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../../src/bytes.js";
import { encodesSmallOrder } from "../../src/crypto/ed25519-check.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { bentSignature, decode, type EdwardsPoint, encode, ORDER, torsionPoints } from "./points.js";

const suites = [native, portable];
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = utf8("message");

/** The predicate as a whole: key check and signature. */
async function accepts(suite: Suite, publicKey: Uint8Array, signature: Uint8Array, signed = message): Promise<boolean> {
  const key = suite.verifyingKey(publicKey);
  return key?.verify(signed, signature) ?? false;
}

// RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc). Seed, public key, message, signature.
const RFC_8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
].map((row) => row.map(fromHex) as [Bytes, Bytes, Bytes, Bytes]);

describe.each(suites)("$name: signatures", (suite) => {
  test("signs and verifies the examples of RFC 8032", async () => {
    for (const [seed, publicKey, signed, signature] of RFC_8032) {
      const signer = suite.signingKey(copySecret(seed));
      expect(toHex(signer.publicKey)).toBe(toHex(publicKey));
      expect(toHex(signer.sign(signed))).toBe(toHex(signature));
      expect(await accepts(suite, publicKey, signature, signed)).toBe(true);
    }
  });

  test("accepts nothing in which one bit has changed", () => {
    const signer = suite.signingKey(copySecret(new Uint8Array(32)));
    const signature = signer.sign(message);
    const key = suite.checkedVerifyingKey(signer.publicKey);
    expect(key.verify(message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 3) {
      const altered = signature.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(key.verify(message, altered)).toBe(false);
    }
    expect(key.verify(utf8("massage"), signature)).toBe(false);
  });

  test("is false for a signature of another length, and does not throw", () => {
    const signer = suite.signingKey(copySecret(new Uint8Array(32)));
    const key = suite.checkedVerifyingKey(signer.publicKey);
    const signature = signer.sign(message);
    for (const length of [0, 1, 32, 63]) expect(key.verify(message, signature.subarray(0, length))).toBe(false);
    expect(key.verify(message, concat(signature, Uint8Array.of(0)))).toBe(false);
  });

  test("refuses seeds and checked keys of another length, and finds no key in one", async () => {
    for (const length of [0, 31, 33, 64]) {
      const wrong = new Uint8Array(length).fill(7);
      const thrown = expect.objectContaining({ constructor: SealError, code: "internal" });
      expect(() => suite.signingKey(copySecret(wrong))).toThrow(thrown);
      expect(() => suite.checkedVerifyingKey(wrong)).toThrow(thrown);
      expect(suite.verifyingKey(wrong)).toBeNull();
    }
  });

  test("keeps its own copy of seed and key", async () => {
    const seed = new Uint8Array(32).fill(3);
    const signer = suite.signingKey(copySecret(seed));
    const signature = signer.sign(message);
    seed.fill(0);
    expect(signer.sign(message)).toEqual(signature);

    const publicKey = signer.publicKey.slice();
    const key = suite.verifyingKey(publicKey);
    publicKey.fill(0);
    expect(key?.verify(message, signature)).toBe(true);
    expect(key?.publicKey).toEqual(signer.publicKey);
  });
});

test("both suites sign alike, and verify each other's", () => {
  fc.assert(
    fc.property(bytes32, fc.uint8Array({ maxLength: 200 }), (seed, signed) => {
      const [one, other] = [native.signingKey(copySecret(seed)), portable.signingKey(copySecret(seed))];
      expect(one.publicKey).toStrictEqual(other.publicKey);
      expect(one.sign(signed)).toStrictEqual(other.sign(signed));
      expect(native.checkedVerifyingKey(other.publicKey).verify(signed, other.sign(signed))).toBe(true);
      expect(portable.checkedVerifyingKey(one.publicKey).verify(signed, one.sign(signed))).toBe(true);
    }),
    { numRuns: 25 },
  );
});

describe.each(suites)("$name: the predicate", (suite) => {
  test("accepts an honest signature made by the means of these tests", async () => {
    const { publicKey, signature } = bentSignature(message);
    expect(await accepts(suite, publicKey, signature)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("refuses a key with a torsion part (%i times the generator)", async (i) => {
    // Of the messages, some give a k that cancels the torsion: valid even without the cofactor, so only the key check
    // refuses. It must do so for all.
    for (let attempt = 0; attempt < 12; attempt++) {
      const signed = utf8(`message ${attempt}`);
      const { publicKey, signature, k } = bentSignature(signed, { keyTorsion: torsionPoints()[i]! });
      expect(suite.verifyingKey(publicKey)).toBeNull();
      const cancels = (k * BigInt(i)) % 8n === 0n;
      expect(suite.checkedVerifyingKey(publicKey).verify(signed, signature)).toBe(cancels);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("refuses R with a torsion part (%i times the generator)", async (i) => {
    const { publicKey, signature } = bentSignature(message, { pointTorsion: torsionPoints()[i]! });
    // The case is a real one: with the cofactor, it is valid.
    expect(ed25519.verify(signature, message, publicKey)).toBe(true);
    expect(suite.verifyingKey(publicKey)).not.toBeNull();
    expect(await accepts(suite, publicKey, signature)).toBe(false);
  });

  test("refuses R of small order, also where the equation holds", async () => {
    // r = 0 makes R the identity, which is what [S]B − [k]A then is, byte for byte.
    const { publicKey, signature } = bentSignature(message, { r: 0n });
    expect(decode(signature.subarray(0, 32))).toBe(1n);
    expect(suite.verifyingKey(publicKey)).not.toBeNull();
    expect(await accepts(suite, publicKey, signature)).toBe(false);
  });

  test("refuses each R of small order where the torsion of an unchecked key makes the equation hold", () => {
    for (const R of torsionPoints()) {
      const { publicKey, signature } = fitting(R);
      expect(encodesSmallOrder(signature.subarray(0, 32))).toBe(true);
      expect(suite.checkedVerifyingKey(publicKey).verify(message, signature), R.toHex()).toBe(false);
    }
  });

  test("refuses S + L, and every other S that is not reduced", async () => {
    const { publicKey, signature } = bentSignature(message);
    const s = decode(signature.subarray(32));
    for (let S = s + ORDER; S < 2n ** 256n; S += ORDER) {
      expect(await accepts(suite, publicKey, concat(signature.subarray(0, 32), encode(S)))).toBe(false);
    }
    expect(await accepts(suite, publicKey, concat(signature.subarray(0, 32), encode(ORDER)))).toBe(false);
    expect(await accepts(suite, publicKey, concat(signature.subarray(0, 32), encode(s)))).toBe(true);
  });

  test("refuses R whose y is not reduced", async () => {
    // Of the small y that have a second encoding, y = 1 (the identity) can be had as R with a fitting S.
    const encodeR = (): Uint8Array => encode(2n ** 255n - 18n);
    const { publicKey, signature } = bentSignature(message, { r: 0n, encodeR });
    expect(ed25519.verify(signature, message, publicKey, { zip215: true })).toBe(true);
    expect(await accepts(suite, publicKey, signature)).toBe(false);
  });

  test("refuses the identity as a key, under which one signature fits all messages", async () => {
    const { publicKey, signature } = bentSignature(message, { a: 0n });
    expect(publicKey).toEqual(encode(1n));
    expect(suite.verifyingKey(publicKey)).toBeNull();
    expect(await accepts(suite, publicKey, signature, utf8("another"))).toBe(false);
  });
});

/** A signature with this R of small order, under a key [a]B + T such that [S]B − [k]A = −[k]T is R. */
function fitting(R: EdwardsPoint): { publicKey: Uint8Array; signature: Uint8Array } {
  const keyTorsion = torsionPoints()[1]!;
  for (let a = 2n; ; a++) {
    const bent = bentSignature(message, { a, r: 0n, keyTorsion, pointTorsion: R });
    if (
      keyTorsion
        .multiplyUnsafe(bent.k % 8n)
        .add(R)
        .is0()
    )
      return bent;
  }
}
