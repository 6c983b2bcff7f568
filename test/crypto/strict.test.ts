import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/bytes.js";
import { encodesSmallOrder } from "../../src/crypto/ed25519-check.js";
import { isValidSigner } from "../../src/crypto/strict.js";
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

describe("signers' keys", () => {
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
