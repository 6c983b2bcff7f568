// Private keys of ssh's, and accept lines that name keys of ssh's: each vector by itself, without the others' scrypt.

import { describe, expect, test } from "vitest";
import { fromHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import { type AskPassphrase, parseIdentityFile, readSigner } from "../../src/keys/identity.js";
import { parseSecret } from "../../src/keys/secret-line.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure, fixture, secretOf, shown } from "../support.js";
import { nobody, secretsLeft } from "./secrets.js";
import { lockedFile, section, seedOf } from "./ssh-file.js";

interface Vector {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly text?: string;
  readonly hex?: string;
  readonly passphrase?: string;
  readonly secret?: string;
  readonly recipient?: string;
  readonly signer?: string;
  readonly accept?: readonly string[];
}

const { identities }: { identities: readonly Vector[] } = JSON.parse(fixture("vectors.json").toString());
const vectors = identities.filter(({ name }) => name.includes("ssh"));

const fileOf = ({ text, hex }: Vector): Secret => (hex === undefined ? secretOf(text!) : copySecret(fromHex(hex)));
/** Answers three times, as somebody does who has one passphrase only. */
const asking =
  ({ passphrase }: Vector) =>
  async () =>
    passphrase === undefined ? null : secretOf(passphrase);

test.each(vectors.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
  const unlocked = parseIdentityFile(native, fileOf(vector), asking(vector)).then(async (file) => ({
    file,
    identity: await file.unlock(),
  }));
  const seed = () => readSigner(native, fileOf(vector), asking(vector));
  if (!vector.ok) {
    const code = vector.error ?? "usage";
    expect([(await failure(unlocked)).code, (await failure(seed())).code]).toEqual([code, code]);
    return;
  }
  const { file, identity } = await unlocked;
  const { recipient, signer, accept } = vector;
  expect(identity).toMatchObject({ recipient, signer });
  expect(await file.unlock()).toBe(identity);
  expect(file.accept.map(encodeSigner)).toEqual(accept);
  expect(file.isProtected).toBe(vector.passphrase !== undefined);
  expect((await seed()).seed).toEqual(parseSecret(secretOf(vector.secret!)).seed);
});

describe("of the secrets that are made, nothing is left in memory", () => {
  // node:crypto's keys, to sign by and to open by, with one byte before each.
  const IDENTITY = [33, 33];
  const lengths = async (work: () => Promise<unknown>) => (await secretsLeft(work)).map(({ length }) => length);
  const identityIn = async (file: Secret, ask: AskPassphrase) => (await parseIdentityFile(native, file, ask)).unlock();

  // Of an RSA key, none is made.
  const files = vectors.filter(({ name }) => !/^accept|pem-rsa|passphrase/.test(name));
  test.each(files.map((vector) => [vector.name, vector] as const))(
    "but what is asked for: %s",
    async (_name, vector) => {
      const file = fileOf(vector);
      expect(await lengths(() => identityIn(file, nobody))).toEqual(vector.ok ? IDENTITY : []);
      expect(await lengths(() => parseIdentityFile(native, file, nobody))).toEqual(vector.ok ? IDENTITY : []);
      expect(await lengths(() => readSigner(native, file, nobody))).toEqual(vector.ok ? [32] : []);
    },
  );

  test.each([
    ["fits", ["word"], true],
    ["fits the third time", ["", "wrong", "word"], true],
    ["fits the fourth time", ["", "wrong", "", "word"], false],
    ["is not given", [], false],
    ["is wrong, and then not given", ["wrong"], false],
  ] as const)("nor of a passphrase that %s", async (_what, answers, fits) => {
    const [file, given] = [await lockedFile(), [] as Secret[]];
    const asking = (times: number[]) => async (attempt: number) => {
      times.push(attempt);
      const answer = answers[attempt];
      if (answer === undefined) return null;
      given.push(secretOf(answer));
      return given.at(-1)!;
    };
    const [first, second] = [[], []];
    // What is encrypted stays, until the identity is gone.
    expect(await lengths(() => identityIn(file, asking(first)))).toEqual([144, ...(fits ? IDENTITY : [])]);
    expect(await lengths(() => readSigner(native, file, asking(second)))).toEqual([144, ...(fits ? [32] : [])]);
    for (const secret of given) expect(shown(secret).every((byte) => byte === 0)).toBe(true);
    const due = [0, 1, 2].slice(0, Math.min(answers.length + (fits ? 0 : 1), 3));
    expect([first, second]).toEqual([due, due]);
  });

  test("where a key fits that no passphrase is asked for again", async () => {
    let asked = 0;
    const file = await parseIdentityFile(native, await lockedFile(), async () => {
      asked++;
      return secretOf("word");
    });
    expect(asked).toBe(0);
    const identity = await file.unlock();
    expect([await file.unlock(), asked]).toEqual([identity, 1]);
  });
});

test("a section that is decrypted is padded to sixteen bytes", async () => {
  const word = async () => secretOf("word");
  for (let length = 0; length < 16; length++) {
    const comment = new Uint8Array(length).fill(0x78);
    const seedIn = async (block: number) => readSigner(native, await lockedFile({ comment, block }), word);
    expect(shown((await seedIn(16)).seed), `${length}`).toEqual(seedOf(9));
    if (section({ comment, block: 8 }).length % 16 !== 0)
      expect((await failure(seedIn(8))).message, `${length}`).toBe("the private key of ssh's is damaged");
  }
});

test("a file under an empty passphrase, which ssh never makes, is not opened by one", async () => {
  const error = await failure(readSigner(native, await lockedFile({}, ""), async () => secretOf("")));
  expect([error.code, error.message]).toEqual(["no-key", "wrong passphrase"]);
});

test("there are vectors of each", () => {
  expect(vectors.filter(({ ok }) => ok).length).toBeGreaterThan(10);
  expect(vectors.filter(({ ok }) => !ok).length).toBeGreaterThan(30);
});
