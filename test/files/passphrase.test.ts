// Sealing for a passphrase: what it costs, when it is asked for, and what is left of it.

import { expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { STANZA_PASSPHRASE } from "../../src/format/stanza.js";
import { parseHeader } from "../../src/header/read.js";
import { makeStanzas } from "../../src/header/stanzas.js";
import { findFileKey, unlockFileKey } from "../../src/header/unlock.js";
import { Identity, openBytes, sealBytes } from "../../src/index.js";
import { bytesSource } from "../../src/io/bytes.js";
import { madeUp } from "../../src/keys/passphrase.js";
import { failure, identityFile, newPerson, secretOf, shown, xwingIdentity } from "../support.js";

/** A suite whose scrypt costs nothing, and is counted. */
function counting(): Suite & { count: number } {
  const suite = {
    ...native,
    count: 0,
    scrypt: async (passphrase: Secret, salt: Uint8Array) => {
      suite.count += 1;
      return copySecret(native.sha256(Buffer.from(passphrase), salt));
    },
  };
  return suite;
}

const fileKey = native.randomSecret(32);

async function headerFor(suite: Suite, recipients: readonly Uint8Array[], passphrase: string | null) {
  const sealed = await sealBytes(new Uint8Array(5), { to: [(await newPerson()).recipient], unsigned: true });
  const header = await parseHeader(bytesSource(Uint8Array.from(sealed)), suite);
  const word = passphrase === null ? null : secretOf(passphrase);
  return { ...header, stanzas: await makeStanzas(suite, { recipients, passphrase: word }, fileKey, header.coreHash) };
}

test("a hostile file costs four derivations at most, and one passphrase", async () => {
  const suite = counting();
  const header = await headerFor(suite, [], "sesame");
  suite.count = 0;
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return secretOf("another");
  };
  const stanzas = Array.from({ length: 4096 }, () => header.stanzas[0]!);
  expect(await findFileKey(suite, { ...header, stanzas }, [], { passphrase: ask })).toBe(null);
  expect([suite.count, asked]).toEqual([4, 1]);
});

test("nobody is asked where a key opens it, or where nothing in it is for a passphrase; what was given is erased", async () => {
  const suite = counting();
  const ann = await xwingIdentity(suite);
  const asked: Secret[] = [];
  const passphrase = async () => {
    asked.push(secretOf("another"));
    return asked.at(-1)!;
  };
  const unlocking = { suite, from: null, policy: { allowUnsigned: true }, passphrase };
  const unlock = async (header: Awaited<ReturnType<typeof headerFor>>, keys = [identityFile(ann)]) =>
    (await failure(unlockFileKey(header, { ...unlocking, identities: keys }))).code;
  // The file key is not the one that the core commits to: that is looked at only where a stanza opened.
  expect(await unlock(await headerFor(suite, [ann.publicKey], "sesame"))).toBe("tampered");
  expect(await unlock(await headerFor(suite, [ann.publicKey], null))).toBe("tampered");
  expect(await unlock(await headerFor(suite, [ann.publicKey], null), [])).toBe("no-key");
  expect(asked).toHaveLength(0);
  expect(await unlock(await headerFor(suite, [ann.publicKey], "sesame"), [])).toBe("no-key");
  expect(asked.map(shown)).toEqual([new Uint8Array(7)]);
});

test("no identity is unlocked, and so asks for its own passphrase, for a file that only a passphrase opens", async () => {
  const suite = counting();
  const header = await headerFor(suite, [], "sesame");
  const locked = {
    accept: [],
    isProtected: true,
    unlock: async () => {
      throw new Error("unlocked");
    },
  };
  const passphrase = async () => secretOf("sesame");
  const unlocking = { suite, identities: [locked], from: null, policy: { allowUnsigned: true }, passphrase };
  expect((await failure(unlockFileKey(header, unlocking))).code).toBe("tampered");
});

test("stands among others in random order, each time under a salt of its own", async () => {
  const suite = counting();
  const people = await Promise.all([xwingIdentity(suite), xwingIdentity(suite)]);
  const keys = people.map(({ publicKey }) => publicKey);
  const salts = new Set<string>();
  const places = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const { stanzas } = await headerFor(suite, keys, "sesame");
    const at = stanzas.findIndex(({ type }) => type === STANZA_PASSPHRASE);
    places.add(at);
    salts.add(Buffer.from(stanzas[at]!.body.subarray(0, 16)).toString("hex"));
  }
  expect([places.size, salts.size]).toEqual([3, 40]);
});

test("does not go together with classic keys", async () => {
  const classic = await newPerson();
  const error = await failure(headerFor(counting(), [classic.publicKey], "sesame"));
  expect([error.code, error.reason]).toEqual(["usage", "mixed-recipients"]);
});

test("the library seals and opens by one, and leaves the caller's alone", async () => {
  const passphrase = new TextEncoder().encode("open sesame");
  const { identity } = await Identity.generate();
  const sealed = await sealBytes(Uint8Array.of(1, 2), { to: [], passphrase, sign: identity });
  const from = [identity.signer];
  expect([...(await openBytes(sealed, { keys: [], passphrase, from }))]).toEqual([1, 2]);
  expect(new TextDecoder().decode(passphrase)).toBe("open sesame");
  const wrong = await failure(openBytes(sealed, { keys: [], passphrase: Uint8Array.of(0x61), from }));
  expect(wrong.code).toBe("no-key");
  expect((await failure(openBytes(sealed, { keys: [], from }))).code).toBe("no-key");
  expect((await failure(sealBytes(sealed, { to: [], unsigned: true }))).code).toBe("usage");
  const empty = { keys: [], passphrase: new Uint8Array(0), from };
  expect((await failure(openBytes(sealed, empty))).code).toBe("usage");
});

test("one that is made up has five groups of four letters, each of 24 as likely", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 500; i++) {
    const word = Buffer.from(shown(madeUp(native))).toString();
    expect(word).toMatch(/^([a-km-z]{4}-){4}[a-km-z]{4}$/);
    for (const letter of word.replaceAll("-", "")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  // 417 are expected, with a deviation of 20: six of these happen once in a billion letters.
  for (const count of counts.values()) expect(Math.abs(count - 10_000 / 24)).toBeLessThan(120);
});
