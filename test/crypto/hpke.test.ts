import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, equal, fromHex, isZero, readU32, toHex, u16, u32, utf8 } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.js";
import { hpkeOpen, hpkeSeal, keySchedule } from "../../src/crypto/hpke.js";
import { ENC_BYTES, type Kem, type KemKey, type KemName, kemOf } from "../../src/crypto/kem.js";
import { kemKey, loadKem } from "../../src/crypto/kems.js";
import { labeledExpand, labeledExtract, NO_SALT } from "../../src/crypto/labeled.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { AgreementKey, MlKem, Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { parseSecret } from "../../src/keys/secret-line.js";
import { sharedVectors } from "../shared-vectors.js";
import { fixture, shown } from "../support.js";
import { encapsulatingWith } from "./encapsulating.js";

const suites = [native, portable];
const info = utf8("seal.v1 recipient");
const EMPTY = new Uint8Array(0);
const SMALL = [0, 1].map((u) => new Uint8Array(32).fill(u, 0, 1));

const KEMS: readonly KemName[] = ["x25519", "xwing"];
const combinations = suites.flatMap((suite) => KEMS.map((kem) => ({ suite, name: suite.name, kem })));
const internal = expect.objectContaining({ constructor: SealError, code: "internal" });

/** A suite whose next ephemeral key is this one's. */
function sealingWith(suite: Suite, secret: Uint8Array): Suite {
  return { ...suite, ephemeralKey: () => suite.agreementKey(copySecret(secret)) };
}

describe.each(combinations)("$name, $kem: HPKE", ({ suite, kem: name }) => {
  const enc_ = ENC_BYTES[name];
  let kem: Kem;
  let bob: KemKey;
  let eve: KemKey;
  beforeAll(async () => {
    kem = await loadKem(suite, name);
    [bob, eve] = [1, 2].map((fill) => kem.key(copySecret(new Uint8Array(32).fill(fill)))) as [KemKey, KemKey];
  });
  const seal = (plaintext: Uint8Array, context: Uint8Array = info) =>
    hpkeSeal(suite, kem, bob.publicKey, context, copySecret(plaintext));
  const open = (enc: Uint8Array, ciphertext: Uint8Array, to = bob, context: Uint8Array = info) =>
    hpkeOpen(suite, to, enc, context, ciphertext);

  test("opens what it has sealed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (plaintext, context) => {
        const { enc, ciphertext } = seal(plaintext, context);
        expect(enc).toHaveLength(enc_);
        expect(ciphertext).toHaveLength(plaintext.length + 16);
        expect(open(enc, ciphertext, bob, context)).toEqual(plaintext);
      }),
      { numRuns: 30 },
    );
  });

  test("seals to a fresh ephemeral key every time", () => {
    const [one, other] = [seal(EMPTY), seal(EMPTY)];
    expect(one.enc).not.toEqual(other.enc);
    expect(one.enc.slice(-32)).not.toEqual(other.enc.slice(-32));
    expect(one.ciphertext).not.toEqual(other.ciphertext);
  });

  test("opens with the recipient's key only, and as addressed", () => {
    const { enc, ciphertext } = seal(utf8("file key"));
    expect(open(enc, ciphertext)).toEqual(utf8("file key"));
    expect(open(enc, ciphertext, eve)).toBeNull();
    expect(open(enc, ciphertext, bob, utf8("another context"))).toBeNull();
    expect(open(enc, ciphertext, { ...bob, kem: name === "xwing" ? "x25519" : "xwing" })).toBeNull();
    for (const length of [0, 15, 16, ciphertext.length - 1]) {
      expect(open(enc, ciphertext.subarray(0, length))).toBeNull();
    }
  });

  test("does not open another encoding of enc, though X25519 gives the same secret", () => {
    const { enc, ciphertext } = seal(utf8("file key"));
    const other = enc.slice();
    other[enc_ - 1]! |= 0x80;
    expect(open(other, ciphertext)).toBeNull();
  });

  test("gives null where the X25519 share has small order, and refuses to seal to such a key", () => {
    const { enc } = seal(EMPTY);
    for (const small of SMALL) {
      const share = concat(enc.subarray(0, enc_ - 32), small);
      expect(bob.decapsulate(share)).toBeNull();
      expect(open(share, new Uint8Array(48))).toBeNull();
      const key = concat(bob.publicKey.subarray(0, -32), small);
      expect(() => hpkeSeal(suite, kem, key, info, copySecret(EMPTY))).toThrow(internal);
    }
  });

  test("refuses keys and encapsulations of another length", () => {
    for (const length of [0, enc_ - 1, enc_ + 1]) {
      expect(() => open(new Uint8Array(length).fill(9), new Uint8Array(16))).toThrow(internal);
    }
    for (const length of [0, bob.publicKey.length - 1, bob.publicKey.length + 1]) {
      expect(() => hpkeSeal(suite, kem, new Uint8Array(length).fill(9), info, copySecret(EMPTY))).toThrow(internal);
    }
  });

  test("overwrites every secret it has derived", async () => {
    const { watched, seen } = watching(suite);
    const watchedKem = await loadKem(watched, name);
    const { enc, ciphertext } = hpkeSeal(watched, watchedKem, bob.publicKey, info, copySecret(utf8("file key")));
    const key = watchedKem.key(copySecret(new Uint8Array(32).fill(1)));
    expect(hpkeOpen(watched, key, enc, info, ciphertext)).toEqual(utf8("file key"));
    // Of all that was drawn, agreed on or derived, only the two public hashes of the context may remain.
    const remaining = new Set(seen.filter((bytes) => !isZero(bytes)).map(toHex));
    expect(seen.length).toBeGreaterThan(12);
    expect(remaining.size).toBeLessThanOrEqual(2);
    for (const hash of remaining) expect([infoHash(suite, name), pskIdHash(suite, name)]).toContain(hash);
  });
});

test("null for a share of small order is X25519's doing, and hides a ciphertext that anybody could have made", () => {
  for (const suite of suites) {
    const bob = dhkem(suite).key(copySecret(new Uint8Array(32).fill(1)));
    for (const small of SMALL) {
      // DHKEM of a zero secret, which everybody can compute.
      const prk = labeledExtract(suite, KEM_SUITE_ID, NO_SALT, "eae_prk", new Uint8Array(32));
      const shared = labeledExpand(suite, KEM_SUITE_ID, prk, "shared_secret", concat(small, bob.publicKey), 32);
      const { key, baseNonce } = keySchedule(suite, "x25519", shared, info);
      const forged = suite.aeadSeal(key, baseNonce, utf8("forged"));
      expect(hpkeOpen(suite, bob, small, info, forged)).toBeNull();
      const unchecked = { ...bob, decapsulate: () => copySecret(shared) };
      expect(hpkeOpen(suite, unchecked, small, info, forged)).toEqual(utf8("forged"));
    }
  }
});

describe("what another program has sealed", () => {
  const { keys, vectors } = JSON.parse(fixture("vectors.json").toString()) as {
    keys: Record<string, { secret: string }>;
    vectors: { name: string; file: string; key: string; values?: Record<string, string> }[];
  };
  const explained = vectors.filter(({ values }) => values);

  test.each(explained.map((vector) => [vector.name, vector] as const))("%s", async (_name, { file, key, values }) => {
    const bytes = Uint8Array.from(fixture(file));
    const stanza = 118 + bytes[117]! + 2;
    const body = bytes.slice(stanza + 4, stanza + 4 + (bytes[stanza + 2]! << 8) + bytes[stanza + 3]!);
    const [enc, sealed] = [body.slice(0, -48), body.slice(-48)];
    const context = concat(info, fromHex(values!.coreHash!));
    for (const suite of suites) {
      const { opening } = parseSecret(utf8(keys[key]!.secret));
      const own = await kemKey(suite, opening!.kind, opening!.secret);
      expect(toHex(shown(own.decapsulate(enc)!))).toBe(values!.sharedSecret);
      expect(toHex(shown(hpkeOpen(suite, own, enc, context, sealed)!))).toBe(values!.fileKey);
    }
  });
  test("there is some of either KEM", () => expect(explained.length).toBeGreaterThan(2));
});

test("which KEM a public key is for follows from its length", () => {
  expect([kemOf(new Uint8Array(32)), kemOf(new Uint8Array(1216))]).toEqual(["x25519", "xwing"]);
  for (const length of [0, 31, 33, 64, 1184, 1215, 1217]) expect(() => kemOf(new Uint8Array(length))).toThrow(internal);
});

/** A suite that keeps hold of every secret it hands out, or is called with as a key. */
function watching(suite: Suite): { watched: Suite; seen: Uint8Array[] } {
  const seen: Uint8Array[] = [];
  const keep = <T extends Uint8Array | null>(bytes: T): T => {
    if (bytes) seen.push(bytes);
    return bytes;
  };
  const keeping = (key: AgreementKey): AgreementKey => ({ ...key, agree: (publicKey) => keep(key.agree(publicKey)) });
  const keepingMlKem = ({ key, encapsulate }: MlKem): MlKem => ({
    key: (seed) => {
      const made = key(keep(seed));
      return { ...made, decapsulate: (ciphertext) => keep(made.decapsulate(ciphertext)) };
    },
    encapsulate: (publicKey) => {
      const made = encapsulate(publicKey);
      keep(made.sharedSecret);
      return made;
    },
  });
  const watched: Suite = {
    ...suite,
    agreementKey: (secret) => keeping(suite.agreementKey(secret)),
    ephemeralKey: () => keeping(suite.ephemeralKey()),
    mlKem: async () => keepingMlKem(await suite.mlKem()),
    sha3: (...parts) => keep(suite.sha3(...parts)),
    shake256: (secret, length) => keep(suite.shake256(secret, length)),
    hmacSha256: (key, ...parts) => keep(suite.hmacSha256(keep(key), ...parts)),
    aeadSeal: (key, nonce, ...rest) => suite.aeadSeal(keep(key), keep(nonce), ...rest),
    aeadOpen: (key, nonce, ...rest) => suite.aeadOpen(keep(key), keep(nonce), ...rest),
  };
  return { watched, seen };
}

const KEM_SUITE_ID = concat(utf8("KEM"), u16(0x20));

function suiteIdOf(kem: KemName): Bytes {
  return concat(utf8("HPKE"), u16(kem === "xwing" ? 0x647a : 0x20), u16(1), u16(2));
}

function infoHash(suite: Suite, kem: KemName): string {
  return toHex(shown(labeledExtract(suite, suiteIdOf(kem), NO_SALT, "info_hash", info)));
}

function pskIdHash(suite: Suite, kem: KemName): string {
  return toHex(shown(labeledExtract(suite, suiteIdOf(kem), NO_SALT, "psk_id_hash", EMPTY)));
}

test.each(KEMS)("both suites seal alike from the same draw: %s", async (name) => {
  const plaintext = utf8("file key");
  for (const fill of [0, 1, 0xff]) {
    const randomness = Uint8Array.from({ length: 64 }, (_, i) => i ^ fill);
    const { publicKey } = await kemKey(native, name, copySecret(randomness.subarray(0, 32)));
    const [one, other] = await Promise.all(
      suites.map(async (suite) => {
        const drawing = encapsulatingWith(suite, randomness);
        return hpkeSeal(drawing, await loadKem(drawing, name), publicKey, info, copySecret(plaintext));
      }),
    );
    expect(one).toStrictEqual(other);
    for (const suite of suites) {
      const key = await kemKey(suite, name, copySecret(randomness.subarray(0, 32)));
      expect(hpkeOpen(suite, key, one!.enc, info, one!.ciphertext)).toEqual(plaintext);
    }
  }
});

type Entry = Record<"mode" | "kem_id" | "kdf_id" | "aead_id", number> &
  Record<"info" | "ikmE" | "ikmR" | "skRm" | "pkRm" | "enc" | "encryptions_accumulated", string>;

// Go's crypto/hpke (and CCTV) condense RFC 9180's own vectors: 1000 messages, associated data and plaintext drawn from
// SHAKE128 of nothing (one byte of length, then so many bytes; associated data first), are sealed with the sequence
// numbers 0 to 999, and the ciphertexts go into another SHAKE128, of which 16 bytes are given.
const vectors = sharedVectors<Entry[]>("hpke-rfc9180.json");
const entries = (vectors ?? []).filter(
  ({ mode, kem_id, kdf_id, aead_id }) => mode === 0 && kem_id === 0x20 && kdf_id === 1 && aead_id === 2,
);

describe.skipIf(!vectors).each(suites)("$name: RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM", (suite) => {
  test("has exactly one entry", () => {
    expect(entries).toHaveLength(1);
  });

  test.each(entries)("derives the keys, the encapsulation and 1000 messages", (entry) => {
    const { ephemeral, publicKey, context } = setUp(suite, entry);
    const { enc, sharedSecret } = dhkem(sealingWith(suite, ephemeral)).encapsulate(publicKey);
    expect(toHex(enc)).toBe(entry.enc);
    expect(
      dhkem(suite)
        .key(copySecret(fromHex(entry.skRm)))
        .decapsulate(enc),
    ).toEqual(sharedSecret);
    expect(accumulated(suite, keySchedule(suite, "x25519", sharedSecret, context))).toBe(entry.encryptions_accumulated);
  });

  test.each(entries)("seals one message with that key and nonce, and opens it", (entry) => {
    const { ephemeral, publicKey, context } = setUp(suite, entry);
    const kem = dhkem(sealingWith(suite, ephemeral));
    const { enc, ciphertext } = hpkeSeal(suite, kem, publicKey, context, copySecret(utf8("file key")));
    expect(toHex(enc)).toBe(entry.enc);

    const { key, baseNonce } = keySchedule(suite, "x25519", kem.encapsulate(publicKey).sharedSecret, context);
    expect(suite.aeadOpen(key, baseNonce, ciphertext)).toEqual(utf8("file key"));
    const own = kem.key(copySecret(fromHex(entry.skRm)));
    expect(hpkeOpen(suite, own, enc, context, ciphertext)).toEqual(utf8("file key"));
  });
});

function setUp(suite: Suite, entry: Entry): { ephemeral: Bytes; publicKey: Bytes; context: Bytes } {
  const secret = deriveSecret(suite, fromHex(entry.ikmR));
  expect(toHex(secret)).toBe(entry.skRm);
  expect(toHex(suite.agreementKey(copySecret(secret)).publicKey)).toBe(entry.pkRm);
  return {
    ephemeral: deriveSecret(suite, fromHex(entry.ikmE)),
    publicKey: fromHex(entry.pkRm),
    context: fromHex(entry.info),
  };
}

/** DeriveKeyPair of RFC 9180, 7.1.3, which only the vectors need. */
function deriveSecret(suite: Suite, ikm: Uint8Array): Bytes {
  const kem = concat(utf8("KEM"), u16(0x20));
  const prk = hkdfExtract(suite, copySecret(EMPTY), utf8("HPKE-v1"), kem, utf8("dkp_prk"), ikm);
  return hkdfExpand(suite, prk, 32, concat(u16(32), utf8("HPKE-v1"), kem, utf8("sk")));
}

function accumulated(suite: Suite, { key, baseNonce }: { key: Bytes; baseNonce: Bytes }): string {
  const draw = source();
  const sink = createHash("shake128", { outputLength: 16 });
  for (let sequence = 0; sequence < 1000; sequence++) {
    const [aad, plaintext] = [draw(), draw()];
    const nonce = baseNonce.slice();
    nonce.set(u32((readU32(nonce, 8) ^ sequence) >>> 0), 8);
    const sealed = suite.aeadSeal(copySecret(key), nonce, plaintext, aad);
    sink.update(sealed);
    if (!equal(suite.aeadOpen(copySecret(key), nonce, sealed, aad)!, plaintext)) return `does not open: ${sequence}`;
  }
  return sink.digest("hex");
}

/** Draws of random length from SHAKE128 of nothing; 2000 of them need 512 000 bytes at most. */
function source(): () => Bytes {
  const stream = new Uint8Array(createHash("shake128", { outputLength: 512_000 }).digest());
  let at = 0;
  return () => {
    const length = stream[at]!;
    const drawn = stream.slice(at + 1, at + 1 + length);
    at += 1 + length;
    return drawn;
  };
}

type HybridEntry = Record<"kem_id" | "kdf_id" | "aead_id", number> &
  Record<"info" | "ikmE" | "skRm" | "pkRm" | "enc" | "shared_secret" | "key" | "base_nonce", string>;

const hybrid = sharedVectors<HybridEntry[]>("hpke-pq.json");
const hybridEntries = (hybrid ?? []).filter(({ kem_id, kdf_id }) => kem_id === 0x647a && kdf_id === 1);

describe.skipIf(!hybrid).each(suites)("$name: the HPKE vector of X-Wing with HKDF-SHA256", (suite) => {
  test("is one, and gives shared secret, key and nonce, though of another AEAD", async () => {
    expect(hybridEntries).toHaveLength(1);
    const [entry] = hybridEntries as [HybridEntry];
    const own = await kemKey(suite, "xwing", copySecret(fromHex(entry.skRm)));
    expect(toHex(own.publicKey)).toBe(entry.pkRm);
    const shared = own.decapsulate(fromHex(entry.enc))!;
    expect(toHex(shown(shared))).toBe(entry.shared_secret);
    const { key, baseNonce } = keySchedule(suite, "xwing", shared, fromHex(entry.info), entry.aead_id);
    expect([toHex(shown(key)), toHex(shown(baseNonce))]).toEqual([entry.key, entry.base_nonce]);
  });
});

test("what all stanzas of a header share is hashed for the first of them alone", () => {
  let hashes = 0;
  const counting: Suite = {
    ...native,
    hmacSha256: (...args) => {
      hashes++;
      return native.hmacSha256(...args);
    },
  };
  const taken = (kem: KemName, text: string) => {
    hashes = 0;
    keySchedule(counting, kem, copySecret(new Uint8Array(32).fill(7)), utf8(text));
    return hashes;
  };
  // Three for the secret, the key and the nonce; two for the info.
  expect([taken("x25519", "one header"), taken("x25519", "one header")]).toEqual([5, 3]);
  expect([taken("x25519", "another"), taken("xwing", "another"), taken("xwing", "another")]).toEqual([5, 5, 3]);
});
