// DHKEM in one step, where OpenSSL has it: the same secrets, and the way around where it has not.

import type { KeyObject } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromHex, toHex } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { native } from "../../src/crypto/native.js";
import { type NodeKem, nodeKem } from "../../src/crypto/native-curves.js";
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

describe.each(["its own", "that of another thread"])("a key, %s,", (whose) => {
  const keyOf = (suite: typeof native) => {
    const own = suite.agreementKey(secret());
    return whose === "its own" ? own : suite.sharedAgreementKey!(own.handle!, own.publicKey);
  };

  test("has the shared secrets that noble has, and none where X25519 gives zeros", async () => {
    const suite = await fresh();
    const agreed = keyOf(suite);
    const key = dhkem({ ...suite, agreementKey: () => agreed }).key(secret());
    let none = 0;
    for (const enc of encapsulations) {
      const found = key.decapsulate(enc);
      expect(hexOf(found && shown(found)), toHex(enc)).toBe(hexOf(expected.decapsulate(enc)));
      if (!found) none++;
    }
    expect(none).toBe(8);
  });

  test.skipIf(!has)("does it in one step where Node has that", async () => {
    const suite = await fresh();
    const { decapsulate } = keyOf(suite);
    const [enc] = encapsulations;
    expect(hexOf(decapsulate!(enc!))).toBe(hexOf(expected.decapsulate(enc!)));
    expect(decapsulate!(encode(0n))).toBeNull();
    expect(() => decapsulate!(enc!.subarray(1))).toThrow("X25519 encapsulation");
  });

  test.skipIf(!has)("does many at a time beside this thread where Node has that", async () => {
    const { decapsulateAside: aside } = dhkem({ ...(await fresh()) }).key(secret());
    const found = await Promise.all(encapsulations.map((enc) => aside!(enc)));
    for (const [i, enc] of encapsulations.entries()) {
      expect(hexOf(found[i]!), toHex(enc)).toBe(hexOf(expected.decapsulate(enc)));
    }
    await expect(aside!(new Uint8Array(31))).rejects.toThrow("X25519 encapsulation");
  });

  test.skipIf(!has)("does without where OpenSSL refuses, and does not ask again", async () => {
    const refused = new Error("unsupported");
    const asked = vi.spyOn(nodeKem as NodeKem, "decapsulate").mockImplementation(((...[, , done]: unknown[]) => {
      if (!done) throw refused;
      (done as (error: Error) => void)(refused);
    }) as never);
    const suite = await fresh();
    const agreed = keyOf(suite);
    const key = dhkem({ ...suite, agreementKey: () => agreed }).key(secret());
    for (const enc of encapsulations.slice(0, 3)) {
      expect(hexOf(key.decapsulate(enc))).toBe(hexOf(expected.decapsulate(enc)));
    }
    expect(asked).toHaveBeenCalledTimes(1);
    const again = (await fresh()).agreementKey(secret()).decapsulateAside!;
    expect([await again(encapsulations[0]!), await again(encapsulations[1]!)]).toEqual([null, null]);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

test("threads that would wait for each other do not use the one step", async () => {
  const suite = await fresh();
  const own = suite.agreementKey(secret());
  const handle = own.handle as unknown as KeyObject;
  vi.spyOn(handle, "export").mockImplementation(() => {
    throw new TypeError("no such format");
  });
  const shared = suite.sharedAgreementKey!(own.handle!, own.publicKey);
  expect([own.decapsulate !== undefined, shared.decapsulate]).toEqual([true, undefined]);
  expect(shared.handle).toBe(own.handle);
  const [enc] = encapsulations;
  expect(hexOf(shared.agree(enc!))).toBe(hexOf(own.agree(enc!)));
});

test.skipIf(!has)(
  "a thread has its own copy where Node gives keys as they are, of which nothing is left over",
  async () => {
    const suite = await fresh();
    const own = suite.agreementKey(secret());
    const handle = own.handle as unknown as KeyObject;
    const exported = vi.spyOn(handle, "export");
    const shared = suite.sharedAgreementKey!(own.handle!, own.publicKey);
    const [result] = exported.mock.results;
    if (result!.type === "throw") return expect(shared.handle).toBe(own.handle);
    expect(shared.handle).not.toBe(own.handle);
    expect((shared.handle as unknown as KeyObject).equals(handle)).toBe(true);
    expect((result!.value as unknown as Uint8Array).every((byte) => byte === 0)).toBe(true);
  },
);
