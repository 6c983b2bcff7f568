import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, isZero, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { hasSmallOrder, isValidRecipient } from "../../src/crypto/x25519-check.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors, type Wycheproof } from "../shared-vectors.js";
import { shown } from "../support.js";
import { IS_WHOLE } from "../whole.js";
import { encode, torsionPoints } from "./points.js";

const suites = [native, portable];
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const P = 2n ** 255n - 19n;

/** The u coordinates of small order, computed: on the curve from Edwards points of small order; on the twist, −1. */
const SMALL_U = smallOrderCoordinates();

function smallOrderCoordinates(): bigint[] {
  const { Fp } = ed25519.Point;
  const onCurve = torsionPoints()
    .filter((point) => !point.is0())
    .map(({ y }) => Fp.div(Fp.add(1n, y), Fp.sub(1n, y)));
  return [...new Set([...onCurve, P - 1n])];
}

/** All encodings of u in 32 bytes as RFC 7748 decodes them: with u + p where it fits in 255 bits, and the top bit. */
function encodingsOf(u: bigint): Uint8Array[] {
  const values = [u, u + P].filter((value) => value < 2n ** 255n);
  return values.flatMap((value) => [encode(value), encode(value + 2n ** 255n)]);
}

describe.each(suites)("$name", (suite) => {
  // RFC 7748, 5.2.
  test.each([
    [
      "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ],
    [
      "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ],
  ])("multiplies as RFC 7748 does: %s", (secret, u, product) => {
    expect(toHex(shown(suite.agreementKey(copySecret(fromHex(secret))).agree(fromHex(u))!))).toBe(product);
  });

  test("iterates as RFC 7748 does, 1 and, where it is fast or everything is run, 1000 times", () => {
    expect(toHex(iterate(suite, 1))).toBe("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    if (suite !== native && !IS_WHOLE) return;
    expect(toHex(iterate(suite, 1000))).toBe("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
  });

  test("has the public key that is the multiple of the base point", () => {
    fc.assert(
      fc.property(bytes32, (secret) => {
        expect(suite.agreementKey(copySecret(secret)).publicKey).toStrictEqual(
          suite.agreementKey(copySecret(secret)).agree(encode(9n)),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("gives null for every encoding of every point of small order, whatever the secret", () => {
    for (const u of SMALL_U.flatMap(encodingsOf)) {
      for (const fill of [0, 1, 0x80, 0xff])
        expect(suite.agreementKey(copySecret(new Uint8Array(32).fill(fill))).agree(u)).toBeNull();
    }
  });

  test("masks the top bit and reduces modulo p", () => {
    const secret = suite.sha256();
    for (let value = P + 2n; value < 2n ** 255n; value++) {
      const reduced = suite.agreementKey(copySecret(secret)).agree(encode(value - P));
      expect(reduced).not.toBeNull();
      expect(suite.agreementKey(copySecret(secret)).agree(encode(value))).toEqual(reduced);
      expect(suite.agreementKey(copySecret(secret)).agree(encode(value + 2n ** 255n))).toEqual(reduced);
    }
  });

  test("refuses secrets and public keys of another length", () => {
    for (const length of [0, 31, 33, 64]) {
      for (const work of [
        () => suite.agreementKey(copySecret(new Uint8Array(length))).publicKey,
        () => suite.agreementKey(copySecret(new Uint8Array(length))).agree(encode(9n)),
        () => suite.agreementKey(copySecret(new Uint8Array(32))).agree(new Uint8Array(length).fill(9)),
      ]) {
        expect(work).toThrow(expect.objectContaining({ constructor: SealError, code: "internal" }));
      }
    }
  });

  test("leaves its arguments alone, and gives plain byte arrays that own their memory", () => {
    const [secret, u] = [encode(5n), encode(9n + 2n ** 255n)];
    for (const result of [
      suite.agreementKey(copySecret(secret)).publicKey,
      suite.agreementKey(copySecret(secret)).agree(u)!,
    ]) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
      expect(result.buffer.byteLength).toBe(32);
    }
    expect(secret).toEqual(encode(5n));
    expect(u).toEqual(encode(9n + 2n ** 255n));
  });
});

function iterate(suite: Suite, times: number): Uint8Array {
  let secret = encode(9n);
  let u = secret;
  for (let i = 0; i < times; i++) [secret, u] = [suite.agreementKey(copySecret(secret)).agree(u)!, secret];
  return secret;
}

test("both suites multiply alike, also off the curve and with any bit set", () => {
  fc.assert(
    fc.property(bytes32, bytes32, (secret, u) => {
      expect(native.agreementKey(copySecret(secret)).publicKey).toStrictEqual(
        portable.agreementKey(copySecret(secret)).publicKey,
      );
      expect(native.agreementKey(copySecret(secret)).agree(u)).toStrictEqual(
        portable.agreementKey(copySecret(secret)).agree(u),
      );
    }),
    { numRuns: 60 },
  );
});

describe("recipients' keys", () => {
  test("knows exactly the coordinates of small order: five, each vanishing within three doublings", () => {
    expect(SMALL_U).toHaveLength(5);
    for (const u of SMALL_U) {
      expect(doublingsToInfinity(u)).toBeLessThanOrEqual(3);
      for (const encoding of encodingsOf(u)) {
        expect(hasSmallOrder(encoding)).toBe(true);
        expect([encoding.subarray(0, 31), new Uint8Array([...encoding, 0])].map(hasSmallOrder)).toEqual([false, false]);
      }
    }
    // The twist has a cofactor of 4, so no point there doubles to −1; 8 is the curve's own, and torsionPoints() has 8.
    expect(doublingsToInfinity(P - 1n)).toBe(2);
    expect(legendre(P - 1n)).toBe(P - 1n);
  });

  test("accepts every key that belongs to a secret", () => {
    fc.assert(
      fc.property(bytes32, (secret) => {
        expect(isValidRecipient(native.agreementKey(copySecret(secret)).publicKey)).toBe(true);
      }),
      { numRuns: 50 },
    );
    for (const u of [2n, 9n, P - 2n, P - 256n, P - 2n ** 200n]) expect(isValidRecipient(encode(u))).toBe(true);
  });

  test("refuses zero and small order, in every encoding", () => {
    for (const encoding of SMALL_U.flatMap(encodingsOf)) expect(isValidRecipient(encoding)).toBe(false);
  });

  test("refuses whatever is not canonical: u ≥ p, and the top bit; no u below that", () => {
    expect(isValidRecipient(encode(2n ** 255n - 2n ** 248n - 19n))).toBe(true);
    for (let value = P; value < 2n ** 255n; value++) expect(isValidRecipient(encode(value))).toBe(false);
    for (const u of [2n, 9n, P - 2n]) expect(isValidRecipient(encode(u + 2n ** 255n))).toBe(false);
  });

  test("refuses another length", () => {
    for (const length of [0, 31, 33]) expect(isValidRecipient(new Uint8Array(length).fill(9))).toBe(false);
  });
});

/** Doubling on the u coordinate (RFC 7748's curve, a = 486662), until the denominator is 0. */
function doublingsToInfinity(u: bigint): number {
  const { Fp } = ed25519.Point;
  for (let doublings = 1, at = u; doublings < 10; doublings++) {
    const denominator = Fp.create(4n * at * (at * at + 486662n * at + 1n));
    if (denominator === 0n) return doublings;
    at = Fp.div(Fp.sqr(Fp.create(at * at - 1n)), denominator);
  }
  return Number.POSITIVE_INFINITY;
}

/** 1 where u is on the curve itself, p − 1 where it is on the twist. */
function legendre(u: bigint): bigint {
  const { Fp } = ed25519.Point;
  return Fp.pow(Fp.create(u ** 3n + 486662n * u * u + u), (P - 1n) / 2n);
}

type Case = Record<"public" | "private" | "shared", string>;

const wycheproof = sharedVectors<Wycheproof<object, Case>>("x25519_test.json");
const cases = (wycheproof?.testGroups ?? []).flatMap(({ tests }) => tests);

describe.skipIf(!wycheproof).each(suites)("$name: Wycheproof, X25519", (suite) => {
  test("agrees with every case, and gives null where the shared secret is zero", () => {
    expect(cases).toHaveLength(518);
    let zeros = 0;
    for (const vector of cases) {
      const shared = fromHex(vector.shared);
      if (isZero(shared)) zeros++;
      const expected = isZero(shared) ? null : shared;
      expect(
        suite.agreementKey(copySecret(fromHex(vector.private))).agree(fromHex(vector.public)),
        `case ${vector.tcId}`,
      ).toEqual(expected);
    }
    expect(zeros).toBeGreaterThan(20);
  });

  test("has recipients refuse what Wycheproof flags as low order or not canonical", () => {
    for (const { flags, public: key, tcId } of cases) {
      const refused = flags.some((flag) => flag === "NonCanonicalPublic" || flag === "ZeroSharedSecret");
      if (refused) expect(isValidRecipient(fromHex(key)), `case ${tcId}`).toBe(false);
    }
  });
});
