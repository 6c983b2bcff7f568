// Finding the file key: whose keys take part, what is said where none opens, and what becomes of a file key that is
// wrong.

import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { runTrials, stanzaOpenerHere } from "../../src/engine/stanzas.js";
import { SealError } from "../../src/errors.js";
import type { Header } from "../../src/format/header.js";
import { parseHeader } from "../../src/header/read.js";
import { findFileKey, openingKeys, policyOf, type Unlocking, unlockFileKey } from "../../src/header/unlock.js";
import { bytesSource } from "../../src/io/bytes.js";
import type { IdentityFile } from "../../src/keys/identity.js";
import { content, sealed, sender, stranger } from "../files/samples.js";
import { failure, identityFile, secretOf, xwingIdentity } from "../support.js";

const scrypt = async (passphrase: Secret, salt: Uint8Array) => copySecret(native.sha256(passphrase, salt));
const suite = { ...native, scrypt };
const [ann, ben] = [await xwingIdentity(suite), await xwingIdentity(suite)];
const signer = sender.signingKey.publicKey;

async function headerOf(options: Parameters<typeof sealed>[1]): Promise<Header> {
  const { file } = await sealed(content(5), { suite, ...options });
  return parseHeader(bytesSource(file), suite);
}
const to = (...people: (typeof ann)[]) => ({ recipients: people.map(({ publicKey }) => publicKey) });

const BOTH = await headerOf({ ...to(ann), passphrase: secretOf("sesame") });
const KEYS = await headerOf(to(ann));
const UNSIGNED = await headerOf({ ...to(ann), signer: null });

const ask = (text: string) => async () => secretOf(text);
const lockedBy = (error: Error): IdentityFile => ({
  accept: [signer],
  isProtected: true,
  unlock: () => Promise.reject(error),
});
const noKey = (message: string) => new SealError("no-key", message);

const unlock = (header: Header, given: Partial<Unlocking>) =>
  unlockFileKey(header, { suite, identities: [], from: [signer], policy: { allowUnsigned: true }, ...given });
const opens = async (header: Header, given: Partial<Unlocking>) => (await unlock(header, given)).length === 32;
const refused = async (header: Header, given: Partial<Unlocking>) => {
  const { code, message, reason, hint } = await failure(unlock(header, given));
  return { code, message, reason, hint };
};

describe("whose keys take part", () => {
  test("those that accept the signer, by accept lines, as a sender, or as the caller says", async () => {
    const accepting = (...accept: Bytes[]) => [identityFile(ann, accept)];
    expect(await opens(KEYS, { from: null, identities: accepting(signer) })).toBe(true);
    const policy = { allowUnsigned: false, senders: [signer] };
    expect(await opens(KEYS, { from: null, identities: accepting(), policy })).toBe(true);
    expect(await opens(KEYS, { from: "any", identities: accepting() })).toBe(true);
    expect(await opens(UNSIGNED, { from: null, identities: accepting() })).toBe(true);
    const other = { from: null, identities: accepting(stranger.signingKey.publicKey) };
    expect(await refused(KEYS, other)).toMatchObject({ code: "untrusted", reason: "not-accepted" });
    expect(
      await refused(KEYS, { ...other, identities: [...other.identities, identityFile(ben, [signer])] }),
    ).toMatchObject({ code: "untrusted" });
  });

  test("and the senders of the contacts where the caller names none", () => {
    const policy = { allowUnsigned: false, senders: [signer] };
    const all = { suite, identities: [identityFile(ann, [signer]), identityFile(ben)], policy };
    expect(policyOf({ ...all, from: null })).toMatchObject({ from: [signer], senders: [signer] });
    expect(policyOf({ ...all, from: "any" })).toMatchObject({ from: "any", senders: [] });
  });
});

describe("where none opens", () => {
  test("that is said, and of the passphrase too where there is one", async () => {
    const hint = "It was sealed for other recipients. Ask the sender to seal it for your public key.";
    const message = "none of the keys given opens this file";
    const none = { code: "no-key", message, reason: "other-recipients", hint };
    expect(await refused(KEYS, { identities: [identityFile(ben)] })).toEqual(none);
    expect(await refused(KEYS, { identities: [identityFile(ben)], passphrase: ask("sesame") })).toEqual(none);
    const passphrase = ask("another");
    const wrong = { code: "no-key", message: "wrong passphrase", reason: undefined, hint: undefined };
    expect(await refused(BOTH, { passphrase })).toEqual(wrong);
    const both = { ...wrong, message: `wrong passphrase, and ${message}` };
    expect(await refused(BOTH, { identities: [identityFile(ben)], passphrase })).toEqual(both);
  });

  test("a key that stays locked is told of, the first of them, where the passphrase does not open either", async () => {
    const identities = ["first", "second"].map((message) => lockedBy(noKey(message)));
    expect(await refused(KEYS, { identities })).toMatchObject({ message: "first" });
    expect(await refused(BOTH, { identities, passphrase: ask("another") })).toMatchObject({ message: "first" });
    expect(await opens(BOTH, { identities, passphrase: ask("sesame") })).toBe(true);
    const one = [...identities, identityFile(ann)];
    expect(await opens(BOTH, { identities: one, passphrase: ask("another") })).toBe(true);
  });

  test("any other error of a key ends it at once", async () => {
    const damaged = new SealError("usage", "damaged");
    for (const error of [damaged, new Error("a bug"), Object.assign(new Error("a bug"), { code: "no-key" })]) {
      const given = { identities: [lockedBy(error)], passphrase: ask("sesame") };
      await expect(unlock(BOTH, given)).rejects.toBe(error);
      await expect(openingKeys([lockedBy(error)])).rejects.toBe(error);
    }
  });

  test("keys that open nothing are passed over", async () => {
    const signs = identityFile({ ...ann, openingKey: null });
    expect(await openingKeys([signs, identityFile(ben)])).toEqual([ben.openingKey]);
  });
});

describe("a file key that is wrong", () => {
  const keys = [ann.openingKey];
  const altered = (header: Header, bytes: Bytes) => ({ ...header, authenticator: bytes.with(31, bytes[31]! ^ 1) });

  test("is refused where the core commits to another, whoever has signed", async () => {
    for (const header of [KEYS, UNSIGNED]) {
      const commitment = header.core.commitment.with(0, header.core.commitment[0]! ^ 1);
      const other = { ...header, core: { ...header.core, commitment } };
      expect(await failure(findFileKey(suite, other, keys))).toMatchObject({
        code: "tampered",
        message: "the file key is not the one that the header commits to",
      });
    }
  });

  test("is refused where the MAC of an unsigned header is another; in a signed one there is none", async () => {
    expect(await failure(findFileKey(suite, altered(UNSIGNED, UNSIGNED.authenticator), keys))).toMatchObject({
      code: "tampered",
      message: "the header does not authenticate",
    });
    expect(await findFileKey(suite, altered(KEYS, KEYS.authenticator), keys)).toHaveLength(32);
    expect(await findFileKey(suite, UNSIGNED, keys)).toHaveLength(32);
  });

  test("is erased, and so is the passphrase that was given, however it ends", async () => {
    const given: Secret[] = [];
    const found: Secret[] = [];
    const aeadOpen: typeof native.aeadOpen = (...all) => {
      const key = native.aeadOpen(...all);
      if (key) found.push(key);
      return key;
    };
    const watched = { ...suite, aeadOpen };
    const other = { ...BOTH, core: { ...BOTH.core, commitment: new Uint8Array(32) } };
    const passphrase = async () => {
      given.push(secretOf("sesame"));
      return given.at(-1)!;
    };
    await failure(findFileKey(watched, other, keys));
    await failure(findFileKey(watched, other, [], { passphrase }));
    await failure(findFileKey(watched, altered(UNSIGNED, UNSIGNED.authenticator), keys));
    expect([given.length, found.length]).toEqual([1, 3]);
    expect([...given, ...found].filter((secret) => secret.some((byte) => byte !== 0))).toEqual([]);
  });
});

describe("of many stanzas", () => {
  const one = KEYS.stanzas[0]!;
  const other = { ...one, body: one.body.with(40, one.body[40]! ^ 1) };
  const spread = { stanzas: (at: number, length = 100) => Array.from({ length }, (_, i) => (i === at ? one : other)) };
  const found: Secret[] = [];
  let closed = 0;
  /** Answers in the order in which it is told to. */
  const engineOf = (answer: (place: number) => Promise<void>): Engine => ({
    session: inline.session,
    stanzaOpener: (_suite, trialKeys) => {
      let places = 0;
      let running = 0;
      return {
        ...stanzaOpenerHere(suite, trialKeys),
        width: 3,
        close: () => {
          expect(running).toBe(0);
          closed += 1;
        },
        open: async (task) => {
          const place = places++;
          running += 1;
          await answer(place).finally(() => {
            running -= 1;
          });
          const result = await runTrials(suite, trialKeys, task);
          if (result.fileKey) found.push(result.fileKey);
          return result;
        },
      };
    },
  });
  const keys = [ann.openingKey];

  test("the one that opens is found wherever it stands", async () => {
    for (const at of [0, 15, 16, 17, 99]) {
      const header = { ...KEYS, stanzas: spread.stanzas(at) };
      const fileKey = await findFileKey(suite, header, keys);
      expect(fileKey).toHaveLength(32);
      expect(await findFileKey(suite, header, [ben.openingKey])).toBeNull();
    }
  });

  test("the first decides though a later one is done before it, and the other's file key is erased", async () => {
    found.length = 0;
    let later!: () => void;
    const isLater = new Promise<void>((resolve) => {
      later = resolve;
    });
    const engine = engineOf(async (place) => {
      if (place === 0) await isLater;
      if (place === 1) setTimeout(later, 10);
    });
    const stanzas = [...spread.stanzas(3, 16), ...spread.stanzas(3, 16), ...spread.stanzas(-1, 64)];
    const fileKey = await findFileKey(suite, { ...KEYS, stanzas }, keys, { engine });
    expect([found.length, closed]).toEqual([2, 1]);
    expect(fileKey).toBe(found[1]);
    expect(found.map((secret) => secret.every((byte) => byte === 0))).toEqual([true, false]);
  });

  test("what was found is erased where another task fails, and no thread keeps the keys", async () => {
    [found.length, closed] = [0, 0];
    let fail!: () => void;
    const hasFailed = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const engine = engineOf(async (place) => {
      if (place === 0) return hasFailed;
      fail();
      throw new SealError("internal", "a thread died");
    });
    const header = { ...KEYS, stanzas: spread.stanzas(3) };
    expect(await failure(findFileKey(suite, header, keys, { engine }))).toMatchObject({ message: "a thread died" });
    expect(found.map((secret) => secret.every((byte) => byte === 0))).toEqual([true]);
    expect(closed).toBe(1);
  });
});
