// Signatures by record keys, of which any point is exact: OpenSSL's verification against the equation of
// docs/FORMAT.md, "Signatures", on honest and on crafted keys and signatures.

import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, toHex } from "../../src/bytes.js";
import { encodesSmallOrder, isRecordKey } from "../../src/crypto/ed25519-check.js";
import { native } from "../../src/crypto/native.js";
import { SUITES } from "../support.js";
import { IS_WHOLE } from "../whole.js";

const { Point } = ed25519;
type Curve = InstanceType<typeof Point>;
const L = Point.Fn.ORDER;
const P = 2n ** 255n - 19n;
const TORSION = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex));

const fromLe = (bytes: Uint8Array) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
function le(value: bigint, length = 32): Bytes {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}
const times = (point: Curve, k: bigint) => (k % L === 0n ? Point.ZERO : point.multiplyUnsafe(k % L));
const scalar = (i: number, what: string) => fromLe(sha512(new TextEncoder().encode(`${what} ${i}`))) % L;

/** 1 and 2 of the predicate, by double-and-add over plain addition: A may be of mixed order. */
function holds(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [r, s] = [signature.slice(0, 32), fromLe(signature.slice(32))];
  if (encodesSmallOrder(r) || s >= L) return false;
  let minusA: Curve;
  try {
    minusA = Point.fromBytes(key, false).negate();
  } catch {
    return false;
  }
  let k = fromLe(sha512(concat(r, key, message))) % L;
  let sum = times(Point.BASE, s);
  for (let power = minusA; k > 0n; k >>= 1n, power = power.double()) if (k & 1n) sum = sum.add(power);
  return toHex(sum.toBytes()) === toHex(r);
}

interface Case {
  readonly key: Bytes;
  readonly message: Bytes;
  readonly signature: Bytes;
}

/** Signatures for A = [a]B + T, with a part of R that may or may not be the one that the equation wants. */
function crafted(i: number, T: Curve, rest: Curve): Case {
  const [a, r] = [scalar(i, "a"), scalar(i, "r")];
  const key = Uint8Array.from(times(Point.BASE, a).add(T).toBytes());
  const message = le(BigInt(i), 115);
  const R = Uint8Array.from(times(Point.BASE, r).add(rest).toBytes());
  const k = fromLe(sha512(concat(R, key, message))) % L;
  return { key, message, signature: concat(R, le((r + k * a) % L)) };
}

/** So many keys of each torsion. */
const COUNT = IS_WHOLE ? 40 : 10;

function cases(): Case[] {
  const made: Case[] = [];
  for (let i = 0; i < COUNT; i++)
    for (const j of TORSION.keys()) made.push(crafted(8 * i + j, TORSION[j]!, TORSION[(i * 3) % 8]!));
  const varied = made.slice(0, 2 * COUNT).flatMap(({ key, message, signature }, i) => {
    const [r, s] = [signature.slice(0, 32), signature.slice(32)];
    const with_ = (changed: Bytes): Case => ({ key, message, signature: changed });
    return [
      with_(concat(r, le(fromLe(s) + L))),
      with_(concat(r, le((fromLe(s) + 1n) % L))),
      with_(concat(r, le(0n))),
      with_(concat(Uint8Array.from(TORSION[i % 8]!.toBytes()), s)),
      with_(concat(le(P + BigInt(i % 19)), s)),
      { key: le(BigInt(i + 2)), message, signature },
      { key: le(P - BigInt(i + 2)), message, signature },
      { key, message: le(7n, 115), signature },
    ];
  });
  return [...made, ...varied];
}

test("OpenSSL's verdict, and the portable suite's, is the equation's", { timeout: 120_000 }, () => {
  const counts = { all: 0, accepted: 0, mixed: 0, offCurve: 0 };
  for (const { key, message, signature } of cases()) {
    const due = holds(key, message, signature);
    for (const suite of SUITES) {
      const found = suite.checkedVerifyingKey(key).verify(message, signature);
      expect(found, `${suite.name}: ${toHex(key)} ${toHex(signature)}`).toBe(due);
    }
    const point = decode(key);
    counts.all += 1;
    if (due) counts.accepted += 1;
    if (due && point && !point.isTorsionFree()) counts.mixed += 1;
    if (!point) counts.offCurve += 1;
  }
  expect(counts.all).toBe(24 * COUNT);
  expect(counts.accepted).toBeGreaterThan((3 / 4) * COUNT);
  expect(counts.mixed).toBeGreaterThan(COUNT / 2);
  expect(counts.offCurve).toBeGreaterThan(COUNT);
});

function decode(key: Uint8Array): Curve | null {
  try {
    return Point.fromBytes(key, false);
  } catch {
    return null;
  }
}

describe("which bytes are a record key", () => {
  const SIGN = 2n ** 255n;
  test.each([...TORSION.keys()])("no point of small order, with either sign of x: %i", (j) => {
    const y = fromLe(TORSION[j]!.toBytes()) % SIGN;
    expect([isRecordKey(le(y)), isRecordKey(le(y + SIGN))]).toEqual([false, false]);
  });
  test.each([0n, 1n, 2n, 18n])("no y from p on: p + %i", (over) => {
    expect([isRecordKey(le(P + over)), isRecordKey(le(P + over + SIGN))]).toEqual([false, false]);
  });
  test.each([2n, 3n, P - 2n, P - 256n, 2n ** 254n, 2n ** 255n - 2n ** 248n - 19n])(
    "any other y, on the curve or not: %i",
    (y) => {
      expect([isRecordKey(le(y)), isRecordKey(le(y + SIGN))]).toEqual([true, true]);
    },
  );
  test("and a fresh one, on either suite, signs what it verifies until it is erased", () => {
    for (const suite of SUITES) {
      const key = suite.recordKey();
      expect(isRecordKey(key.publicKey)).toBe(true);
      const message = fromHex("00".repeat(115));
      expect(native.checkedVerifyingKey(key.publicKey).verify(message, key.sign(message))).toBe(true);
      key.erase();
      expect(() => key.sign(message), suite.name).toThrow("erased");
    }
  });
});
