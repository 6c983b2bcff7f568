// Keys of either length as text, and what is said of characters that no key has.

import { bech32m } from "@scure/base";
import { describe, expect, test } from "vitest";
import { concat, equal } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { isKeyText } from "../../src/keys/any.js";
import { encodeSecret, parseSecret } from "../../src/keys/secret-line.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import {
  decodeRecipient,
  encodeRecipient,
  keyText,
  linesOf,
  parseRecipient,
  parseSigner,
  shortKey,
} from "../../src/keys/text.js";
import { failure, secretOf, xwingIdentity } from "../support.js";
import { alice } from "./people.js";

const { secret, recipient, signer } = alice;
const refused = (work: () => unknown) => failure((async () => work())());
const encoded = (prefix: string, bytes: Uint8Array) => bech32m.encode(prefix, bech32m.toWords(bytes), false);

describe("a post-quantum recipient", () => {
  const key = async () => (await xwingIdentity(native, 7)).publicKey;

  test("is its key and eight bytes that show what is mistyped", async () => {
    const publicKey = await key();
    expect(publicKey).toHaveLength(1216);
    const text = encodeRecipient(native, publicKey);
    const check = native.sha256(Uint8Array.of(2), publicKey).subarray(0, 8);
    expect(text).toBe(encoded("seal", concat(Uint8Array.of(2), publicKey, check)));
    expect(equal(parseRecipient(native, text), publicKey)).toBe(true);
    expect(equal(decodeRecipient(text), publicKey)).toBe(true);
  });

  test("is mistyped where they do not fit, which only who seals for it asks", async () => {
    const publicKey = await key();
    const check = native.sha256(Uint8Array.of(2), publicKey).slice(0, 8);
    for (const at of [0, 7]) {
      const text = encoded("seal", concat(Uint8Array.of(2), publicKey, check.with(at, check[at]! ^ 1)));
      const error = await refused(() => parseRecipient(native, text));
      expect([error.code, error.message]).toEqual(["usage", expect.stringMatching(/^a mistyped recipient key/)]);
      expect(equal(decodeRecipient(text), publicKey)).toBe(true);
    }
  });

  test("is refused where a coefficient is not reduced, or its other half is none", async () => {
    const publicKey = await key();
    const large = publicKey.slice();
    large.set([0xff, 0xff], 0);
    for (const bad of [large, concat(publicKey.subarray(0, 1184), new Uint8Array(32))]) {
      for (const parse of [
        () => parseRecipient(native, encodeRecipient(native, bad)),
        () => decodeRecipient(encodeRecipient(native, bad)),
      ]) {
        const error = await refused(parse);
        expect([error.code, error.message]).toEqual(["usage", expect.stringContaining("it is not reduced, or")]);
      }
    }
  });
});

describe("a text of a key", () => {
  test("has 16 384 characters at most", async () => {
    const text = encoded("seal", new Uint8Array(10_233).fill(1));
    expect(text).toHaveLength(16_384);
    expect((await refused(() => parseRecipient(native, text))).message).toMatch(/it has 10232 bytes instead of 32$/);
    const longer = encoded("seal", new Uint8Array(10_234).fill(1));
    expect((await refused(() => parseRecipient(native, longer))).message).toMatch(/^a mistyped recipient key/);
  });

  test("is shown in full up to 100 characters", () => {
    expect(shortKey("x".repeat(100))).toBe("x".repeat(100));
    expect(shortKey(`${"y".repeat(20)}${"x".repeat(81)}`)).toBe(`${"y".repeat(20)}…`);
  });

  test("may have white space and a byte order mark around it, where a file or a variable holds nothing else", () => {
    expect(keyText(`\ufeff \t${recipient}\r\n`)).toBe(recipient);
  });

  test("is told from names and paths, be it of this program's or of ssh's", () => {
    const ssh = encodeSshKey(alice.signingKey.publicKey);
    for (const text of [recipient, signer, secret, recipient.toUpperCase(), ssh, "ssh-rsa AAAA"])
      expect(isKeyText(text)).toBe(true);
    for (const text of ["", "ann", "seal", "./seal1", "ssh", "key.pub"]) expect(isKeyText(text)).toBe(false);
  });
});

describe("a character that no key has is named:", () => {
  test.each([
    [" ", "a space", "0020"],
    ["\t", "a tab", "0009"],
    ["\n", "a line break", "000A"],
    ["\u00a0", "a no-break space", "00A0"],
    ["é", "a character", "00E9"],
    ["\u{1f512}", "a character", "1F512"],
    ["/", "a character", "002F"],
    [":", "a character", "003A"],
    ["_", "a character", "005F"],
  ])("%j, in what is public, with its number", async (character, name, number) => {
    for (const parse of [
      () => parseRecipient(native, `${recipient}${character}`),
      () => parseSigner(native, `${signer}${character}`),
    ]) {
      const error = await refused(parse);
      expect([error.code, error.message]).toEqual(["usage", expect.stringContaining(`it holds ${name} (U+${number})`)]);
      expect(error.hint).toMatch(/^A key has only letters and digits/);
    }
  });

  test.each([
    [" ", "a space"],
    ["\t", "a tab"],
    ...[..."/:@[`{,.\u007fé"].map((character) => [character, "a character that no key has"]),
  ])("%j, in a secret, by its kind alone", async (character, name) => {
    for (const text of [`${secret}${character}`, `${secret.slice(0, 40)}${character}${secret.slice(41)}`]) {
      const error = await refused(() => parseSecret(secretOf(text)));
      expect([error.code, error.message]).toEqual(["usage", `not a secret key: it holds ${name}`]);
      expect(error.hint).toMatch(/^A key has only letters and digits/);
    }
  });

  test.each(["0", "9", "A", "Z", "-"])("%j is none of them", async (character) => {
    const text = `${secret.slice(0, 40)}${character}${secret.slice(40)}`;
    expect((await refused(() => parseSecret(secretOf(text)))).message).toMatch(/^a mistyped secret key/);
  });
});

test("a secret is refused whose padding is not zero, and one of no type that has keys", async () => {
  const words = bech32m.toWords(Uint8Array.of(4, ...new Uint8Array(32).fill(9)));
  const padded = bech32m.encode("seal-secret-key-", words.with(-1, words.at(-1)! | 1), false).toUpperCase();
  const error = await refused(() => parseSecret(secretOf(padded)));
  expect([error.code, error.message]).toEqual(["usage", "not a usable secret key: its padding is not zero"]);
  const opening = { kind: "x25519", secret: copySecret(new Uint8Array(32).fill(1)) } as const;
  expect((await refused(() => encodeSecret({ opening, seed: null }))).code).toBe("usage");
});

/** The text of a secret of type 1 in which a letter that is none stands there, with a checksum that counts it as 32. */
function withStrangeLetter(at: number): string {
  const letters = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LB";
  const prefix = [..."seal-secret-key-"].map((letter) => letter.charCodeAt(0));
  const words = bech32m.toWords(Uint8Array.of(1, ...new Uint8Array(64).fill(9))).with(at, 32);
  let check = 1;
  for (const value of [
    ...prefix.map((code) => code >> 5),
    0,
    ...prefix.map((code) => code & 31),
    ...words,
    0,
    0,
    0,
    0,
    0,
    0,
  ]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [bit, row] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries())
      if ((top >> bit) & 1) check ^= row;
  }
  const sum = Array.from({ length: 6 }, (_, i) => ((check ^ 0x2bc830a3) >>> (5 * (5 - i))) & 31);
  return `SEAL-SECRET-KEY-1${[...words, ...sum].map((word) => letters[word]).join("")}`;
}

test("a letter that is none is one that is mistyped, whatever the checksum makes of it", async () => {
  for (const at of [0, 50, 103]) {
    const error = await refused(() => parseSecret(secretOf(withStrangeLetter(at))));
    expect(error.message).toMatch(/^a mistyped secret key/);
  }
});

test("a byte order mark in front is told, and one elsewhere is a character of its line", async () => {
  const error = await refused(() => linesOf("\ufeffa\nb"));
  expect([error.code, error.message]).toEqual(["usage", "line 1: begins with a byte order mark (BOM)"]);
  expect(error.hint).toBe("Save the file as UTF-8 without a BOM.");
  expect(linesOf("a\nb\ufeff")).toEqual(["a", "b\ufeff"]);
});
