// Keys as text: one to one, and a slip of the hand is found.

import { bech32m } from "@scure/base";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equal } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import { encodeSecret, parseSecret } from "../../src/keys/secret-line.js";
import { encodeRecipient, encodeSigner, keyKind, parseRecipient, parseSigner, trimmed } from "../../src/keys/text.js";
import { failure, newPerson, personOf, secretOf } from "../support.js";
import { alice } from "./people.js";

const CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BOTH = [native, portable];
const { secret, recipient, signer } = alice;

const PARSE = {
  recipient: async (text: string) => parseRecipient(native, text),
  signer: async (text: string) => parseSigner(native, text),
  secret: async (text: string) => parseSecret(secretOf(text)),
};
const refusedRecipient = (text: string) => failure(Promise.resolve().then(() => parseRecipient(native, text)));
const refusedSecret = (text: string) => failure(Promise.resolve().then(() => parseSecret(secretOf(text))));

test("each kind looks like itself, and what it says is read again", async () => {
  for (let i = 0; i < 50; i++) {
    const identity = await newPerson(BOTH[i % 2]!);
    expect(identity.recipient).toMatch(/^seal1[02-9ac-hj-np-z]{59}$/);
    expect(identity.signer).toMatch(/^sealsig1[02-9ac-hj-np-z]{59}$/);
    expect(equal(parseRecipient(native, identity.recipient), identity.publicKey)).toBe(true);
    expect(equal(await parseSigner(native, identity.signer), identity.signingKey.publicKey)).toBe(true);
    expect(encodeRecipient(native, parseRecipient(native, identity.recipient))).toBe(identity.recipient);
    expect(encodeSigner(await parseSigner(native, identity.signer))).toBe(identity.signer);
  }
});

const TYPES = [
  [1, "x25519", true],
  [2, "xwing", true],
  [3, "xwing", false],
  [4, null, true],
] as const;

test("a secret of any bytes and type, and its line, are one to one; Bech32m is as others have it", () => {
  const half = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((byte) => byte !== 0));
  fc.assert(
    fc.property(half, half, fc.constantFrom(...TYPES), (opening, signing, [type, opens, signs]) => {
      const keys = {
        opening: opens && { kind: opens, secret: copySecret(opening) },
        seed: signs ? copySecret(signing) : null,
      };
      const line = encodeSecret(keys);
      const text = Buffer.from(line).toString();
      expect(text).toMatch(/^SEAL-SECRET-KEY-1[02-9AC-HJ-NP-Z]+$/);
      expect(text.length).toBe(opens && signs ? 127 : 76);
      const { words } = bech32m.decode(text.toLowerCase() as `${string}1${string}`, false);
      expect([...bech32m.fromWords(words)]).toEqual([type, ...(opens ? opening : []), ...(signs ? signing : [])]);
      expect(parseSecret(line)).toEqual(keys);
    }),
  );
});

test("a secret that opens by X25519 alone has no type", () => {
  const opening = { kind: "x25519", secret: copySecret(Uint8Array.of(1)) } as const;
  for (const keys of [
    { opening, seed: null },
    { opening: null, seed: null },
  ])
    expect(() => encodeSecret(keys)).toThrow(/no type of secret key/);
});

test("both suites see the same person in a secret, of whatever type", async () => {
  const seed = copySecret(new Uint8Array(32).fill(7));
  for (const [, opens, signs] of TYPES) {
    const line = encodeSecret({ opening: opens && { kind: opens, secret: seed }, seed: signs ? seed : null });
    const [one, other] = [await personOf(native, line), await personOf(portable, line)];
    expect([one.recipient, one.signer]).toEqual([other.recipient, other.signer]);
    expect([one.recipient !== null, one.signer !== null]).toEqual([opens !== null, signs]);
  }
  expect((await personOf(native, secret)).recipient).toBe(recipient);
});

describe("a recipient with a slip is refused as usage:", () => {
  test("any other character at any position", async () => {
    for (let at = 0; at < recipient.length; at++) {
      for (const character of `${CHARACTERS}bio1 -A`.replace(recipient[at]!, "")) {
        const text = recipient.slice(0, at) + character + recipient.slice(at + 1);
        const error = await refusedRecipient(text);
        expect(error.code, text).toBe("usage");
        if (at >= 5) expect(error.message, text).toMatch(/mistyped|lower case|it holds/);
      }
    }
  });

  test("any two characters swapped, one lost, one doubled, one put in, or the end cut off", async () => {
    for (let at = 0; at < recipient.length; at++) {
      const [before, character, after] = [recipient.slice(0, at), recipient[at]!, recipient.slice(at + 1)];
      const texts = [
        before + after,
        before + character + character + after,
        `${before}q${character}${after}`,
        recipient.slice(0, at),
        recipient.slice(at + 1),
      ];
      if (after !== "" && after[0] !== character) texts.push(before + after[0] + character + after.slice(1));
      for (const text of texts) {
        // Bech32m has no defence against a "q" before the last "p" that BIP 350 does not know; our lengths do.
        expect((await refusedRecipient(text)).code, text).toBe("usage");
      }
    }
  });

  test("another prefix that begins as the right one, with a separator, and a checksum that fits it", async () => {
    const { words } = bech32m.decode(recipient as `${string}1${string}`, false);
    const text = bech32m.encode("seal1qqq", words, false);
    expect(await refusedRecipient(text)).toMatchObject({ code: "usage", message: expect.stringContaining("mistyped") });
  });

  test("white space around it, or a line end", async () => {
    for (const text of [` ${recipient}`, `${recipient} `, `${recipient}\n`, `${recipient}\r`, `${recipient}\u00a0`])
      expect((await refusedRecipient(text)).code).toBe("usage");
  });
});

/**
 * Texts of good payloads, each with this letter in its checksum, which fits if the letter stands for that value, whose
 * bits above the fifth reach into the letters before.
 */
function carried(prefix: string, payloadOf: (fill: number) => number[], letter: string, value: number): string[] {
  const group = (i: number) => (i < 6 ? (value >> (5 * i)) & 31 : 0);
  const texts: string[] = [];
  for (let fill = 1; fill < 256; fill++) {
    const data = bech32m.toWords(Uint8Array.from(payloadOf(fill)));
    for (let at = 0; at < 5; at++) {
      // The words as which such a decoder takes them.
      const taken = data.map((word, i) => word ^ group(data.length + at - i));
      const check = [...bech32m.encode(prefix, taken, false).slice(-6)].map((character) =>
        CHARACTERS.indexOf(character),
      );
      if (check[at] !== group(0)) continue;
      const written = check.map((word, i) => (i === at ? letter : CHARACTERS[i > at ? word : word ^ group(at - i)]));
      texts.push(`${prefix}1${data.map((word) => CHARACTERS[word]).join("")}${written.join("")}`);
    }
  }
  return texts;
}

test.each([-1, 0, 31, 32, 255])(
  "a letter outside of the alphabet is refused also where the checksum would fit if it were %i",
  async (value) => {
    for (const letter of "bio1") {
      const payload = (fill: number) => [1, ...Array.from({ length: 32 }, () => fill)];
      const recipients = carried("seal", payload, letter, value);
      const lines = carried("seal-secret-key-", (fill) => [...payload(fill), ...payload(fill).slice(1)], letter, value);
      expect([recipients.length > 9, lines.length > 9]).toEqual([true, true]);
      for (const text of recipients) expect((await refusedRecipient(text)).message, text).toMatch(/mistyped/);
      for (const text of lines) expect((await refusedSecret(text.toUpperCase())).message).toMatch(/mistyped/);
    }
  },
);

test("a secret with a slip is refused, and never shown", async () => {
  for (let at = 0; at < secret.length; at += 3) {
    const other = secret[at] === "Q" ? "P" : "Q";
    const error = await refusedSecret(secret.slice(0, at) + other + secret.slice(at + 1));
    expect(error.code).toBe("usage");
    for (const text of [error.message, error.hint ?? "", JSON.stringify(error)]) {
      for (let from = 17; from + 8 < secret.length; from++) expect(text).not.toContain(secret.slice(from, from + 8));
    }
  }
});

describe("one kind where another belongs is called by its name:", () => {
  test.each([
    ["recipient", signer, "signer"],
    ["recipient", secret, "secret"],
    ["signer", recipient, "recipient"],
    ["signer", secret, "secret"],
  ] as const)("where a %s belongs", async (wanted, text, found) => {
    const parse = PARSE[wanted];
    const error = await failure(Promise.resolve().then(async () => parse(text)));
    expect(error.code).toBe("usage");
    expect(error.message).toContain(`a ${found} key where a ${wanted} key belongs`);
    expect(error.hint).toContain({ recipient: "seal1", signer: "sealsig1" }[wanted]);
  });

  test("and keyKind tells them apart, in any case", () => {
    for (const [text, kind] of [
      [recipient, "recipient"],
      [signer, "signer"],
      [secret, "secret"],
    ] as const) {
      expect(keyKind(text)).toBe(kind);
      expect(keyKind(text.toUpperCase())).toBe(kind);
      expect(keyKind(text.toLowerCase())).toBe(kind);
    }
    for (const text of ["", "seal", "sealed1", "age1qqq", " seal1", "ssh-ed25519"]) expect(keyKind(text)).toBeNull();
  });
});

describe("a line", () => {
  test("loses one CR at its end, and then spaces and tabs around, and nothing else", () => {
    expect(trimmed(" \t a \t b\t \r")).toBe("a \t b");
    expect(trimmed("a\r\r")).toBe("a\r");
    expect(trimmed(" \t\r")).toBe("");
    for (const other of ["\u00a0", "\u3000", "\v", "\f", "\r"])
      expect(trimmed(`${other}a${other} `)).toBe(`${other}a${other}`);
  });

  test("takes time in proportion to its length, wherever its spaces are", () => {
    // A second try at each of the spaces would take days.
    const line = `a${" \t".repeat(2 ** 22)}b`;
    expect(trimmed(` ${line} `)).toBe(line);
  });
});

describe("what cannot be used is told why:", () => {
  const encoded = (prefix: string, ...bytes: number[]) =>
    bech32m.encode(prefix, bech32m.toWords(Uint8Array.from(bytes)), false);
  const some = (length: number) => Array.from({ length }, () => 9);
  const zeros = (length: number) => Array.from({ length }, () => 0);
  const words = bech32m.toWords(Uint8Array.of(1, ...some(32)));
  const padded = bech32m.encode("seal", words.with(-1, words.at(-1)! | 1), false);
  const lineOf = (...bytes: number[]) => encoded("seal-secret-key-", ...bytes).toUpperCase();

  test.each([
    ["a recipient without a type", "recipient", encoded("seal"), "it has no type"],
    ["a short recipient", "recipient", encoded("seal", 1, ...some(31)), "31 bytes instead of 32"],
    ["a long recipient", "recipient", encoded("seal", 1, ...some(33)), "33 bytes instead of 32"],
    ["padding that is not zero", "recipient", padded, "padding is not zero"],
    ["a recipient that is zero", "recipient", encoded("seal", 1, ...zeros(32)), "it is zero, of small order"],
    ["a recipient in upper case", "recipient", recipient.toUpperCase(), "lower case only"],
    ["a short post-quantum recipient", "recipient", encoded("seal", 2, ...some(32)), "32 bytes instead of 1224"],
    ["a short signer", "signer", encoded("sealsig", 1, ...some(31)), "31 bytes instead of 32"],
    ["a signer that is no point of prime order", "signer", encoded("sealsig", 1, ...zeros(32)), "of prime order"],
    ["a signer in mixed case", "signer", signer.slice(0, 20) + signer.slice(20).toUpperCase(), "lower case only"],
    ["a secret without a type", "secret", lineOf(), "it has no type"],
    ["a secret of one key, where two are due", "secret", lineOf(2, ...some(32)), "32 bytes instead of 64"],
    ["a secret of two keys, where one is due", "secret", lineOf(3, ...some(64)), "64 bytes instead of 32"],
    ["a secret to sign with, which is zero", "secret", lineOf(4, ...zeros(32)), "a key in it is zero"],
    ["a short secret", "secret", lineOf(1, ...some(63)), "63 bytes instead of 64"],
    ["a secret whose first half is zero", "secret", lineOf(1, ...zeros(32), ...some(32)), "a key in it is zero"],
    ["a secret whose other half is zero", "secret", lineOf(1, ...some(32), ...zeros(32)), "a key in it is zero"],
    ["a secret in lower case", "secret", secret.toLowerCase(), "upper case only"],
  ] as const)("%s", async (_what, kind, text, why) => {
    const parse = PARSE[kind];
    const error = await failure((async () => parse(text))());
    expect([error.code, error.message]).toEqual([
      "usage",
      expect.stringMatching(`^not a usable ${kind} key: .*${why}`),
    ]);
  });

  test.each([
    ["recipient", encoded("seal", 3, ...some(32))],
    ["recipient", encoded("seal", 0, ...some(32))],
    ["signer", encoded("sealsig", 2, ...some(32))],
    ["secret", lineOf(5, ...some(64))],
    ["secret", lineOf(0, ...some(64))],
  ] as const)("a %s of a type that a newer program made is unsupported: %s", async (kind, text) => {
    const error = await failure(PARSE[kind](text));
    expect([error.code, error.message]).toEqual(["unsupported", expect.stringContaining(`a ${kind} key of type`)]);
    expect(error.hint).toMatch(/newer seal/);
  });

  test("a mistyped one, and one that is none, with what to do", async () => {
    expect((await refusedRecipient(recipient.slice(0, -1))).hint).toMatch(/Copy the key again/);
    const none = await refusedRecipient("hello");
    expect([none.code, none.message, none.hint]).toEqual(["usage", "not a recipient key", 'It begins with "seal1".']);
    expect((await refusedSecret("hello")).hint).toBe('It begins with "SEAL-SECRET-KEY-1".');
  });
});

test.each([
  ["a", "a"],
  ["a\r", "a"],
  [" \t a \t\t ", "a"],
  ["\ta\t \r", "a"],
  ["a  b\tc", "a  b\tc"],
  ["a\r ", "a\r"],
  ["a\r\r", "a\r"],
  ["\ra", "\ra"],
  ["a\rb", "a\rb"],
  ["\u00a0a\u000b", "\u00a0a\u000b"],
  [" \t\r", ""],
  ["", ""],
])("only spaces, tabs and a line's end are taken off it: %j", (line, text) => expect(trimmed(line)).toBe(text));
