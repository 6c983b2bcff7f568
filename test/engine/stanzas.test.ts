// Stanzas that are decapsulated beside this thread: the first that opens decides, and no secret is left.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { hpkeSeal } from "../../src/crypto/hpke.js";
import type { KemKey } from "../../src/crypto/kem.js";
import { native } from "../../src/crypto/native.js";
import { newSecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { runTrialsAside } from "../../src/engine/stanzas.js";

const kem = dhkem(native);
const [ann, ben] = [kem.key(native.randomSecret(32)), kem.key(native.randomSecret(32))];
const info = utf8("info");

function bodyFor(key: KemKey, fill: number): Uint8Array {
  const { enc, ciphertext } = hpkeSeal(native, kem, key.publicKey, info, newSecret(32).fill(fill) as Secret);
  return concat(enc, ciphertext);
}

/** The key, of which each secret takes a turn more than the next one's, so that the last is there first. */
function late(key: KemKey, given: Secret[]): KemKey {
  let turns = 8;
  return {
    ...key,
    decapsulateAside: async (enc) => {
      for (let wait = turns--; wait > 0; wait--) await new Promise(setImmediate);
      const secret = key.decapsulate(enc);
      if (secret) given.push(secret);
      return secret;
    },
  };
}

const trying = (keys: readonly KemKey[], bodies: readonly Uint8Array[], suite: Suite = native) =>
  runTrialsAside(suite, { keys, info }, { kem: "x25519", bodies: concat(...bodies), length: 80 });

const isErased = (secret: Secret) => secret.every((byte) => byte === 0);

test("the first that opens decides, and all shared secrets are erased", async () => {
  const given: Secret[] = [];
  const bodies = [bodyFor(ben, 1), bodyFor(ann, 2), bodyFor(ann, 3), bodyFor(ben, 4)];
  const { fileKey } = await trying([late(ann, given)], bodies);
  expect(fileKey).toEqual(new Uint8Array(32).fill(2));
  expect(given).toHaveLength(4);
  expect(given.every(isErased)).toBe(true);
});

test("each stanza is tried with each key of its kind, and where none opens, none is found", async () => {
  const given: Secret[] = [];
  const keys = [late(ann, given), late(ben, given)];
  expect((await trying(keys, [bodyFor(ben, 1), bodyFor(ann, 2)])).fileKey).toEqual(new Uint8Array(32).fill(1));
  expect(given).toHaveLength(4);
  const other = { ...late(ann, given), kem: "xwing" } as const;
  expect(await trying([other, late(ben, given)], [bodyFor(ann, 1)])).toEqual({ fileKey: null });
  expect(given).toHaveLength(5);
  expect(given.every(isErased)).toBe(true);
});

test("few are begun before one is done, however many keys there are, and none after one has opened", async () => {
  let [begun, most, paced] = [0, 0, 0];
  const key: KemKey = {
    ...ann,
    decapsulateAside: async (enc) => {
      begun += 1;
      most = Math.max(most, begun - paced);
      return ann.decapsulate(enc);
    },
  };
  const keys = Array.from({ length: 50 }, () => key);
  const pace = async () => {
    paced += 1;
    await new Promise(setImmediate);
  };
  const task = (bodies: Uint8Array[]) => ({ kem: "x25519", bodies: concat(...bodies), length: 80 }) as const;
  await runTrialsAside(native, { keys, info }, task([bodyFor(ben, 1), bodyFor(ben, 2)]), pace);
  expect([begun, most, paced]).toEqual([100, 16, 100]);
  [begun, paced] = [0, 0];
  await runTrialsAside(native, { keys, info }, task([bodyFor(ann, 1), bodyFor(ben, 2)]), pace);
  expect([begun, paced]).toEqual([16, 1]);
});

describe("all shared secrets are erased, and nothing is left unhandled,", () => {
  const unhandled = vi.fn();
  beforeAll(() => void process.on("unhandledRejection", unhandled));
  afterAll(() => void process.off("unhandledRejection", unhandled));

  const bodies = [bodyFor(ben, 1), bodyFor(ben, 2), bodyFor(ben, 3), bodyFor(ben, 4)];

  test("where a stanza cannot be tried", async () => {
    const given: Secret[] = [];
    let times = 0;
    const aeadOpen: Suite["aeadOpen"] = (...args) => {
      if (++times === 2) throw new Error("no memory");
      return native.aeadOpen(...args);
    };
    await expect(trying([late(ann, given)], bodies, { ...native, aeadOpen })).rejects.toThrow("no memory");
    expect(given).toHaveLength(4);
    expect(given.every(isErased)).toBe(true);
  });

  test("where some fail beside this thread", async () => {
    const given: Secret[] = [];
    const key = late(ann, given);
    let times = 0;
    const decapsulateAside = async (enc: Uint8Array) => {
      if (++times % 2 === 0) throw new Error("no memory");
      return key.decapsulateAside!(enc);
    };
    await expect(trying([{ ...key, decapsulateAside }], bodies)).rejects.toThrow("no memory");
    expect(given).toHaveLength(2);
    expect(given.every(isErased)).toBe(true);
    await new Promise(setImmediate);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("where it is to stop", async () => {
    const given: Secret[] = [];
    const pace = async () => {
      throw new Error("stopped");
    };
    const task = { kem: "x25519", bodies: concat(...bodies), length: 80 } as const;
    await expect(runTrialsAside(native, { keys: [late(ann, given)], info }, task, pace)).rejects.toThrow("stopped");
    expect(given).toHaveLength(4);
    expect(given.every(isErased)).toBe(true);
  });
});
