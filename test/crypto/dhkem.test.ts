// DHKEM in one step, where OpenSSL has it: the same secrets, and the way around where it has not.

import crypto, { type KeyObject } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromHex, isZero, toHex } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { native } from "../../src/crypto/native.js";
import { hasRaw, type NodeKem, nodeKem } from "../../src/crypto/native-dhkem.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import { shown } from "../support.js";
import { encode } from "./points.js";

const has = nodeKem.decapsulate !== undefined;
const P = 2n ** 255n - 19n;
const TOP = 2n ** 255n;

const secret = () => copySecret(fromHex("77".repeat(32)));
const expected = dhkem(portable).key(secret());

/** Ordinary; with the top bit, which counts as not there but in the hash; not reduced; of small order. */
const encapsulations = [
  ...Array.from({ length: 20 }, () => native.ephemeralKey().publicKey),
  ...Array.from({ length: 20 }, (_, i) => encode(BigInt(i))),
  ...Array.from({ length: 19 }, (_, i) => encode(P + BigInt(i))),
  ...Array.from({ length: 20 }, (_, i) => encode(TOP + BigInt(i))),
  encode(P - 1n),
  encode(TOP + P - 1n),
];

const hexOf = (found: Uint8Array | null) => found && toHex(found);

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

/** The native suite of a process in which nothing has been tried yet. */
async function fresh(): Promise<typeof native> {
  vi.resetModules();
  return (await import("../../src/crypto/native.js")).native;
}

/** The key of a process in which nothing has been tried yet, and what of Node it uses. */
async function freshKey() {
  const suite = await fresh();
  const own = suite.agreementKey(secret());
  const key = () => dhkem({ ...suite, agreementKey: () => own }).key(secret());
  return { suite, own, key };
}

test("a key has the shared secrets that noble has, and none where X25519 gives zeros", async () => {
  const key = (await freshKey()).key();
  let none = 0;
  for (const enc of encapsulations) {
    const found = key.decapsulate(enc);
    expect(hexOf(found && shown(found)), toHex(enc)).toBe(hexOf(expected.decapsulate(enc)));
    if (!found) none++;
  }
  expect(none).toBe(8);
  expect(() => key.decapsulate(new Uint8Array(31))).toThrow("X25519");
});

test.skipIf(!has)("a key does it in one step where Node has that", async () => {
  const { key } = await freshKey();
  const agreed = vi.spyOn(crypto, "diffieHellman");
  const asked = vi.spyOn(nodeKem as NodeKem, "decapsulate");
  const { decapsulate } = key();
  decapsulate(encapsulations[0]!);
  decapsulate(encapsulations[1]!);
  // One to see whether it can.
  expect([asked.mock.calls.length, agreed.mock.calls.length]).toEqual([3, 0]);
});

test.skipIf(!has)("a key does without where Node or OpenSSL has no such step, and asks once", async () => {
  const asked = vi.spyOn(nodeKem as NodeKem, "decapsulate").mockImplementation(() => {
    throw new Error("unsupported");
  });
  const { key } = await freshKey();
  for (const { decapsulate, decapsulateAside } of [key(), key()]) {
    for (const enc of encapsulations) expect(hexOf(decapsulate(enc))).toBe(hexOf(expected.decapsulate(enc)));
    expect(decapsulateAside).toBeUndefined();
  }
  expect(asked).toHaveBeenCalledTimes(1);
});

test("threads that would wait for each other do not use the one step", async () => {
  const { suite, own } = await freshKey();
  const shared = suite.sharedAgreementKey!(own.handle!, own.publicKey);
  expect([own.dhkem !== undefined, shared.dhkem]).toEqual([true, undefined]);
  expect(hexOf(shared.agree(encapsulations[0]!))).toBe(hexOf(own.agree(encapsulations[0]!)));
});

describe.skipIf(!hasRaw())("beside this thread, where Node gives keys as they are,", () => {
  test("a key has the same shared secrets, many at a time", async () => {
    const { decapsulateAside: aside } = (await freshKey()).key();
    const found = await Promise.all(encapsulations.map((enc) => aside!(enc)));
    for (const [i, enc] of encapsulations.entries()) {
      expect(hexOf(found[i]!), toHex(enc)).toBe(hexOf(expected.decapsulate(enc)));
    }
    await expect(aside!(new Uint8Array(31))).rejects.toThrow("X25519 encapsulation");
  });

  test("it makes four copies of the key, once, of which nothing is left over", async () => {
    const { own, key } = await freshKey();
    const exported = vi.spyOn(own.handle as unknown as KeyObject, "export");
    const asked = vi.spyOn(nodeKem as NodeKem, "decapsulate");
    const { decapsulateAside: aside } = key();
    asked.mockClear();
    await Promise.all(encapsulations.slice(0, 9).map((enc) => aside!(enc)));
    expect(exported).toHaveBeenCalledTimes(4);
    for (const { value } of exported.mock.results) expect(isZero(value as unknown as Uint8Array)).toBe(true);
    expect(new Set(asked.mock.calls.map(([key]) => key)).size).toBe(4);
  });

  test("what fails there is told", async () => {
    const { key } = await freshKey();
    const { decapsulateAside: aside } = key();
    vi.spyOn(nodeKem as NodeKem, "decapsulate").mockImplementation(((...[, , done]: unknown[]) =>
      (done as (error: Error) => void)(new Error("no memory"))) as never);
    await expect(aside!(encapsulations[0]!)).rejects.toThrow("no memory");
  });

  test("ML-KEM's key of another thread is a copy, of which nothing is left over", async () => {
    const mlKem = await native.mlKem();
    const key = mlKem.key(copySecret(new Uint8Array(64).fill(5)));
    const handle = key.handle as unknown as KeyObject;
    const exported = vi.spyOn(handle, "export");
    const shared = mlKem.sharedKey!(key.handle!, key.publicKey);
    expect(shared.handle).not.toBe(key.handle);
    expect((shared.handle as unknown as KeyObject).equals(handle)).toBe(true);
    expect(exported.mock.results.map(({ value }) => isZero(value as unknown as Uint8Array))).toEqual([true]);
    const { ciphertext, sharedSecret } = mlKem.encapsulate(key.publicKey);
    expect(shared.decapsulate(ciphertext)).toEqual(sharedSecret);
  });
});

test("Node gives and takes keys as they are: not before 24, and always from 24.21 on", () => {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  if (major < 24) expect(hasRaw()).toBe(false);
  if (major > 24 || (major === 24 && minor >= 21)) expect(hasRaw()).toBe(true);
});
