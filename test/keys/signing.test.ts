// What an identity signs by, and which new ones there are; of secrets, nothing stays behind.

import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import {
  generateSecret,
  identityOf,
  type NewIdentity,
  parseIdentityFile,
  readSigner,
  signingKeyOf,
} from "../../src/keys/identity.js";
import { protect } from "../../src/keys/protected.js";
import { parsePublicKeys, sshSignerIn } from "../../src/keys/public-keys.js";
import { encodeSecret, parseSecret } from "../../src/keys/secret-line.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { failure, fixture, secretOf } from "../support.js";
import { alice, bob } from "./people.js";
import { nobody, watched } from "./secrets.js";

const { secret } = alice;
const of = (fill: number) => copySecret(new Uint8Array(32).fill(fill));
const lineOf = (...keys: Parameters<typeof encodeSecret>) => Buffer.from(encodeSecret(...keys)).toString();
const signing = lineOf({ opening: null, seed: of(7) });
const opening = lineOf({ opening: { kind: "xwing", secret: of(8) }, seed: null });

const { identities }: { identities: { name: string; text: string; signer: string }[] } = JSON.parse(
  fixture("vectors.json").toString(),
);
const ssh = identities.find(({ name }) => name === "ssh-plain")!;

describe("the seed of an identity", () => {
  const seedIn = async (text: string, ask = nobody) => readSigner(watched().suite, secretOf(text), ask);
  const seed = parseSecret(secretOf(secret)).seed!;

  test("with whom it accepts: of a secret line, of a block, of what only signs", async () => {
    const accept = `accept ${bob.signer}\n`;
    expect(await seedIn(`${secret}\n${accept}`)).toEqual({ seed, accept: [bob.signingKey.publicKey] });
    expect(await seedIn(`${signing}\n`)).toEqual({ seed: of(7), accept: [] });
    const block = await protect(watched().suite, secretOf(secret), secretOf("pass"));
    expect(await seedIn(`${block}${accept}`, async () => secretOf("pass"))).toMatchObject({ seed, accept: [{}] });
  });

  test("of a private key of ssh's, which accepts nobody", async () => {
    const found = await seedIn(ssh.text);
    expect(found.accept).toEqual([]);
    const signer = native.signingKey(found.seed).publicKey;
    expect([signer]).toEqual(await parsePublicKeys(native, `${ssh.signer}\n`, "signer"));
  });

  test("is not there where it only opens", async () => {
    const only = { code: "usage", reason: "only-opens" };
    expect(await failure(seedIn(`${opening}\n`))).toMatchObject(only);
    const identity = await identityOf(native, secretOf(opening));
    expect(await failure((async () => signingKeyOf(identity))())).toMatchObject(only);
    const other = await identityOf(native, secretOf(signing));
    expect(signingKeyOf(other)).toBe(other.signingKey);
  });
});

describe("a new secret", () => {
  /** Its secrets, as they are when it is made. */
  const made = (kind: NewIdentity, seed: Secret | null = null) => {
    const drawn: Secret[] = [];
    const randomSecret = (length: number) => {
      expect(length).toBe(32);
      drawn.push(of(drawn.length + 1));
      return drawn.at(-1)!;
    };
    const line = generateSecret({ ...native, randomSecret }, kind, seed);
    return { keys: parseSecret(line), drawn };
  };

  test.each([
    [{ opens: "x25519", signs: true }, 2],
    [{ opens: "xwing", signs: true }, 2],
    [{ opens: "xwing", signs: false }, 1],
    [{ opens: null, signs: true }, 1],
  ] as const)("%j is drawn, and only the line is left", (kind, count) => {
    const { keys, drawn } = made(kind);
    expect([keys.opening?.kind ?? null, keys.seed !== null]).toEqual([kind.opens, kind.signs]);
    expect([keys.opening?.secret, keys.seed].filter(Boolean)).toEqual([of(1), of(2)].slice(0, count));
    expect(drawn).toEqual(Array.from({ length: count }, () => of(0)));
  });

  test("signs by a seed that is given, which stays its owner's", () => {
    const seed = of(9);
    const { keys, drawn } = made({ opens: "xwing", signs: true }, seed);
    expect([keys.seed, seed, drawn]).toEqual([of(9), of(9), [of(0)]]);
  });

  test("is not there of X25519 alone: and nothing of it is left", async () => {
    const drawn: Secret[] = [];
    const randomSecret = () => {
      drawn.push(of(1));
      return drawn[0]!;
    };
    const make = async () => generateSecret({ ...native, randomSecret }, { opens: "x25519", signs: false });
    expect((await failure(make())).code).toBe("usage");
    expect(drawn).toEqual([of(0)]);
  });
});

describe("the key of ssh's that an agent is asked for", () => {
  const [one, two] = [alice, bob].map(({ signingKey }) => encodeSshKey(signingKey.publicKey));
  const refusal = async (text: string) => failure(sshSignerIn(native, text));

  test("is the one in its file", async () => {
    expect(await sshSignerIn(native, `# mine\n\t${one} me@here \n`)).toEqual(alice.signingKey.publicKey);
  });

  test("is none of several, nor one of this program's", async () => {
    const several = await refusal(`${one}\n${two}\n`);
    expect([several.code, several.message]).toEqual(["usage", "more than one key, and one is to sign"]);
    const none = await refusal(`${alice.recipient}\n${alice.signer}\n`);
    expect([none.code, none.message]).toEqual(["usage", "this is a file of public keys, which sign nothing"]);
    expect(none.hint).toMatch(/^The secret is in the \.key file beside it/);
  });
});

test("lines of an identity may begin with an empty one, and a block holds no secret in the clear", async () => {
  const file = await parseIdentityFile(native, secretOf(`\n\n${secret}`), nobody);
  expect((await file.unlock()).signer).toBe(alice.signer);
  const [begin, end] = ["-----BEGIN SEAL PROTECTED IDENTITY-----", "-----END SEAL PROTECTED IDENTITY-----"];
  const damaged = await parseIdentityFile(native, secretOf(`${begin}\nAAAA\n${secret}\n${end}\n`), nobody);
  const error = await failure(damaged.unlock());
  expect([error.code, error.message]).toEqual(["usage", "the protected block of the identity file is damaged"]);
});
