// Identities under a passphrase: what an attempt gives, what damage is found, and that no secret is left behind.

import { beforeEach, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { SealError } from "../../src/errors.js";
import { formatIdentity, parseIdentityFile } from "../../src/keys/identity.js";
import { protect, unprotect } from "../../src/keys/protected.js";
import { failure, secretOf } from "../support.js";
import { bob as friend, alice as own } from "./people.js";
import { expectNoSecret, nobody, watched } from "./secrets.js";

const NOW = Date.UTC(2026, 10, 21);
const { secret } = own;
/** scrypt takes its time, which only what is about it needs. */
const quick = watched().suite;

async function refused(text: string): Promise<SealError> {
  return failure(parseIdentityFile(quick, secretOf(text), nobody).then((file) => file.unlock()));
}

describe("a protected identity", () => {
  const passphrase = "pässwörd \u212b"; // NFC: ä ö as one, and the Ångström sign as Å
  const format = async (suite: Suite) => {
    const options = { of: own, accept: [friend.signingKey.publicKey], passphrase: secretOf(passphrase), now: NOW };
    return Buffer.from(await formatIdentity(suite, secretOf(secret), options)).toString();
  };
  let text: string;

  const unlock = async (suite: Suite, text: string, ...answers: (string | null)[]) => {
    const asked: number[] = [];
    const file = await parseIdentityFile(suite, secretOf(text), async (attempt) => {
      asked.push(attempt);
      const answer = answers[attempt] ?? null;
      return answer === null ? null : secretOf(answer);
    });
    expect(asked, "parsing does not ask").toEqual([]);
    const identity = await file.unlock().catch((error: SealError) => error);
    return { file, identity, asked };
  };

  beforeEach(async () => {
    text = await format(quick);
  });

  test("shows nothing of its secret, but its senders and who it is", async () => {
    expect(text).not.toMatch(/SECRET-KEY-1/i);
    for (let from = 17; from + 8 <= secret.length; from++) expect(text).not.toContain(secret.slice(from, from + 8));
    expect(text).toContain(own.recipient);
    const file = await parseIdentityFile(quick, secretOf(text), nobody);
    expect(file).toMatchObject({ isProtected: true, accept: [friend.signingKey.publicKey] });
    const block = text.split("\n").filter((line) => /^[A-Za-z0-9+/=]+$/.test(line));
    expect(block.map((line) => line.length)).toEqual([64, 64, 64, 24]);
  });

  test("is unlocked by its passphrase, across the suites, and asked for once", async () => {
    for (const [one, other] of [
      [native, portable],
      [portable, native],
    ] as const) {
      const { file, identity, asked } = await unlock(one, await format(other), passphrase);
      expect(identity).toMatchObject({ recipient: own.recipient, signer: own.signer });
      expect(await file.unlock()).toBe(identity);
      expect(asked).toEqual([0]);
    }
  });

  test("is bound to what it is, its version and its salt", async () => {
    const seen: Uint8Array[] = [];
    const suite: Suite = {
      ...quick,
      aeadSeal: (key, nonce, plain, aad) => {
        seen.push(aad!);
        return quick.aeadSeal(key, nonce, plain, aad);
      },
    };
    const [, first] = /BEGIN.*\n(.*)/.exec(await protect(suite, secretOf(secret), secretOf(passphrase)))!;
    const head = Buffer.from(first!, "base64").subarray(0, 17);
    expect(seen).toEqual([Uint8Array.from([...Buffer.from("seal.v1 identity\0"), ...head])]);
  });

  test("takes its passphrase in any normalisation of Unicode", async () => {
    const { identity } = await unlock(quick, text, passphrase.normalize("NFD"));
    expect(identity).toMatchObject({ recipient: own.recipient });
  });

  test("gives up after three wrong passphrases", async () => {
    const wrong = [passphrase.normalize("NFKD").replace(/\p{M}/gu, ""), `${passphrase} `, ""];
    const { identity, asked } = await unlock(quick, text, ...wrong, passphrase);
    expect(identity).toMatchObject({ code: "no-key" });
    expect(asked).toEqual([0, 1, 2]);
    expectNoSecret(identity as SealError, secret);
  });

  test("is unlocked by the third, too, and gives up at once where there is no answer", async () => {
    const third = await unlock(quick, text, "a", "b", passphrase);
    expect(third.identity).toMatchObject({ recipient: own.recipient });
    const none = await unlock(quick, text, null, passphrase);
    expect(none.identity).toMatchObject({ code: "no-key" });
    expect(none.asked).toEqual([0]);
    const one = await unlock(quick, text, "a", null, passphrase);
    expect(one.identity).toMatchObject({ code: "no-key" });
    expect(one.asked).toEqual([0, 1]);
  });

  test("has another salt each time, and the block cannot be taken for another's", async () => {
    const again = await format(quick);
    const block = (text: string) => /BEGIN.*\n([^-]*)/.exec(text)![1]!.replace(/\n/g, "");
    const [one, two] = [text, again].map((text) => Buffer.from(block(text), "base64"));
    expect(one!.subarray(1, 17).equals(two!.subarray(1, 17))).toBe(false);
    const mixed = Buffer.concat([one!.subarray(0, 17), two!.subarray(17)]).toString("base64");
    const spliced = text.replace(/(BEGIN.*\n)[^-]*/, `$1${mixed.match(/.{1,64}/g)!.join("\n")}\n`);
    expect((await unlock(quick, spliced, passphrase, null)).identity).toMatchObject({ code: "no-key" });
  });

  describe("is found damaged before its passphrase is asked for:", () => {
    const BLOCK = /-----BEGIN[^\n]*\n[^-]*-----END[^\n]*\n/;
    /** The identity file with another block, made of the lines of the good one. */
    const damaged = (change: (lines: string[]) => string[]) =>
      text.replace(BLOCK, (block) => {
        const [begin, ...lines] = block.trimEnd().split("\n");
        return `${[begin, ...change(lines.slice(0, -1)), lines.at(-1)].join("\n")}\n`;
      });
    const decoded = (lines: string[]) => Buffer.from(lines.join(""), "base64");
    const wrapped = (bytes: Uint8Array) =>
      Buffer.from(bytes)
        .toString("base64")
        .match(/.{1,64}/g)!;

    test.each<[string, (lines: string[]) => string[]]>([
      ["an empty line in it", (lines) => lines.toSpliced(3, 0, "")],
      ["an empty line behind it", (lines) => [...lines, ""]],
      ["a character less", ([first, ...lines]) => [first!.slice(1), ...lines]],
      ["another character", ([first, ...lines]) => [`*${first!.slice(1)}`, ...lines]],
      ["a line less", ([first, , ...lines]) => [first!, ...lines]],
      ["all in one line", (lines) => [lines.join("")]],
      ["the last lines joined", ([one, two, three, four]) => [one!, two!, three! + four!]],
      ["the first lines joined", ([one, two, three, four]) => [one! + two!, three!, four!]],
      ["lines of 24 and 64 characters", ([one, two, three, four]) => [four!, one!, two!, three!]],
      ["lines of other lengths", (lines) => lines.join("").match(/.{1,54}/g)!],
      ["bits behind the last byte", (lines) => lines.with(3, lines[3]!.replace(/.==$/, "B=="))],
      ["no padding", (lines) => lines.with(3, lines[3]!.slice(0, -2))],
      ["a byte more", (lines) => wrapped(Buffer.concat([decoded(lines), Buffer.of(0)]))],
      ["a byte less", (lines) => wrapped(decoded(lines).subarray(0, -1))],
      ["nothing in it", () => []],
    ])("%s", async (_what, change) => {
      const changed = damaged(change);
      expect(changed).not.toBe(text);
      const error = await refused(changed);
      expect([error.code, error.message]).toEqual(["usage", expect.stringContaining("is damaged")]);
    });

    test("another version of it", async () => {
      for (const version of [0, 2, 255]) {
        const error = await refused(damaged((lines) => wrapped(decoded(lines).fill(version, 0, 1))));
        expect([error.code, error.message]).toEqual(["unsupported", expect.stringContaining(`version ${version} `)]);
        expect(error.hint).toBe("A newer seal has made it.");
      }
    });

    test("no end, or none behind its beginning", async () => {
      const headless = text.replace("-----END SEAL", "-----END");
      for (const endless of [headless, `-----END SEAL PROTECTED IDENTITY-----\n${headless}`]) {
        const error = await refused(endless);
        expect([error.code, error.message]).toEqual(["usage", expect.stringMatching(/no end|line 1 /)]);
      }
    });

    test("one secret too many", async () => {
      const error = await refused(`${text}${secret}\n`);
      expect([error.code, error.message]).toEqual(["usage", expect.stringContaining("more than one secret key")]);
      const lines = text.split("\n").length;
      const twice = await refused(text + text.replace(/^#.*\n/gm, ""));
      expect([twice.code, twice.message]).toEqual(["usage", expect.stringContaining(`line ${lines} does not belong`)]);
    });
  });

  test("holds a secret line, or is refused", async () => {
    const { suite } = watched();
    const block = await protect(suite, secretOf("x".repeat(secret.length)), secretOf("p"));
    const file = await parseIdentityFile(suite, secretOf(block), async () => secretOf("p"));
    expect((await failure(file.unlock())).code).toBe("usage");
  });

  test("takes no passphrase that is empty or no text, and does not even try", async () => {
    const { suite, held } = watched();
    const block = await protect(suite, secretOf(secret), secretOf(""));
    held.length = 0;
    for (const word of [new Uint8Array(), Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80)]) {
      const file = await parseIdentityFile(suite, secretOf(block), async () => copySecret(word));
      expect((await failure(file.unlock())).code).toBe("no-key");
    }
    expect(held).toEqual([]);
  });

  test("leaves no copy of passphrase, key or secret behind", async () => {
    const { suite, held } = watched();
    const body = (text: string) => text.trimEnd().split("\n").slice(1, -1).join("\n");
    const block = body(await protect(suite, secretOf(secret), secretOf("pass")));
    const asked: Secret[] = [];
    const ask = (word: string) => async () => {
      asked.push(secretOf(word));
      return asked.at(-1)!;
    };
    const read = async (line: Secret) => Buffer.from(line).toString();
    expect(await unprotect(suite, block, ask("pass"), read)).toBe(secret);
    await failure(unprotect(suite, block, ask("wrong"), read));
    expect([held.length > 6, asked.length]).toEqual([true, 4]);
    for (const bytes of [...held, ...asked]) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});
