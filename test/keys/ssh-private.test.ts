// Private keys of ssh's, and accept lines that name keys of ssh's: each vector by itself, without the others' scrypt.

import { expect, test } from "vitest";
import { fromHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import { parseIdentityFile, readSigner } from "../../src/keys/identity.js";
import { parseSecret } from "../../src/keys/secret-line.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure, fixture, secretOf } from "../support.js";

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

test("there are vectors of each", () => {
  expect(vectors.filter(({ ok }) => ok).length).toBeGreaterThan(10);
  expect(vectors.filter(({ ok }) => !ok).length).toBeGreaterThan(30);
});
