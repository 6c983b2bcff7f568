import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { describe, expect, test } from "vitest";
import { fromHex, isZero, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { nativeMlKem } from "../../src/crypto/native-ml-kem.js";
import { portable } from "../../src/crypto/portable.js";
import { mlKem as nobleMlKem } from "../../src/crypto/portable-ml-kem.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { MlKem } from "../../src/crypto/suite.js";
import { isReduced } from "../../src/crypto/xwing-check.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors, type Wycheproof } from "../shared-vectors.js";
import { shown } from "../support.js";

const openssl = nativeMlKem();
const implementations: [string, MlKem][] = [
  ["noble", nobleMlKem],
  ...(openssl ? [["OpenSSL", openssl] as const] : []),
].map(([name, mlKem]) => [name as string, mlKem as MlKem]);

const SEED = Uint8Array.from({ length: 64 }, (_, i) => i);
const internal = expect.objectContaining({ constructor: SealError, code: "internal" });

test("the native suite takes OpenSSL's where Node has it, and noble's elsewhere; the portable suite noble's", async () => {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  expect(openssl !== null).toBe(major > 24 || (major === 24 && minor >= 7));
  expect(await native.mlKem()).toBe(openssl ?? nobleMlKem);
  expect(await portable.mlKem()).toBe(nobleMlKem);
});

describe.each(implementations)("ML-KEM-768, %s", (_, mlKem) => {
  test("opens what any of them encapsulates", () => {
    const key = mlKem.key(copySecret(SEED));
    expect(key.publicKey).toHaveLength(1184);
    for (const [, other] of implementations) {
      expect(other.key(copySecret(SEED)).publicKey).toEqual(key.publicKey);
      const { ciphertext, sharedSecret } = other.encapsulate(key.publicKey);
      expect(ciphertext).toHaveLength(1088);
      expect(sharedSecret).toHaveLength(32);
      expect(isZero(sharedSecret)).toBe(false);
      expect(key.decapsulate(ciphertext)).toEqual(sharedSecret);
      const again = other.encapsulate(key.publicKey);
      expect(again.ciphertext).not.toEqual(ciphertext);
      expect(again.sharedSecret).not.toEqual(sharedSecret);
    }
  });

  test("encapsulates to the key that it is given, whichever was given before, or stood in the same memory", () => {
    const [one, other] = [mlKem.key(copySecret(SEED)), mlKem.key(copySecret(SEED.toReversed()))];
    const memory = one.publicKey.slice();
    const opens = ({ decapsulate }: typeof one, publicKey: Uint8Array) => {
      const { ciphertext, sharedSecret } = mlKem.encapsulate(publicKey);
      expect(decapsulate(ciphertext)).toEqual(sharedSecret);
    };
    opens(other, other.publicKey);
    opens(one, memory);
    opens(one, memory);
    memory.set(other.publicKey);
    opens(other, memory);
    opens(one, one.publicKey);
    opens(other, other.publicKey);
  });

  test("rejects implicitly: what was altered, or made for another key, gives other bytes, the same each time", () => {
    const key = mlKem.key(copySecret(SEED));
    const { ciphertext, sharedSecret } = mlKem.encapsulate(key.publicKey);
    for (const at of [0, 500, 1087]) {
      const altered = ciphertext.slice();
      altered[at]! ^= 1;
      const rejected = key.decapsulate(altered);
      expect(rejected).toHaveLength(32);
      expect(rejected).not.toEqual(sharedSecret);
      for (const [, other] of implementations)
        expect(other.key(copySecret(SEED)).decapsulate(altered)).toEqual(rejected);
    }
    const stranger = mlKem.key(copySecret(SEED.toReversed()));
    expect(stranger.decapsulate(ciphertext)).not.toEqual(sharedSecret);
  });

  test("refuses every other length", () => {
    const key = mlKem.key(copySecret(SEED));
    for (const length of [0, 32, 63, 65]) expect(() => mlKem.key(copySecret(new Uint8Array(length)))).toThrow(internal);
    for (const length of [0, 1087, 1089]) expect(() => key.decapsulate(new Uint8Array(length))).toThrow(internal);
    for (const length of [0, 1183, 1185, 1216]) {
      expect(() => mlKem.encapsulate(new Uint8Array(length))).toThrow(internal);
    }
  });

  test("leaves its arguments alone, and gives byte arrays that own their memory", () => {
    const seed = copySecret(SEED);
    const key = mlKem.key(seed);
    const { ciphertext, sharedSecret } = mlKem.encapsulate(key.publicKey);
    const before = ciphertext.slice();
    const shared = key.decapsulate(ciphertext);
    expect([seed, ciphertext]).toEqual([SEED, before]);
    for (const bytes of [key.publicKey, ciphertext, sharedSecret, shared]) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });
});

interface Decapsulation {
  readonly seed: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
}

const decapsulations = sharedVectors<Wycheproof<object, Decapsulation>>("mlkem_768_test.json");

describe.skipIf(!decapsulations).each(implementations)("Wycheproof, ML-KEM-768, %s", (_, mlKem) => {
  test("decapsulates every case, rejecting implicitly where it says so, and refuses other lengths", () => {
    let refused = 0;
    for (const { seed, ek, c, K, result, tcId } of decapsulations!.testGroups.flatMap(({ tests }) => tests)) {
      const decapsulated = () => {
        const key = mlKem.key(copySecret(fromHex(seed)));
        expect(toHex(key.publicKey), `case ${tcId}`).toBe(ek);
        return toHex(shown(key.decapsulate(fromHex(c))));
      };
      if (result === "valid") expect(decapsulated(), `case ${tcId}`).toBe(K);
      else {
        expect(decapsulated, `case ${tcId}`).toThrow(internal);
        refused++;
      }
    }
    expect(refused).toBe(40);
  });
});

interface EncapsulationCase {
  readonly ek: string;
  readonly m: string;
  readonly c: string;
  readonly K: string;
}

const encapsulations = sharedVectors<Wycheproof<object, EncapsulationCase>>("mlkem_768_encaps_test.json");

describe.skipIf(!encapsulations)("Wycheproof, encapsulation with ML-KEM-768", () => {
  const cases = (encapsulations?.testGroups ?? []).flatMap(({ tests }) => tests);

  test("noble makes the very ciphertext and secret of each case's message", () => {
    for (const { ek, m, c, K } of cases.filter(({ result }) => result === "valid")) {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(fromHex(ek), fromHex(m));
      expect([toHex(cipherText), toHex(sharedSecret)]).toEqual([c, K]);
    }
  });

  test("public keys that are not reduced are refused, and only those", () => {
    const right = cases.filter(({ ek }) => ek.length === 2 * 1184);
    const overflowing = right.filter(({ result }) => result === "invalid");
    expect(overflowing.length).toBeGreaterThan(10);
    for (const { ek, result, tcId } of right) {
      expect(isReduced(fromHex(ek)), `case ${tcId}`).toBe(result === "valid");
    }
  });

  test.each(implementations)("%s would refuse them, too, and every other length", (_, mlKem) => {
    for (const { ek, m, result, tcId } of cases) {
      if (m.length !== 64) continue; // The message is ours.
      const encapsulate = () => mlKem.encapsulate(fromHex(ek));
      if (result === "valid") expect(encapsulate, `case ${tcId}`).not.toThrow();
      else expect(encapsulate, `case ${tcId}`).toThrow();
    }
  });
});

describe("the modulus check", () => {
  const key = nobleMlKem.key(copySecret(SEED)).publicKey;

  /** The key with its coefficient `index` replaced. */
  function withCoefficient(index: number, value: number): Uint8Array {
    const bytes = key.slice();
    const at = 3 * (index >> 1);
    if (index % 2 === 0) {
      bytes[at] = value & 0xff;
      bytes[at + 1] = (bytes[at + 1]! & 0xf0) | (value >> 8);
    } else {
      bytes[at + 1] = (bytes[at + 1]! & 0x0f) | ((value & 0x0f) << 4);
      bytes[at + 2] = value >> 4;
    }
    return bytes;
  }

  test.each([0, 1, 2, 255, 256, 511, 766, 767])("passes 3328 and refuses 3329 and 4095 as coefficient %i", (index) => {
    expect(isReduced(withCoefficient(index, 3328))).toBe(true);
    expect(isReduced(withCoefficient(index, 0))).toBe(true);
    expect(isReduced(withCoefficient(index, 3329))).toBe(false);
    expect(isReduced(withCoefficient(index, 4095))).toBe(false);
  });

  test("does not look at the seed behind the coefficients", () => {
    expect(isReduced(key.slice().fill(0xff, 1152))).toBe(true);
  });
});
