// The cases of "Taming the many EdDSAs" (ed25519-speccheck). The verdicts below do not come from running the suites:
// each follows from the predicate and what A, R and S are, which the first test computes again with noble's arithmetic.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { concat, equal, fromHex, toHex } from "../../src/bytes.js";
import { encodesSmallOrder } from "../../src/crypto/ed25519-check.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { sharedVectors } from "../shared-vectors.js";
import { decode, type EdwardsPoint, ORDER, timesOrder, tryDecode } from "./points.js";

const { Point } = ed25519;

type Order = "small" | "mixed" | "prime";

interface Expected {
  readonly A: Order | "not canonical";
  readonly R: Order | "not canonical";
  /** S < L */
  readonly reduced: boolean;
  /** encode([S]B − [k]A) = R, with A as it is. */
  readonly equation: boolean;
  /** The verdict of the whole predicate, and why. */
  readonly accepted: boolean;
  readonly why: string;
}

const EXPECTED: readonly Expected[] = [
  { A: "small", R: "small", reduced: true, equation: true, accepted: false, why: "A and R of small order" },
  { A: "small", R: "mixed", reduced: true, equation: true, accepted: false, why: "A of small order" },
  { A: "mixed", R: "small", reduced: true, equation: true, accepted: false, why: "A not torsion-free, R small" },
  { A: "mixed", R: "mixed", reduced: true, equation: true, accepted: false, why: "A not torsion-free" },
  { A: "mixed", R: "mixed", reduced: true, equation: false, accepted: false, why: "holds with the cofactor only" },
  { A: "mixed", R: "prime", reduced: true, equation: false, accepted: false, why: "holds with the cofactor only" },
  { A: "prime", R: "prime", reduced: false, equation: true, accepted: false, why: "S ≥ L" },
  { A: "prime", R: "prime", reduced: false, equation: true, accepted: false, why: "S ≥ L, by far" },
  { A: "mixed", R: "not canonical", reduced: true, equation: false, accepted: false, why: "R not canonical" },
  { A: "mixed", R: "not canonical", reduced: true, equation: false, accepted: false, why: "R not canonical" },
  { A: "not canonical", R: "mixed", reduced: true, equation: false, accepted: false, why: "A not canonical" },
  { A: "not canonical", R: "mixed", reduced: true, equation: true, accepted: false, why: "A not canonical" },
];

type Case = Record<"message" | "pub_key" | "signature", string>;

const vectors = sharedVectors<Case[]>("ed25519-speccheck.json");
const cases = (vectors ?? []).map((vector, number) => ({
  number,
  ...EXPECTED[number]!,
  publicKey: fromHex(vector.pub_key),
  message: fromHex(vector.message),
  signature: fromHex(vector.signature),
}));

describe.skipIf(!vectors)("ed25519-speccheck", () => {
  test("has the cases that the table has", () => {
    expect(cases).toHaveLength(EXPECTED.length);
  });

  test.each(cases)("case $number is what the table says: $why", (vector) => {
    const r = vector.signature.subarray(0, 32);
    const s = decode(vector.signature.subarray(32));
    expect(kind(vector.publicKey)).toBe(vector.A);
    expect(kind(r)).toBe(vector.R);
    expect(s < ORDER).toBe(vector.reduced);

    const k = decode(sha512(concat(r, vector.publicKey, vector.message))) % ORDER;
    const minusA = tryDecode(vector.publicKey)!.negate();
    const left = Point.BASE.multiplyUnsafe(s % ORDER).add(minusA.multiplyUnsafe(k));
    expect(equal(left.toBytes(), r)).toBe(vector.equation);
  });

  describe.each([native, portable])("$name", (suite) => {
    test.each(cases)("case $number: $why", async ({ publicKey, message, signature, A, accepted }) => {
      const key = suite.verifyingKey(publicKey);
      expect(key !== null).toBe(A === "prime");
      expect(key?.verify(message, signature) ?? false).toBe(accepted);
    });

    // What holds of keys that could not be told from checked ones: on those of small order, Node 20 and 24 differ.
    const tellable = cases.filter(({ A }) => A === "mixed" || A === "prime");
    test.each(tellable)("case $number, were the key checked", (vector) => {
      const { publicKey, message, signature, reduced, equation } = vector;
      const verdict = reduced && equation && !encodesSmallOrder(signature.subarray(0, 32));
      expect(suite.checkedVerifyingKey(publicKey).verify(message, signature)).toBe(verdict);
    });
  });
});

function kind(encoding: Uint8Array): Expected["A"] {
  const point = tryDecode(encoding);
  if (!point || point.toHex() !== toHex(encoding)) return "not canonical";
  return orderOf(point);
}

function orderOf(point: EdwardsPoint): Order {
  if (point.multiplyUnsafe(8n).is0()) return "small";
  return timesOrder(point).is0() ? "prime" : "mixed";
}
