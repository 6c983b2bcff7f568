// Identity files and public key files: written and read again, and what is wrong in them is found by its line.

import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import type { SealError } from "../../src/errors.js";
import { formatIdentity, type IdentityText, identityOf, parseIdentityFile } from "../../src/keys/identity.js";
import { formatPublicKeys, parseAllPublicKeys, parsePublicKeys } from "../../src/keys/public-keys.js";
import { encodeSigner, parseRecipient, parseSigner } from "../../src/keys/text.js";
import { failure, secretOf } from "../support.js";
import { bob as friend, carol as other, alice as own, type Person } from "./people.js";
import { expectNoSecret, nobody, watched } from "./secrets.js";

const NOW = Date.UTC(2026, 10, 21);
const { secret } = own;
const keysOf = (...people: Person[]) => people.map((person) => person.signingKey.publicKey);

async function format(options: Omit<IdentityText, "of">): Promise<string> {
  return Buffer.from(await formatIdentity(native, secretOf(secret), { of: own, ...options })).toString();
}

async function refused(text: string): Promise<SealError> {
  return failure(parseIdentityFile(native, secretOf(text), nobody).then((file) => file.unlock()));
}

describe("an identity file", () => {
  test("that was written is read again, with its senders", async () => {
    for (const accept of [[], keysOf(friend), keysOf(friend, other, own)]) {
      const text = await format({ accept, now: NOW });
      const file = await parseIdentityFile(native, secretOf(text), nobody);
      expect(file).toMatchObject({ accept, isProtected: false });
      const identity = await file.unlock();
      expect(identity).toMatchObject({ recipient: own.recipient, signer: own.signer });
      expect(identity.openingKey?.publicKey).toEqual(own.publicKey);
      expect(await file.unlock(), "and unlocked once").toBe(identity);
    }
  });

  test("is read aloud as it is written", async () => {
    const { signer } = friend;
    expect((await format({ accept: keysOf(friend), now: NOW })).split("\n")).toEqual([
      "# seal identity: keep this file secret",
      "# created 2026-11-21T00:00:00.000Z",
      `# recipient ${own.recipient}`,
      `# signer    ${own.signer}`,
      secret,
      "# files of these senders are opened",
      `accept ${signer}`,
      "",
    ]);
    expect((await format({ accept: [], now: NOW })).split("\n").slice(4)).toEqual([secret, ""]);
  });

  test("says in comments who it is and when it was made; its secret stands there once", async () => {
    const text = await format({ accept: keysOf(friend), now: NOW });
    expect(text).toContain("2026-11-21T00:00:00.000Z");
    expect(text).toMatch(new RegExp(`^# .*${own.recipient}$`, "m"));
    expect(text).toMatch(new RegExp(`^# .*${own.signer}$`, "m"));
    expect(text.split(secret).length).toBe(2);
    expect(text).toMatch(/\n$/);
    expect(text).not.toMatch(/\r|\n\n/);
  });

  test.each([
    ["a space", " "],
    ["spaces", "   "],
    ["a tab", "\t"],
    ["tabs and spaces", " \t "],
  ])("has accept lines: word and key separated by %s", async (_what, separator) => {
    const text = `${secret}\naccept${separator}${friend.signer}\n`;
    expect((await parseIdentityFile(native, secretOf(text), nobody)).accept).toEqual(keysOf(friend));
  });

  test("may have its lines in any order, ends and space around them of any kind", async () => {
    const lines = ["# a comment", `accept ${friend.signer}`, "", secret, "  # another", `\taccept ${other.signer}  `];
    for (const end of ["\n", "\r\n"]) {
      for (const text of [lines.join(end), lines.toReversed().join(end), `${lines.join(end)}${end}${end}`]) {
        const file = await parseIdentityFile(native, secretOf(text), nobody);
        expect(file.accept.map(encodeSigner).sort()).toEqual([friend.signer, other.signer].sort());
        expect((await file.unlock()).signer).toBe(own.signer);
      }
    }
  });

  test("counts an accept line that is repeated once", async () => {
    const text = `${secret}\naccept ${friend.signer}\naccept\t${friend.signer}\n`;
    expect((await parseIdentityFile(native, secretOf(text), nobody)).accept).toEqual(keysOf(friend));
  });

  test("leaves no copy of the secret's bytes behind", async () => {
    const { suite, held } = watched();
    expect(await identityOf(suite, secretOf(secret))).toMatchObject({ recipient: own.recipient, signer: own.signer });
    expect(held).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });

  describe("is refused, by the line that is wrong, and without a word of a secret:", () => {
    const mistyped = `${secret.slice(0, 60)}${secret[60] === "Q" ? "P" : "Q"}${secret.slice(61)}`;
    test.each([
      ["a line that is none", `# c\n${secret}\nhello\n`, "line 3"],
      ["half a secret", `${secret}\n${secret.slice(30)}\n`, "line 2"],
      ["a secret with a word before it", `# c\nkey ${secret}\n`, "line 2"],
      ["a recipient", `${secret}\n\n${own.recipient}\n`, "line 3"],
      ["accept alone", `${secret}\naccept\n`, "line 2"],
      ["accept of nothing", `${secret}\naccept \t \n`, "line 2"],
      ["accept of a recipient", `${secret}\naccept ${own.recipient}\n`, "line 2"],
      ["accept of a secret", `accept ${secret}\n`, "line 1: a secret key where a signer key belongs"],
      ["accept of a mistyped signer", `${secret}\n# c\naccept ${friend.signer.slice(0, -1)}b\n`, "line 3"],
      [
        "accept of a signer behind which a carriage return stands",
        `${secret}\naccept ${friend.signer}\r\r\n`,
        "line 2",
      ],
      ["accept of a signer with a space that is none", `${secret}\naccept ${friend.signer}\u00a0\n`, "no-break space"],
      ["a byte order mark before it", `\ufeff${secret}\n`, "byte order mark"],
      ["accept of two signers", `${secret}\naccept ${friend.signer} ${other.signer}\n`, "line 2"],
      [
        "accept of a signer and something behind a line separator",
        `${secret}\naccept ${friend.signer}\u2028x\n`,
        "line 2",
      ],
      ["a word before accept", `${secret}\nx accept ${friend.signer}\n`, "line 2"],
      [
        "a word that ends in accept",
        `${secret}\nunaccept ${friend.signer}\n`,
        "line 2 does not belong in an identity file",
      ],
      ["accept without a space", `${secret}\naccept${friend.signer}\n`, "line 2"],
      ["a mistyped secret", `# c\n\n${mistyped}\n`, "line 3"],
      ["a secret in lower case", `# c\n${secret.toLowerCase()}\n`, "line 2"],
      ["two secrets", `${secret}\n${friend.secret}\n`, "secret"],
      ["the same secret twice", `${secret}\n${secret}\n`, "secret"],
      ["no secret", `# c\naccept ${friend.signer}\n`, "no secret"],
      ["nothing", "", "no secret"],
    ])("%s", async (_what, text, named) => {
      const error = await refused(text);
      expect(error.code).toBe("usage");
      expect(error.message).toContain(named);
      expectNoSecret(error, secret);
      expectNoSecret(error, mistyped);
    });

    test("a public key file, with a hint that says what it is", async () => {
      const error = await refused(formatPublicKeys(own));
      expect(error.code).toBe("usage");
      expect(error.hint).toMatch(/public key/);
      expect((await refused(`${own.recipient}\n`)).hint).toMatch(/public key/);
      expect((await refused(`# mine\n \t${own.signer}\n`)).hint).toMatch(/public key/);
    });

    test("something else, without that hint, and with the one that the line has", async () => {
      for (const text of ["", "hello\n", `x${own.recipient}\n`, `# ${own.recipient}\n`, `key: ${own.signer}\n`]) {
        expect((await refused(text)).hint).toBeUndefined();
      }
      expect((await refused(`${mistyped}\n`)).hint).toMatch(/Copy the key again/);
      expect((await refused(`${secret}\naccept ${friend.signer.slice(0, -1)}b\n`)).hint).toMatch(/Copy the key again/);
    });
  });
});

describe("a public key file", () => {
  test("that was written is read again", async () => {
    const text = formatPublicKeys(own);
    expect(await parsePublicKeys(native, text, "recipient")).toEqual([own.publicKey]);
    expect(await parsePublicKeys(native, text, "signer")).toEqual(keysOf(own));
  });

  test("may hold several, and comments; the other kind is left alone", async () => {
    const text = `# a\r\n\r\n  ${friend.recipient}\r\n${own.recipient}\r\n${own.signer.slice(0, -1)}\r\n#${other.recipient}`;
    expect(await parsePublicKeys(native, text, "recipient")).toEqual([friend.publicKey, own.publicKey]);
    expect((await failure(parsePublicKeys(native, text, "signer"))).message).toContain("line 5");
  });

  test.each([
    ["a line that is none", `${own.recipient}\n# c\nhello\n`, "line 3"],
    ["a mistyped key", `# c\n${own.recipient.slice(0, -1)}\n`, "line 2"],
    ["two keys in a line", `${own.recipient} ${friend.recipient}\n`, "line 1"],
    ["no recipient", `${own.signer}\n`, "no recipient"],
    ["nothing", "", "no recipient"],
    ["a secret", `# c\n${secret}\n`, "secret"],
    ["a secret in lower case", `${secret.toLowerCase()}\n`, "secret"],
    ["a protected secret", "-----BEGIN SEAL PROTECTED IDENTITY-----\n", "secret"],
    ["a private key of ssh's", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "this is a secret identity"],
  ])("is refused: %s", async (_what, text, named) => {
    const error = await failure(parsePublicKeys(native, text, "recipient"));
    expect(error.code).toBe("usage");
    expect(error.message).toContain(named);
    expectNoSecret(error, secret);
  });

  test("is read aloud as it is written", () => {
    const { recipient, signer } = own;
    const about = "# seal public keys: ";
    const uses = ["to seal for this recipient", "to know what this sender signed"] as const;
    const both = formatPublicKeys({ recipient, signer });
    expect(both).toBe(`${about}${uses[0]}, and ${uses[1]}\n${recipient}\n${signer}\n`);
    expect(formatPublicKeys({ recipient, signer: null })).toBe(`${about}${uses[0]}\n${recipient}\n`);
    expect(formatPublicKeys({ recipient: null, signer })).toBe(`${about}${uses[1]}\n${signer}\n`);
  });

  test("is refused for a key of this program's that is wrong, whatever else is in it", async () => {
    const text = `${friend.signer}\n${own.signer.slice(0, -1)}\n`;
    expect((await failure(parsePublicKeys(native, text, "signer"))).message).toMatch(/^line 2: a mistyped signer key/);
    const none = await failure(parsePublicKeys(native, `${own.recipient}\n`, "signer"));
    expect(none.message).toBe("no signer key in it");
  });

  test.each(["age1qqqq", "AGE1QQQQ"])("of another program is told from a slip: %s", async (line) => {
    expect((await failure(parsePublicKeys(native, `${line}\n`, "recipient"))).hint).toMatch(/another program's key/);
    expect((await failure(parsePublicKeys(native, `my ${line}\n`, "recipient"))).hint).toBeUndefined();
  });

  test("hands on what to do about a line", async () => {
    expect((await failure(parsePublicKeys(native, own.recipient.slice(0, -1), "recipient"))).hint).toMatch(
      /Copy the key again/,
    );
  });

  test("holds what can be sealed to, and what a signature can be checked with", async () => {
    expect(parseRecipient(native, own.recipient)).toEqual(own.publicKey);
    expect(await parseSigner(native, own.signer)).toEqual(own.signingKey.publicKey);
  });
});

describe("all the keys of a public key file", () => {
  test("as text, by their kind", async () => {
    const text = `#\n${friend.signer}\n\n ${own.recipient}\r\n${own.signer}\n`;
    expect(await parseAllPublicKeys(native, text)).toEqual({
      recipients: [own.recipient],
      signers: [friend.signer, own.signer],
    });
  });

  test.each([
    ["none", "# c\n\n", "no key"],
    ["a mistyped recipient", `${own.signer}\n${own.recipient.slice(0, -1)}\n`, "line 2: "],
    ["a mistyped signer", `${own.recipient}\n${own.signer.slice(0, -1)}\n`, "line 2: "],
    ["a line that is none", `${own.recipient}\nhello\n`, "line 2 "],
    ["a secret", `${own.recipient}\n${secret}\n`, "secret"],
  ])("are refused: %s", async (_what, text, named) => {
    const error = await failure(parseAllPublicKeys(native, text));
    expect([error.code, error.message]).toEqual(["usage", expect.stringContaining(named)]);
    expectNoSecret(error, secret);
  });
});
