import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/bytes.js";
import { encodesSmallOrder } from "../../src/crypto/ed25519-check.js";
import { isValidSignerByX25519 as byOpenSsl } from "../../src/crypto/native-signer.js";
import { isValidSigner as byNoble } from "../../src/crypto/strict.js";
import { encode, torsionPoints, tryDecode } from "./points.js";

const P = 2n ** 255n - 19n;
const SIGN = 2n ** 255n;

describe("the table of small-order encodings", () => {
  test("is made of points that times 8 are the identity, all of them", () => {
    const points = torsionPoints();
    expect(new Set(points.map((point) => point.toHex())).size).toBe(8);
    for (const point of points) {
      expect(point.multiplyUnsafe(8n).is0()).toBe(true);
      expect(encodesSmallOrder(point.toBytes())).toBe(true);
    }
  });

  test("holds nothing else: neither other encodings of them, nor other points", () => {
    // y of 0 to 18 have a second encoding; x = 0 has one with the sign set. None of these is canonical.
    for (let y = P; y < SIGN; y++) {
      expect(encodesSmallOrder(encode(y))).toBe(false);
      expect(encodesSmallOrder(encode(y + SIGN))).toBe(false);
    }
    for (const negativeZero of [1n + SIGN, P - 1n + SIGN]) expect(encodesSmallOrder(encode(negativeZero))).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const small = tryDecode(bytes)?.isSmallOrder() === true;
        expect(encodesSmallOrder(bytes)).toBe(small);
      }),
    );
    expect(encodesSmallOrder(ed25519.Point.BASE.toBytes())).toBe(false);
  });
});

describe.each([
  ["noble", byNoble],
  ["OpenSSL", byOpenSsl],
])("signers' keys, by %s", (_name, isValidSigner) => {
  test("accepts every key that belongs to a seed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        expect(isValidSigner(ed25519.getPublicKey(seed))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("refuses all eight points of small order, and a good key plus any of them", () => {
    const good = ed25519.Point.BASE.multiplyUnsafe(12345n);
    for (const torsion of torsionPoints()) {
      expect(isValidSigner(torsion.toBytes())).toBe(false);
      expect(isValidSigner(good.add(torsion).toBytes())).toBe(torsion.is0());
    }
  });

  test("refuses y that is not reduced, with either sign", () => {
    let points = 0;
    for (let y = P; y < SIGN; y++) {
      for (const encoding of [encode(y), encode(y + SIGN)]) {
        if (tryDecode(encoding)) points++;
        expect(isValidSigner(encoding), toHex(encoding)).toBe(false);
      }
    }
    expect(points).toBeGreaterThan(10); // these are points, if one reduces
  });

  test("refuses the sign of x where x is 0", () => {
    expect(isValidSigner(encode(1n + SIGN))).toBe(false);
    expect(isValidSigner(encode(P - 1n + SIGN))).toBe(false);
  });

  test("refuses what is not on the curve", () => {
    const off = Array.from({ length: 40 }, (_, y) => encode(BigInt(y))).filter((bytes) => !tryDecode(bytes));
    expect(off.length).toBeGreaterThan(5);
    for (const encoding of off) expect(isValidSigner(encoding)).toBe(false);
  });

  test("refuses another length", () => {
    const good = ed25519.Point.BASE.toBytes();
    for (const bytes of [good.subarray(1), Uint8Array.of(...good, 0), new Uint8Array(0)]) {
      expect(isValidSigner(bytes)).toBe(false);
    }
  });
});

describe("signers' keys, by both", () => {
  const same = (bytes: Uint8Array) => {
    const valid = byNoble(bytes);
    expect(byOpenSsl(bytes), toHex(bytes)).toBe(valid);
    return valid;
  };

  test("are judged alike at the edges: the first and the last y, with either sign", () => {
    const found = new Set<boolean>();
    for (let i = 0n; i < 400n; i++) {
      for (const y of [i, P - 1n - i, P + i, (P - 1n) / 2n - i]) {
        for (const encoding of [encode(y % SIGN), encode((y % SIGN) + SIGN)]) found.add(same(encoding));
      }
    }
    expect(found.size).toBe(2);
  });

  test("are judged alike where they are points of prime order, mixed with any of small order, and no points", () => {
    const torsion = torsionPoints();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat({ max: 7 }), (seed, which) => {
        const mixed = ed25519.Point.fromBytes(ed25519.getPublicKey(seed)).add(torsion[which]!);
        expect(same(mixed.toBytes())).toBe(torsion[which]!.is0());
        // Half of these are no points, and of the others seven of eight have a part of small order.
        same(seed);
      }),
      { numRuns: 60 },
    );
  });
});
