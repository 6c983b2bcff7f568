import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex, isZero, toHex, utf8 } from "../../src/bytes.js";
import { deriveKey, hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { SealError } from "../../src/errors.js";
import { sharedVectors, type Wycheproof } from "../shared-vectors.js";
import { shown } from "../support.js";

const suites = [native, portable];

function range(from: number, to: number): string {
  return toHex(Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

// RFC 5869, appendix A.1 to A.3: input, salt, info, pseudorandom key, output.
const RFC_5869: readonly (readonly [string, string, string, string, string])[] = [
  [
    "0b".repeat(22),
    range(0, 0x0c),
    range(0xf0, 0xf9),
    "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  ],
  [
    range(0, 0x4f),
    range(0x60, 0xaf),
    range(0xb0, 0xff),
    "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09" +
      "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  ],
  [
    "0b".repeat(22),
    "",
    "",
    "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  ],
];

describe.each(suites)("$name: HKDF", (suite) => {
  test("extracts and expands the examples of RFC 5869", () => {
    for (const [input, salt, info, prk, output] of RFC_5869) {
      const key = hkdfExtract(suite, copySecret(fromHex(salt)), fromHex(input));
      expect(toHex(shown(key))).toBe(prk);
      expect(toHex(shown(hkdfExpand(suite, key, output.length / 2, fromHex(info))))).toBe(output);
    }
  });

  test("gives at most 255 blocks", () => {
    const key = new Uint8Array(32);
    expect(hkdfExpand(suite, copySecret(key), 255 * 32, key)).toHaveLength(255 * 32);
    expect(() => hkdfExpand(suite, copySecret(key), 255 * 32 + 1, key)).toThrow(
      expect.objectContaining({ constructor: SealError, code: "internal" }),
    );
  });

  test("overwrites every block once it is copied, and makes no more than there are", () => {
    const blocks: Uint8Array[] = [];
    const hmacSha256: Suite["hmacSha256"] = (...args) => {
      const block = suite.hmacSha256(...args);
      blocks.push(block);
      return block;
    };
    for (const [length, due] of [
      [70, 3],
      [64, 3 + 2],
    ] as const) {
      hkdfExpand({ ...suite, hmacSha256 }, copySecret(new Uint8Array(32)), length, new Uint8Array(0));
      expect(blocks).toHaveLength(due);
    }
    expect(blocks.every(isZero)).toBe(true);
  });

  test("extracts from parts as from the whole", () => {
    const parts = [utf8("a"), utf8(""), utf8("bc")];
    expect(hkdfExtract(suite, copySecret(utf8("salt")), ...parts)).toEqual(
      hkdfExtract(suite, copySecret(utf8("salt")), utf8("abc")),
    );
  });

  test("derives K(key, text, data) as HKDF-Expand of text ∥ data to 32 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), fc.uint8Array(), (key, text, data) => {
        expect(deriveKey(suite, copySecret(key), text, data)).toEqual(
          hkdfExpand(suite, copySecret(key), 32, concat(utf8(text), data)),
        );
      }),
    );
  });

  test("derives from keys of 32 bytes only, and leaves the key alone", () => {
    const key = new Uint8Array(32).fill(5);
    deriveKey(suite, copySecret(key), "text", key);
    expect(key).toEqual(new Uint8Array(32).fill(5));
    for (const length of [0, 16, 31, 33]) {
      expect(() => deriveKey(suite, copySecret(new Uint8Array(length)), "text", key)).toThrow(
        expect.objectContaining({ constructor: SealError, code: "internal" }),
      );
    }
  });
});

interface Case {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

const wycheproof = sharedVectors<Wycheproof<object, Case>>("hkdf_sha256_test.json");
const cases = (wycheproof?.testGroups ?? []).flatMap(({ tests }) => tests);

describe.skipIf(!wycheproof).each(suites)("$name: Wycheproof, HKDF-SHA-256", (suite) => {
  test("has all the cases, of both kinds", () => {
    expect(cases).toHaveLength(86);
    expect(new Set(cases.map(({ result }) => result))).toEqual(new Set(["valid", "invalid"]));
  });

  test.each(cases)("case $tcId ($result) $comment", ({ ikm, salt, info, size, okm, result }) => {
    const key = hkdfExtract(suite, copySecret(fromHex(salt)), fromHex(ikm));
    const expand = () => hkdfExpand(suite, key, size, fromHex(info));
    if (result === "valid") expect(toHex(shown(expand()))).toBe(okm);
    else expect(expand).toThrow(SealError);
  });
});
