// Identity files and public key files: written and read again, and what is wrong in them is found by its line.

import { beforeAll, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { SealError } from "../../src/errors.js";
import {
  type AskPassphrase,
  formatIdentity,
  formatPublicKeys,
  generateSecret,
  identityOf,
  parseIdentityFile,
  parsePublicKeys,
} from "../../src/keys/identity.js";
import { encodeSigner, parseRecipient, parseSigner } from "../../src/keys/text.js";
import { failure } from "../support.js";

const NOW = Date.UTC(2026, 10, 21);
const secret = generateSecret(native);
const own = identityOf(native, secret);
const [friend, other] = [0, 1].map(() => identityOf(native, generateSecret(native)));
const nobody: AskPassphrase = async () => expect.fail("a passphrase was asked for");
const keysOf = (...people: (typeof own | undefined)[]) => people.map((person) => person!.signingKey.publicKey);

async function refused(text: string): Promise<SealError> {
  return failure(parseIdentityFile(native, text, nobody).then((file) => file.unlock()));
}

/** No message shows a secret, in whatever case. */
function expectNoSecret(error: SealError, text = secret): void {
  const shown = `${error.message} ${error.hint} ${JSON.stringify(error)}`.toUpperCase();
  for (let from = 17; from + 6 <= text.length; from++) expect(shown).not.toContain(text.slice(from, from + 6));
}

describe("an identity file", () => {
  test("that was written is read again, with its senders", async () => {
    for (const accept of [[], keysOf(friend), keysOf(friend, other, own)]) {
      const text = await formatIdentity(native, secret, { accept, now: NOW });
      const file = await parseIdentityFile(native, text, nobody);
      expect(file).toMatchObject({ accept, isProtected: false });
      const identity = await file.unlock();
      expect(identity).toMatchObject({ recipient: own.recipient, signer: own.signer });
      expect(identity.publicKey).toEqual(own.publicKey);
      expect(await file.unlock(), "and unlocked once").toBe(identity);
    }
  });

  test("says in comments who it is and when it was made; its secret stands there once", async () => {
    const text = await formatIdentity(native, secret, { accept: keysOf(friend), now: NOW });
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
    const text = `${secret}\naccept${separator}${friend!.signer}\n`;
    expect((await parseIdentityFile(native, text, nobody)).accept).toEqual(keysOf(friend));
  });

  test("may have its lines in any order, ends and space around them of any kind", async () => {
    const lines = ["# a comment", `accept ${friend!.signer}`, "", secret, "  # another", `\taccept ${other!.signer}  `];
    for (const end of ["\n", "\r\n"]) {
      for (const text of [lines.join(end), lines.toReversed().join(end), `${lines.join(end)}${end}${end}`]) {
        const file = await parseIdentityFile(native, text, nobody);
        expect(file.accept.map(encodeSigner).sort()).toEqual([friend!.signer, other!.signer].sort());
        expect((await file.unlock()).signer).toBe(own.signer);
      }
    }
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
      ["accept of a secret", `accept ${secret}\n`, "line 1"],
      ["accept of a mistyped signer", `${secret}\n# c\naccept ${friend!.signer.slice(0, -1)}b\n`, "line 3"],
      ["accept of two signers", `${secret}\naccept ${friend!.signer} ${other!.signer}\n`, "line 2"],
      ["accept without a space", `${secret}\naccept${friend!.signer}\n`, "line 2"],
      ["a mistyped secret", `# c\n\n${mistyped}\n`, "line 3"],
      ["a secret in lower case", `# c\n${secret.toLowerCase()}\n`, "line 2"],
      ["two secrets", `${secret}\n${generateSecret(native)}\n`, "secret"],
      ["the same secret twice", `${secret}\n${secret}\n`, "secret"],
      ["no secret", `# c\naccept ${friend!.signer}\n`, "no secret"],
      ["nothing", "", "no secret"],
    ])("%s", async (_what, text, named) => {
      const error = await refused(text);
      expect(error.code).toBe("usage");
      expect(error.message).toContain(named);
      expectNoSecret(error);
      expectNoSecret(error, mistyped);
    });

    test("a public key file, with a hint that says what it is", async () => {
      const error = await refused(formatPublicKeys(own));
      expect(error.code).toBe("usage");
      expect(error.hint).toMatch(/public key/);
    });
  });
});

describe("a protected identity", () => {
  const passphrase = "pässwörd \u212b"; // NFC: ä ö as one, and the Ångström sign as Å
  let texts: { native: string; portable: string };

  const unlock = async (suite: Suite, text: string, ...answers: (string | null)[]) => {
    const asked: number[] = [];
    const file = await parseIdentityFile(suite, text, async (attempt) => {
      asked.push(attempt);
      return answers[attempt]!;
    });
    expect(asked, "parsing does not ask").toEqual([]);
    const identity = await file.unlock().catch((error: SealError) => error);
    return { file, identity, asked };
  };

  beforeAll(async () => {
    const options = { accept: keysOf(friend), passphrase, now: NOW };
    texts = {
      native: await formatIdentity(native, secret, options),
      portable: await formatIdentity(portable, secret, options),
    };
  });

  test("shows nothing of its secret, but its senders and who it is", async () => {
    for (const text of Object.values(texts)) {
      expect(text).not.toMatch(/SECRET-KEY-1/i);
      for (let from = 17; from + 8 <= secret.length; from++) expect(text).not.toContain(secret.slice(from, from + 8));
      expect(text).toContain(own.recipient);
      const file = await parseIdentityFile(native, text, nobody);
      expect(file).toMatchObject({ isProtected: true, accept: keysOf(friend) });
      const block = text.split("\n").filter((line) => /^[A-Za-z0-9+/=]+$/.test(line));
      expect(block.map((line) => line.length)).toEqual([64, 64, 64, 24]);
    }
    expect(texts.native).not.toBe(texts.portable);
  });

  test("is unlocked by its passphrase, across the suites, and asked for once", async () => {
    for (const [suite, text] of [
      [native, texts.portable],
      [portable, texts.native],
    ] as const) {
      const { file, identity, asked } = await unlock(suite, text, passphrase);
      expect(identity).toMatchObject({ recipient: own.recipient, signer: own.signer });
      expect(await file.unlock()).toBe(identity);
      expect(asked).toEqual([0]);
    }
  });

  test("takes its passphrase in any normalisation of Unicode", async () => {
    const { identity } = await unlock(native, texts.native, passphrase.normalize("NFD"));
    expect(identity).toMatchObject({ recipient: own.recipient });
  });

  test("gives up after three wrong passphrases", async () => {
    const wrong = [passphrase.normalize("NFKD").replace(/\p{M}/gu, ""), `${passphrase} `, ""];
    const { identity, asked } = await unlock(native, texts.native, ...wrong, passphrase);
    expect(identity).toMatchObject({ code: "no-key" });
    expect(asked).toEqual([0, 1, 2]);
    expectNoSecret(identity as SealError);
  });

  test("is unlocked by the third, too, and gives up at once where there is no answer", async () => {
    const third = await unlock(native, texts.native, "a", "b", passphrase);
    expect(third.identity).toMatchObject({ recipient: own.recipient });
    const none = await unlock(native, texts.native, null, passphrase);
    expect(none.identity).toMatchObject({ code: "no-key" });
    expect(none.asked).toEqual([0]);
    const one = await unlock(native, texts.native, "a", null, passphrase);
    expect(one.identity).toMatchObject({ code: "no-key" });
    expect(one.asked).toEqual([0, 1]);
  });

  test("has another salt each time, and the block cannot be taken for another's", async () => {
    const again = await formatIdentity(native, secret, { accept: [], passphrase, now: NOW });
    const block = (text: string) => /BEGIN.*\n([^-]*)/.exec(text)![1]!.replace(/\n/g, "");
    const [one, two] = [texts.native, again].map((text) => Buffer.from(block(text), "base64"));
    expect(one!.subarray(1, 17).equals(two!.subarray(1, 17))).toBe(false);
    const mixed = Buffer.concat([one!.subarray(0, 17), two!.subarray(17)]).toString("base64");
    const text = texts.native.replace(/(BEGIN.*\n)[^-]*/, `$1${mixed.match(/.{1,64}/g)!.join("\n")}\n`);
    expect((await unlock(native, text, passphrase, null)).identity).toMatchObject({ code: "no-key" });
  });

  test("is found damaged before its passphrase is asked for", async () => {
    const damaged = [
      texts.native.replace(/^(?=[A-Za-z0-9+/=]{24}$)/m, "\n"),
      texts.native.replace(/^([A-Za-z0-9+/]{63})[A-Za-z0-9+/]$/m, "$1"),
      texts.native.replace(/^([A-Za-z0-9+/]{63})[A-Za-z0-9+/]$/m, "$1*"),
      texts.native.replace(/^[A-Za-z0-9+/]{64}\n/m, ""),
      texts.native.replace("-----END SEAL", "-----END"),
      `${texts.native}${secret}\n`,
    ];
    for (const text of damaged) {
      expect(text).not.toBe(texts.native);
      expect((await refused(text)).code).toBe("usage");
    }
  });
});

describe("a public key file", () => {
  test("that was written is read again", async () => {
    const text = formatPublicKeys(own);
    expect(await parsePublicKeys(text, "recipient")).toEqual([own.publicKey]);
    expect(await parsePublicKeys(text, "signer")).toEqual(keysOf(own));
  });

  test("may hold several, and comments; the other kind is left alone", async () => {
    const text = `# a\r\n\r\n  ${friend!.recipient}\r\n${own.recipient}\r\n${own.signer.slice(0, -1)}\r\n#${other!.recipient}`;
    expect(await parsePublicKeys(text, "recipient")).toEqual([friend!.publicKey, own.publicKey]);
    expect((await failure(parsePublicKeys(text, "signer"))).message).toContain("line 5");
  });

  test.each([
    ["a line that is none", `${own.recipient}\n# c\nhello\n`, "line 3"],
    ["a mistyped key", `# c\n${own.recipient.slice(0, -1)}\n`, "line 2"],
    ["two keys in a line", `${own.recipient} ${friend!.recipient}\n`, "line 1"],
    ["no recipient", `${own.signer}\n`, "no recipient"],
    ["nothing", "", "no recipient"],
    ["a secret", `# c\n${secret}\n`, "secret"],
    ["a secret in lower case", `${secret.toLowerCase()}\n`, "secret"],
    ["a protected secret", "-----BEGIN SEAL PROTECTED IDENTITY-----\n", "secret"],
  ])("is refused: %s", async (_what, text, named) => {
    const error = await failure(parsePublicKeys(text, "recipient"));
    expect(error.code).toBe("usage");
    expect(error.message).toContain(named);
    expectNoSecret(error);
  });

  test("holds what can be sealed to, and what a signature can be checked with", async () => {
    expect(parseRecipient(own.recipient)).toEqual(own.publicKey);
    expect(await parseSigner(own.signer)).toEqual(own.signingKey.publicKey);
  });
});
