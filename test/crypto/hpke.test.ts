import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type Bytes, concat, equal, fromHex, isZero, readU32, toHex, u16, u32, utf8 } from "../../src/bytes.js";
import { hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.js";
import { extractAndExpand, hpkeOpen, hpkeSeal, keySchedule } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import type { AgreementKey, Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors } from "../shared-vectors.js";

const suites = [native, portable];
const info = utf8("seal.v1 recipient");
const EMPTY = new Uint8Array(0);

/** A suite whose next draw is this secret. */
function drawing(suite: Suite, secret: Uint8Array): Suite {
  return {
    ...suite,
    randomBytes: (length) => {
      expect(length).toBe(secret.length);
      return new Uint8Array(secret);
    },
  };
}

function recipient(suite: Suite, fill: number): AgreementKey {
  return suite.agreementKey(new Uint8Array(32).fill(fill));
}

describe.each(suites)("$name: HPKE", (suite) => {
  const bob = recipient(suite, 1);
  const eve = recipient(suite, 2);
  const open = (enc: Uint8Array, ciphertext: Uint8Array, to = bob, context: Uint8Array = info) =>
    hpkeOpen(suite, to, enc, context, ciphertext);

  it("opens what it has sealed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (plaintext, context) => {
        const { enc, ciphertext } = hpkeSeal(suite, bob.publicKey, context, plaintext);
        expect(enc).toHaveLength(32);
        expect(ciphertext).toHaveLength(plaintext.length + 16);
        expect(open(enc, ciphertext, bob, context)).toEqual(plaintext);
      }),
      { numRuns: 30 },
    );
  });

  it("seals to a fresh ephemeral key every time", () => {
    const [one, other] = [hpkeSeal(suite, bob.publicKey, info, EMPTY), hpkeSeal(suite, bob.publicKey, info, EMPTY)];
    expect(one.enc).not.toEqual(other.enc);
    expect(one.ciphertext).not.toEqual(other.ciphertext);
  });

  it("opens with the recipient's key only, and as addressed", () => {
    const { enc, ciphertext } = hpkeSeal(suite, bob.publicKey, info, utf8("file key"));
    expect(open(enc, ciphertext)).toEqual(utf8("file key"));
    expect(open(enc, ciphertext, eve)).toBeNull();
    expect(open(enc, ciphertext, { ...bob, publicKey: eve.publicKey })).toBeNull();
    expect(open(enc, ciphertext, bob, utf8("another context"))).toBeNull();
    for (const length of [0, 15, 16, ciphertext.length - 1]) {
      expect(open(enc, ciphertext.subarray(0, length))).toBeNull();
    }
  });

  it("does not open another encoding of enc, though X25519 gives the same secret", () => {
    const { enc, ciphertext } = hpkeSeal(suite, bob.publicKey, info, utf8("file key"));
    const other = enc.slice();
    other[31]! |= 0x80;
    expect(bob.agree(other)).toEqual(bob.agree(enc));
    expect(open(other, ciphertext)).toBeNull();
  });

  it("gives null where enc has small order, and refuses to seal to such a key", () => {
    // All of what follows from a zero secret could be computed by anyone, so the ciphertext here is one that would open.
    for (const small of [new Uint8Array(32), Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))]) {
      const shared = extractAndExpand(suite, new Uint8Array(32), concat(small, bob.publicKey));
      const { key, baseNonce } = keySchedule(suite, shared, info);
      expect(open(small, suite.aeadSeal(key, baseNonce, utf8("forged")))).toBeNull();
      expect(() => hpkeSeal(suite, small, info, EMPTY)).toThrow(
        expect.objectContaining({ constructor: SealError, code: "internal" }),
      );
    }
  });

  it("refuses keys of another length", () => {
    for (const wrong of [new Uint8Array(31).fill(9), new Uint8Array(33).fill(9)]) {
      const thrown = expect.objectContaining({ constructor: SealError, code: "internal" });
      expect(() => hpkeSeal(suite, wrong, info, EMPTY)).toThrow(thrown);
      expect(() => open(wrong, new Uint8Array(16))).toThrow(thrown);
    }
  });

  it("overwrites every secret it has derived", () => {
    const { watched, seen } = watching(suite);
    const { enc, ciphertext } = hpkeSeal(watched, bob.publicKey, info, utf8("file key"));
    expect(hpkeOpen(watched, watched.agreementKey(new Uint8Array(32).fill(1)), enc, info, ciphertext)).toEqual(
      utf8("file key"),
    );
    // Of all that was drawn, agreed on or derived, only the two public hashes of the context may remain.
    const remaining = new Set(seen.filter((bytes) => !isZero(bytes)).map(toHex));
    expect(seen.length).toBeGreaterThan(12);
    expect(remaining.size).toBeLessThanOrEqual(2);
    for (const hash of remaining) expect([infoHash(suite, info), pskIdHash(suite)]).toContain(hash);
  });

  it("overwrites the ephemeral secret where sealing fails, too", () => {
    const { watched, seen } = watching(suite);
    expect(() => hpkeSeal(watched, new Uint8Array(32), info, EMPTY)).toThrow(SealError);
    expect(seen.length).toBe(1);
    expect(seen.every(isZero)).toBe(true);
  });
});

/** A suite that keeps hold of every secret it hands out, or is called with as a key. */
function watching(suite: Suite): { watched: Suite; seen: Uint8Array[] } {
  const seen: Uint8Array[] = [];
  const keep = <T extends Uint8Array | null>(bytes: T): T => {
    if (bytes) seen.push(bytes);
    return bytes;
  };
  const watched: Suite = {
    ...suite,
    randomBytes: (length) => keep(suite.randomBytes(length)),
    agreementKey: (secret) => {
      const key = suite.agreementKey(secret);
      return { ...key, agree: (publicKey) => keep(key.agree(publicKey)) };
    },
    hmacSha256: (key, ...parts) => keep(suite.hmacSha256(keep(key), ...parts)),
    aeadSeal: (key, nonce, ...rest) => suite.aeadSeal(keep(key), keep(nonce), ...rest),
    aeadOpen: (key, nonce, ...rest) => suite.aeadOpen(keep(key), keep(nonce), ...rest),
  };
  return { watched, seen };
}

const SUITE_ID = concat(utf8("HPKE"), u16(0x20), u16(1), u16(2));

function infoHash(suite: Suite, context: Uint8Array): string {
  return toHex(hkdfExtract(suite, EMPTY, utf8("HPKE-v1"), SUITE_ID, utf8("info_hash"), context));
}

function pskIdHash(suite: Suite): string {
  return toHex(hkdfExtract(suite, EMPTY, utf8("HPKE-v1"), SUITE_ID, utf8("psk_id_hash")));
}

test("both suites seal alike from the same draw", () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes32, bytes32, fc.uint8Array(), (secret, ephemeral, plaintext) => {
      const publicKey = native.agreementKey(secret).publicKey;
      const [one, other] = suites.map((suite) => hpkeSeal(drawing(suite, ephemeral), publicKey, info, plaintext));
      expect(one).toStrictEqual(other);
      for (const suite of suites) {
        expect(hpkeOpen(suite, suite.agreementKey(secret), one!.enc, info, one!.ciphertext)).toEqual(plaintext);
      }
    }),
    { numRuns: 25 },
  );
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
  it("has exactly one entry", () => {
    expect(entries).toHaveLength(1);
  });

  it.each(entries)("derives the keys, the encapsulation and 1000 messages", (entry) => {
    const { ephemeral, publicKey, context } = setUp(suite, entry);
    expect(toHex(suite.agreementKey(ephemeral).publicKey)).toBe(entry.enc);

    const dh = suite.agreementKey(fromHex(entry.skRm)).agree(fromHex(entry.enc))!;
    expect(dh).toEqual(suite.agreementKey(ephemeral).agree(publicKey));
    const shared = extractAndExpand(suite, dh, concat(fromHex(entry.enc), publicKey));
    expect(accumulated(suite, keySchedule(suite, shared, context))).toBe(entry.encryptions_accumulated);
  });

  it.each(entries)("seals one message with that key and nonce, and opens it", (entry) => {
    const { ephemeral, publicKey, context } = setUp(suite, entry);
    const { enc, ciphertext } = hpkeSeal(drawing(suite, ephemeral), publicKey, context, utf8("file key"));
    expect(toHex(enc)).toBe(entry.enc);

    const shared = extractAndExpand(suite, suite.agreementKey(ephemeral).agree(publicKey)!, concat(enc, publicKey));
    const { key, baseNonce } = keySchedule(suite, shared, context);
    expect(suite.aeadOpen(key, baseNonce, ciphertext)).toEqual(utf8("file key"));
    expect(hpkeOpen(suite, suite.agreementKey(fromHex(entry.skRm)), enc, context, ciphertext)).toEqual(
      utf8("file key"),
    );
  });
});

function setUp(suite: Suite, entry: Entry): { ephemeral: Bytes; publicKey: Bytes; context: Bytes } {
  const secret = deriveSecret(suite, fromHex(entry.ikmR));
  expect(toHex(secret)).toBe(entry.skRm);
  expect(toHex(suite.agreementKey(secret).publicKey)).toBe(entry.pkRm);
  return {
    ephemeral: deriveSecret(suite, fromHex(entry.ikmE)),
    publicKey: fromHex(entry.pkRm),
    context: fromHex(entry.info),
  };
}

/** DeriveKeyPair of RFC 9180, 7.1.3, which only the vectors need. */
function deriveSecret(suite: Suite, ikm: Uint8Array): Bytes {
  const kem = concat(utf8("KEM"), u16(0x20));
  const prk = hkdfExtract(suite, EMPTY, utf8("HPKE-v1"), kem, utf8("dkp_prk"), ikm);
  return hkdfExpand(suite, prk, concat(u16(32), utf8("HPKE-v1"), kem, utf8("sk")), 32);
}

function accumulated(suite: Suite, { key, baseNonce }: { key: Bytes; baseNonce: Bytes }): string {
  const draw = source();
  const sink = createHash("shake128", { outputLength: 16 });
  for (let sequence = 0; sequence < 1000; sequence++) {
    const [aad, plaintext] = [draw(), draw()];
    const nonce = baseNonce.slice();
    nonce.set(u32((readU32(nonce, 8) ^ sequence) >>> 0), 8);
    const sealed = suite.aeadSeal(key, nonce, plaintext, aad);
    sink.update(sealed);
    if (!equal(suite.aeadOpen(key, nonce, sealed, aad)!, plaintext)) return `does not open: ${sequence}`;
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
