import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex } from "../../src/bytes.js";
import type { Encapsulated } from "../../src/crypto/kem.js";
import { kemKey, loadKem } from "../../src/crypto/kems.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { isValidXWingRecipient } from "../../src/crypto/xwing-check.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors } from "../shared-vectors.js";
import { shown } from "../support.js";
import { encapsulatingWith } from "./encapsulating.js";

const suites = [native, portable];
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const SMALL = [0, 1].map((u) => new Uint8Array(32).fill(u, 0, 1));

async function encapsulated(suite: Suite, publicKey: Uint8Array): Promise<Encapsulated> {
  return (await loadKem(suite, "xwing")).encapsulate(publicKey);
}

const internal = expect.objectContaining({ constructor: SealError, code: "internal" });

describe.each(suites)("X-Wing, $name", (suite) => {
  test("opens what either suite encapsulates", async () => {
    const key = await kemKey(suite, "xwing", copySecret(SEED));
    expect(key.publicKey).toHaveLength(1216);
    expect(isValidXWingRecipient(key.publicKey)).toBe(true);
    for (const other of suites) {
      expect((await kemKey(other, "xwing", copySecret(SEED))).publicKey).toEqual(key.publicKey);
      const { enc, sharedSecret } = await encapsulated(other, key.publicKey);
      expect(enc).toHaveLength(1120);
      expect(sharedSecret).toHaveLength(32);
      expect(key.decapsulate(enc)).toEqual(sharedSecret);
      expect((await encapsulated(other, key.publicKey)).enc).not.toEqual(enc);
    }
  });

  test("binds both shares: where either was altered or is another's, the secret is another", async () => {
    const key = await kemKey(suite, "xwing", copySecret(SEED));
    const one = await encapsulated(suite, key.publicKey);
    const other = await encapsulated(suite, key.publicKey);
    for (const enc of [
      concat(one.enc.subarray(0, 1088), other.enc.subarray(1088)),
      concat(other.enc.subarray(0, 1088), one.enc.subarray(1088)),
      one.enc.with(0, one.enc[0]! ^ 1),
      one.enc.with(1119, one.enc[1119]! ^ 0x80),
    ]) {
      const secret = key.decapsulate(enc);
      expect(secret).toHaveLength(32);
      expect([one.sharedSecret, other.sharedSecret]).not.toContainEqual(secret);
    }
  });

  test("gives null where the X25519 share would be zero, whatever the other half", async () => {
    const key = await kemKey(suite, "xwing", copySecret(SEED));
    const { enc } = await encapsulated(suite, key.publicKey);
    for (const small of SMALL) expect(key.decapsulate(concat(enc.subarray(0, 1088), small))).toBeNull();
  });

  test("refuses every other length, and to encapsulate for a key with an X25519 half of small order", async () => {
    const key = await kemKey(suite, "xwing", copySecret(SEED));
    for (const length of [0, 31, 33, 96]) {
      await expect(kemKey(suite, "xwing", copySecret(new Uint8Array(length)))).rejects.toEqual(internal);
    }
    for (const length of [0, 1119, 1121, 1088]) expect(() => key.decapsulate(new Uint8Array(length))).toThrow(internal);
    for (const length of [0, 32, 1215, 1217]) {
      await expect(encapsulated(suite, new Uint8Array(length))).rejects.toEqual(internal);
    }
    const small = concat(key.publicKey.subarray(0, 1184), SMALL[0]!);
    await expect(encapsulated(suite, small)).rejects.toEqual(internal);
  });

  test("leaves the seed to its caller, who may overwrite it", async () => {
    const seed = copySecret(SEED);
    const key = await kemKey(suite, "xwing", seed);
    expect(seed).toEqual(SEED);
    seed.fill(0);
    const { enc, sharedSecret } = await encapsulated(suite, key.publicKey);
    expect(key.decapsulate(enc)).toEqual(sharedSecret);
  });
});

describe("X-Wing public keys", () => {
  test("are refused where a coefficient is not reduced, or the X25519 half is not canonical or of small order", async () => {
    const { publicKey } = await kemKey(native, "xwing", copySecret(SEED));
    const lattice = publicKey.subarray(0, 1184);
    const curve = publicKey.subarray(1184);
    expect(isValidXWingRecipient(concat(publicKey.subarray(0, 0), publicKey))).toBe(true);
    for (const wrong of [
      concat(new Uint8Array(3).fill(0xff), publicKey.subarray(3)),
      ...SMALL.map((small) => concat(lattice, small)),
      concat(lattice, curve.with(31, curve[31]! | 0x80)),
      concat(lattice, new Uint8Array(32).fill(0xff).with(31, 0x7f)),
      publicKey.subarray(1),
      concat(publicKey, new Uint8Array(1)),
      curve,
      new Uint8Array(0),
    ]) {
      expect(isValidXWingRecipient(wrong)).toBe(false);
    }
  });
});

type Entry = Record<"mode" | "kem_id" | "kdf_id", number> &
  Record<"ikmE" | "ikmR" | "skRm" | "pkRm" | "enc" | "shared_secret", string>;

const vectors = sharedVectors<Entry[]>("hpke-pq.json");

describe.skipIf(!vectors).each(suites)("$name: the HPKE vectors of KEM 0x647A", (suite) => {
  const entries = (vectors ?? []).filter(({ kem_id }) => kem_id === 0x647a);

  test("are two", () => expect(entries).toHaveLength(2));

  test.each(entries)("give key, encapsulation and shared secret (KDF $kdf_id)", async (entry) => {
    const key = await kemKey(suite, "xwing", copySecret(fromHex(entry.skRm)));
    expect(toHex(key.publicKey)).toBe(entry.pkRm);
    expect(toHex(shown(key.decapsulate(fromHex(entry.enc))!))).toBe(entry.shared_secret);
    const { enc, sharedSecret } = await encapsulated(encapsulatingWith(suite, fromHex(entry.ikmE)), key.publicKey);
    expect([toHex(enc), toHex(shown(sharedSecret))]).toEqual([entry.enc, entry.shared_secret]);
  });
});
