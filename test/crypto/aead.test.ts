import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { concat, equal, fromHex, isZero } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import type { Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors, type Wycheproof } from "../shared-vectors.js";

const suites = [native, portable];
const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const nonce12 = fc.uint8Array({ minLength: 12, maxLength: 12 });
const text = fc.uint8Array({ maxLength: 400 });

const key = new Uint8Array(32).fill(1);
const nonce = new Uint8Array(12).fill(2);

// Around the block of AES and the 128 KiB piece of the native suite.
const LENGTHS = [0, 1, 15, 16, 17, 131071, 131072, 131073, 262144, 300_001];

function sealChunk(suite: Suite, plaintext: Uint8Array): { sealed: Uint8Array; digest: Uint8Array } {
  const sealed = new Uint8Array(plaintext.length + 16).fill(0xee);
  return { digest: suite.sealChunk(key, nonce, plaintext, sealed), sealed };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

function internal(work: () => unknown): void {
  expect(work).toThrow(expect.objectContaining({ constructor: SealError, code: "internal" }));
}

describe.each(suites)("$name: sealing in one piece", (suite) => {
  it("opens what it has sealed, with and without associated data", () => {
    fc.assert(
      fc.property(key32, nonce12, text, fc.option(text, { nil: undefined }), (k, n, plaintext, aad) => {
        const sealed = suite.aeadSeal(k, n, plaintext, aad);
        expect(sealed).toHaveLength(plaintext.length + 16);
        expect(suite.aeadOpen(k, n, sealed, aad)).toEqual(plaintext);
      }),
    );
  });

  it("opens nothing in which one bit has changed", () => {
    fc.assert(
      fc.property(text, text, fc.nat(), (plaintext, aad, seed) => {
        const sealed = suite.aeadSeal(key, nonce, plaintext, aad);
        const bit = seed % (sealed.length * 8);
        sealed[bit >> 3]! ^= 1 << (bit & 7);
        expect(suite.aeadOpen(key, nonce, sealed, aad)).toBeNull();
      }),
    );
  });

  it("opens nothing under other associated data, another key, another nonce", () => {
    const sealed = suite.aeadSeal(key, nonce, pattern(50), pattern(3));
    expect(suite.aeadOpen(key, nonce, sealed, pattern(4))).toBeNull();
    expect(suite.aeadOpen(key, nonce, sealed)).toBeNull();
    expect(suite.aeadOpen(new Uint8Array(32), nonce, sealed, pattern(3))).toBeNull();
    expect(suite.aeadOpen(key, new Uint8Array(12), sealed, pattern(3))).toBeNull();
  });

  it("opens nothing that is shorter than a tag, or cut to a shorter tag", () => {
    for (let length = 0; length < 16; length++) {
      expect(suite.aeadOpen(key, nonce, new Uint8Array(length))).toBeNull();
    }
    const sealed = suite.aeadSeal(key, nonce, new Uint8Array(0));
    for (const length of [4, 8, 12, 15]) expect(suite.aeadOpen(key, nonce, sealed.subarray(0, length))).toBeNull();
  });

  it("refuses keys and nonces of another length", () => {
    const sealed = new Uint8Array(32);
    for (const length of [0, 16, 24, 31, 33]) {
      internal(() => suite.aeadSeal(new Uint8Array(length), nonce, sealed));
      internal(() => suite.aeadOpen(new Uint8Array(length), nonce, sealed));
      internal(() => suite.sealChunk(new Uint8Array(length), nonce, new Uint8Array(0), new Uint8Array(16)));
      internal(() => suite.openChunk(new Uint8Array(length), nonce, new Uint8Array(16), new Uint8Array(0)));
    }
    for (const length of [0, 8, 11, 13, 16]) {
      internal(() => suite.aeadSeal(key, new Uint8Array(length), sealed));
      internal(() => suite.aeadOpen(key, new Uint8Array(length), sealed));
      internal(() => suite.sealChunk(key, new Uint8Array(length), new Uint8Array(0), new Uint8Array(16)));
      internal(() => suite.openChunk(key, new Uint8Array(length), new Uint8Array(16), new Uint8Array(0)));
    }
  });
});

describe.each(suites)("$name: chunks", (suite) => {
  it.each(LENGTHS)("seals and opens %i bytes as in one piece, with the digest of the ciphertext", (length) => {
    const plaintext = pattern(length);
    const { sealed, digest } = sealChunk(suite, plaintext);
    expect(equal(sealed, suite.aeadSeal(key, nonce, plaintext))).toBe(true);
    expect(digest).toEqual(suite.sha256(sealed));

    const out = new Uint8Array(length).fill(0xee);
    expect(suite.openChunk(key, nonce, sealed, out)).toEqual({ digest, authentic: true });
    expect(equal(out, plaintext)).toBe(true);
  });

  it.each(LENGTHS)("leaves zeros, but the right digest, where %i bytes were altered", (length) => {
    const { sealed } = sealChunk(suite, pattern(length));
    for (const at of [0, length >> 1, sealed.length - 1]) {
      const altered = sealed.slice();
      altered[at]! ^= 0x80;
      const out = new Uint8Array(length).fill(0xee);
      const opened = suite.openChunk(key, nonce, altered, out);
      expect(opened).toEqual({ digest: suite.sha256(altered), authentic: false });
      expect(isZero(out)).toBe(true);
    }
  });

  it("works on views into larger memory, at any alignment, and stays inside them", () => {
    for (let shift = 0; shift < 5; shift++) {
      const memory = new Uint8Array(400).fill(0xee);
      const plaintext = concat(new Uint8Array(shift), pattern(100)).subarray(shift);
      suite.sealChunk(key, nonce, plaintext, memory.subarray(shift, shift + 116));
      const back = memory.subarray(200 + shift, 300 + shift);
      const { authentic } = suite.openChunk(key, nonce, memory.subarray(shift, shift + 116), back);
      expect(authentic).toBe(true);
      expect(back).toEqual(pattern(100));
      const outside = [
        memory.subarray(0, shift),
        memory.subarray(shift + 116, 200 + shift),
        memory.subarray(300 + shift),
      ];
      for (const untouched of outside) expect(untouched.every((byte) => byte === 0xee)).toBe(true);
    }
  });

  it("refuses an output of another length, and one that overlaps the input", () => {
    const memory = new Uint8Array(200);
    internal(() => suite.sealChunk(key, nonce, memory.subarray(0, 10), new Uint8Array(25)));
    internal(() => suite.sealChunk(key, nonce, memory.subarray(0, 10), new Uint8Array(27)));
    internal(() => suite.sealChunk(key, nonce, memory.subarray(0, 10), memory.subarray(9, 35)));
    internal(() => suite.sealChunk(key, nonce, memory.subarray(20, 30), memory.subarray(0, 26)));
    internal(() => suite.openChunk(key, nonce, memory.subarray(0, 26), new Uint8Array(11)));
    internal(() => suite.openChunk(key, nonce, memory.subarray(0, 26), memory.subarray(20, 30)));
    internal(() => suite.openChunk(key, nonce, new Uint8Array(15), new Uint8Array(0)));
    // Side by side in the same memory is no overlap.
    suite.sealChunk(key, nonce, memory.subarray(0, 10), memory.subarray(10, 36));
    suite.sealChunk(key, nonce, memory.subarray(26, 36), memory.subarray(0, 26));
  });
});

test("both suites seal alike, and open each other's", () => {
  fc.assert(
    fc.property(key32, nonce12, text, text, (k, n, plaintext, aad) => {
      const sealed = native.aeadSeal(k, n, plaintext, aad);
      expect(portable.aeadSeal(k, n, plaintext, aad)).toStrictEqual(sealed);
      expect(portable.aeadOpen(k, n, sealed, aad)).toStrictEqual(native.aeadOpen(k, n, sealed, aad));
    }),
  );
  for (const length of LENGTHS) {
    const [one, other] = suites.map((suite) => sealChunk(suite, pattern(length)));
    expect(equal(one!.sealed, other!.sealed)).toBe(true);
    expect(one!.digest).toStrictEqual(other!.digest);
  }
});

interface Group {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
}
type Case = Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>;

const wycheproof = sharedVectors<Wycheproof<Group, Case>>("aes_gcm_test.json");
const cases = (wycheproof?.testGroups ?? [])
  .filter(({ ivSize, keySize, tagSize }) => ivSize === 96 && keySize === 256 && tagSize === 128)
  .flatMap(({ tests }) => tests);

describe.skipIf(!wycheproof).each(suites)("$name: Wycheproof, AES-256-GCM", (suite) => {
  it("has cases of both kinds, with and without associated data", () => {
    expect(cases).toHaveLength(66);
    expect(cases.filter(({ aad }) => aad === "")).toHaveLength(48);
    expect(new Set(cases.map(({ result }) => result))).toEqual(new Set(["valid", "invalid"]));
  });

  it.each(cases)("case $tcId ($result) $comment", (vector) => {
    const [k, n, aad, message] = [vector.key, vector.iv, vector.aad, vector.msg].map(fromHex) as Uint8Array[];
    const sealed = fromHex(vector.ct + vector.tag);
    const valid = vector.result === "valid";

    expect(suite.aeadOpen(k!, n!, sealed, aad!)).toEqual(valid ? message : null);
    if (valid) expect(suite.aeadSeal(k!, n!, message!, aad!)).toEqual(sealed);
    if (vector.aad !== "") return;

    const out = new Uint8Array(sealed.length - 16);
    expect(suite.openChunk(k!, n!, sealed, out).authentic).toBe(valid);
    expect(out).toEqual(valid ? message : new Uint8Array(out.length));
    if (!valid) return;
    const resealed = new Uint8Array(sealed.length);
    suite.sealChunk(k!, n!, message!, resealed);
    expect(resealed).toEqual(sealed);
  });
});
