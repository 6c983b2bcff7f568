import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, equal, fromHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors, type Wycheproof } from "../shared-vectors.js";

const suites = [native, portable];
const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const nonce12 = fc.uint8Array({ minLength: 12, maxLength: 12 });
const text = fc.uint8Array({ maxLength: 400 });

const key = new Uint8Array(32).fill(1);
const nonce = new Uint8Array(12).fill(2);

// Around the block of AES and the pieces that chunks pass in.
const LENGTHS = [0, 1, 15, 16, 17, 131071, 131072, 131073, 262144, 300_001];

/** Pieces in one memory that is used again for each, as a file's are read. */
function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  const memory = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    memory.fill(0xee);
    const piece = bytes.subarray(at, at + size);
    memory.set(piece);
    yield memory.subarray(0, piece.length);
  }
}

function sealChunk(suite: Suite, plaintext: Uint8Array, { size = 65536, hashed = true, k = key, n = nonce } = {}) {
  const written: Uint8Array[] = [];
  const write = (piece: Uint8Array) => void written.push(piece.slice());
  const digest = suite.sealChunk(copySecret(k), n, pieces(plaintext, size), write, hashed);
  return { sealed: concat(...written), digest };
}

function openChunk(suite: Suite, sealed: Uint8Array, { size = 65536, hashed = true, k = key, n = nonce } = {}) {
  const held: Uint8Array[] = [];
  const ciphertext = pieces(sealed.subarray(0, sealed.length - 16), size);
  const tag = () => sealed.slice(sealed.length - 16);
  const opened = suite.openChunk(copySecret(k), n, ciphertext, tag, (piece) => void held.push(piece.slice()), hashed);
  return { ...opened, held: concat(...held) };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

function internal(work: () => unknown): void {
  expect(work).toThrow(expect.objectContaining({ constructor: SealError, code: "internal" }));
}

describe.each(suites)("$name: sealing in one piece", (suite) => {
  test("opens what it has sealed, with and without associated data", () => {
    fc.assert(
      fc.property(key32, nonce12, text, fc.option(text, { nil: undefined }), (k, n, plaintext, aad) => {
        const sealed = suite.aeadSeal(copySecret(k), n, plaintext, aad);
        expect(sealed).toHaveLength(plaintext.length + 16);
        expect(suite.aeadOpen(copySecret(k), n, sealed, aad)).toEqual(plaintext);
      }),
    );
  });

  test("opens nothing in which one bit has changed", () => {
    fc.assert(
      fc.property(text, text, fc.nat(), (plaintext, aad, seed) => {
        const sealed = suite.aeadSeal(copySecret(key), nonce, plaintext, aad);
        const bit = seed % (sealed.length * 8);
        sealed[bit >> 3]! ^= 1 << (bit & 7);
        expect(suite.aeadOpen(copySecret(key), nonce, sealed, aad)).toBeNull();
      }),
    );
  });

  test("opens nothing under other associated data, another key, another nonce", () => {
    const sealed = suite.aeadSeal(copySecret(key), nonce, pattern(50), pattern(3));
    expect(suite.aeadOpen(copySecret(key), nonce, sealed, pattern(4))).toBeNull();
    expect(suite.aeadOpen(copySecret(key), nonce, sealed)).toBeNull();
    expect(suite.aeadOpen(copySecret(new Uint8Array(32)), nonce, sealed, pattern(3))).toBeNull();
    expect(suite.aeadOpen(copySecret(key), new Uint8Array(12), sealed, pattern(3))).toBeNull();
  });

  test("opens nothing that is shorter than a tag, or cut to a shorter tag", () => {
    for (let length = 0; length < 16; length++) {
      expect(suite.aeadOpen(copySecret(key), nonce, new Uint8Array(length))).toBeNull();
    }
    const sealed = suite.aeadSeal(copySecret(key), nonce, new Uint8Array(0));
    for (const length of [4, 8, 12, 15])
      expect(suite.aeadOpen(copySecret(key), nonce, sealed.subarray(0, length))).toBeNull();
  });

  test("refuses keys and nonces of another length", () => {
    const sealed = new Uint8Array(32);
    for (const length of [0, 16, 24, 31, 33]) {
      internal(() => suite.aeadSeal(copySecret(new Uint8Array(length)), nonce, sealed));
      internal(() => suite.aeadOpen(copySecret(new Uint8Array(length)), nonce, sealed));
      internal(() => sealChunk(suite, sealed, { k: new Uint8Array(length) }));
      internal(() => openChunk(suite, sealed, { k: new Uint8Array(length) }));
    }
    for (const length of [0, 8, 11, 13, 16]) {
      internal(() => suite.aeadSeal(copySecret(key), new Uint8Array(length), sealed));
      internal(() => suite.aeadOpen(copySecret(key), new Uint8Array(length), sealed));
      internal(() => sealChunk(suite, sealed, { n: new Uint8Array(length) }));
      internal(() => openChunk(suite, sealed, { n: new Uint8Array(length) }));
    }
  });
});

describe.each(suites)("$name: chunks", (suite) => {
  test.each(LENGTHS)("seals and opens %i bytes as in one piece, with the digest of the ciphertext", (length) => {
    const plaintext = pattern(length);
    const { sealed, digest } = sealChunk(suite, plaintext);
    expect(equal(sealed, suite.aeadSeal(copySecret(key), nonce, plaintext))).toBe(true);
    expect(digest).toEqual(suite.sha256(sealed));

    const { held, ...opened } = openChunk(suite, sealed);
    expect(opened).toEqual({ digest, authentic: true });
    expect(equal(held, plaintext)).toBe(true);
  });

  test.each([1, 15, 16, 17, 100, 65536])("gives the same in pieces of %i bytes", (size) => {
    const plaintext = pattern(1000);
    const { sealed } = sealChunk(suite, plaintext, { size });
    expect(sealed).toEqual(suite.aeadSeal(copySecret(key), nonce, plaintext));
    expect(openChunk(suite, sealed, { size })).toEqual({
      digest: suite.sha256(sealed),
      authentic: true,
      held: plaintext,
    });
  });

  test("computes no digest where none is wanted", () => {
    const { sealed, digest } = sealChunk(suite, pattern(50), { hashed: false });
    expect(digest).toBeNull();
    expect(openChunk(suite, sealed, { hashed: false })).toEqual({ digest: null, authentic: true, held: pattern(50) });
  });

  test.each(LENGTHS)("is not authentic, but gives the right digest, where %i bytes were altered", (length) => {
    const { sealed } = sealChunk(suite, pattern(length));
    for (const at of [0, length >> 1, sealed.length - 1]) {
      const altered = sealed.slice();
      altered[at]! ^= 0x80;
      expect(openChunk(suite, altered)).toMatchObject({ digest: suite.sha256(altered), authentic: false });
    }
  });

  test("works in place: what it hands over may be put where it was taken from", () => {
    const memory = concat(pattern(200_000), new Uint8Array(16));
    const inPlace = function* (end: number) {
      for (let at = 0; at < end; at += 65536) yield memory.subarray(at, Math.min(end, at + 65536));
    };
    const put = () => {
      let at = 0;
      return (piece: Uint8Array) => {
        memory.set(piece, at);
        at += piece.length;
      };
    };
    suite.sealChunk(copySecret(key), nonce, inPlace(200_000), put(), true);
    expect(equal(memory, suite.aeadSeal(copySecret(key), nonce, pattern(200_000)))).toBe(true);
    const tag = () => memory.subarray(200_000);
    expect(suite.openChunk(copySecret(key), nonce, inPlace(200_000), tag, put(), true).authentic).toBe(true);
    expect(equal(memory.subarray(0, 200_000), pattern(200_000))).toBe(true);
  });
});

test("both suites seal alike, and open each other's", () => {
  fc.assert(
    fc.property(key32, nonce12, text, text, (k, n, plaintext, aad) => {
      const sealed = native.aeadSeal(copySecret(k), n, plaintext, aad);
      expect(portable.aeadSeal(copySecret(k), n, plaintext, aad)).toStrictEqual(sealed);
      expect(portable.aeadOpen(copySecret(k), n, sealed, aad)).toStrictEqual(
        native.aeadOpen(copySecret(k), n, sealed, aad),
      );
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
  test("has cases of both kinds, with and without associated data", () => {
    expect(cases).toHaveLength(66);
    expect(cases.filter(({ aad }) => aad === "")).toHaveLength(48);
    expect(new Set(cases.map(({ result }) => result))).toEqual(new Set(["valid", "invalid"]));
  });

  test.each(cases)("case $tcId ($result) $comment", (vector) => {
    const [k, n, aad, message] = [vector.key, vector.iv, vector.aad, vector.msg].map(fromHex);
    const sealed = fromHex(vector.ct + vector.tag);
    const valid = vector.result === "valid";

    expect(suite.aeadOpen(copySecret(k!), n!, sealed, aad!)).toEqual(valid ? message : null);
    if (valid) expect(suite.aeadSeal(copySecret(k!), n!, message!, aad!)).toEqual(sealed);
    if (vector.aad !== "") return;

    const opened = openChunk(suite, sealed, { k: k!, n: n! });
    expect(opened.authentic).toBe(valid);
    if (!valid) return;
    expect(opened.held).toEqual(message);
    expect(sealChunk(suite, message!, { k: k!, n: n! }).sealed).toEqual(sealed);
  });
});
