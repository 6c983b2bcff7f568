// Stanzas that are decapsulated beside this thread: the first that opens decides, and no secret is left.

import { expect, test } from "vitest";
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

test("what cannot be done aside is done here", async () => {
  const none: KemKey = { ...ann, decapsulateAside: async () => null };
  const zero = concat(new Uint8Array(32), new Uint8Array(48));
  expect((await trying([none], [zero, bodyFor(ann, 1)])).fileKey).toEqual(new Uint8Array(32).fill(1));
});

test("all shared secrets are erased where trying fails", async () => {
  const given: Secret[] = [];
  let times = 0;
  const aeadOpen: Suite["aeadOpen"] = (...given) => {
    if (++times === 2) throw new Error("no memory");
    return native.aeadOpen(...given);
  };
  const bodies = [bodyFor(ben, 1), bodyFor(ben, 2), bodyFor(ben, 3)];
  await expect(trying([late(ann, given)], bodies, { ...native, aeadOpen })).rejects.toThrow("no memory");
  expect(given).toHaveLength(3);
  expect(given.every(isErased)).toBe(true);
});
