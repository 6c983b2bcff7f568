// The stanza of a passphrase: what is in it, which are tried, and what is left of its key.

import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Header } from "../../src/format/header.js";
import type { Stanza } from "../../src/format/stanza.js";
import { openByPassphrase, passphraseStanza } from "../../src/header/passphrase.js";
import { secretOf, shown } from "../support.js";

const FILE_KEY = new Uint8Array(32).fill(7);
const CORE = new Uint8Array(32).fill(8);

/** A suite whose scrypt costs nothing; the keys that it has made. */
function quick(): Suite & { readonly made: Secret[] } {
  const made: Secret[] = [];
  const scrypt = async (passphrase: Secret, salt: Uint8Array) => {
    made.push(copySecret(native.sha256(passphrase, salt)));
    return made.at(-1)!;
  };
  return { ...native, scrypt, made };
}

const sealedFor = (passphrase: Secret, suite: Suite = quick()) =>
  passphraseStanza(suite, passphrase, copySecret(FILE_KEY), CORE);

async function opened(stanzas: readonly Stanza[], passphrase: Secret, suite: Suite = quick(), coreHash = CORE) {
  const key = await openByPassphrase(suite, { stanzas, coreHash } as unknown as Header, passphrase, undefined);
  return key && shown(key);
}

test("holds a salt, and the file key, bound to the core by words of its own", async () => {
  const { type, body } = await sealedFor(secretOf("sesame"));
  const salt = body.subarray(0, 16);
  const cipher = createCipheriv("aes-256-gcm", native.sha256(utf8("sesame"), salt), new Uint8Array(12));
  cipher.setAAD(concat(utf8("seal.v1 passphrase\0"), CORE, salt));
  const sealed = [cipher.update(FILE_KEY), cipher.final(), cipher.getAuthTag()];
  expect([type, body.length]).toEqual([0x8002, 64]);
  expect(body.subarray(16)).toEqual(concat(...sealed));
  expect((await sealedFor(secretOf("sesame"))).body.subarray(0, 16)).not.toEqual(salt);
});

test("opens by the passphrase, in whatever normal form, for the same core alone", async () => {
  const stanza = await sealedFor(secretOf("caf\u00e9"));
  expect(await opened([stanza], secretOf("cafe\u0301"))).toEqual(FILE_KEY);
  expect(await opened([stanza], secretOf("cafe"))).toBe(null);
  expect(await opened([stanza], secretOf("caf\u00e9"), quick(), new Uint8Array(32))).toBe(null);
});

test("four are tried, and those of other types are none of them", async () => {
  const [own, other] = [await sealedFor(secretOf("sesame")), await sealedFor(secretOf("another"))];
  const xwing = { type: 0x8001, body: new Uint8Array(1168) };
  const suite = quick();
  expect(await opened([xwing, xwing, xwing, xwing, other, other, other, own], secretOf("sesame"), suite)).toEqual(
    FILE_KEY,
  );
  expect(suite.made).toHaveLength(4);
  expect(await opened([other, other, other, other, own], secretOf("sesame"))).toBe(null);
});

test("what is no passphrase opens nothing, also what was sealed under it", async () => {
  for (const none of [new Uint8Array(0), Uint8Array.of(0xff)]) {
    const suite = { ...quick(), scrypt: async () => copySecret(new Uint8Array(32)) };
    const stanza = await sealedFor(secretOf("x"), suite);
    expect(await opened([stanza], secretOf("y"), suite)).toEqual(FILE_KEY);
    expect(await opened([stanza], copySecret(none), suite)).toBe(null);
  }
});

test("its key is erased, however it ends", async () => {
  const suite = quick();
  const stanza = await sealedFor(secretOf("sesame"), suite);
  await opened([stanza], secretOf("another"), suite);
  await opened([stanza], secretOf("sesame"), suite);
  const aeadSeal = () => {
    throw new Error("no memory");
  };
  await expect(sealedFor(secretOf("sesame"), { ...suite, aeadSeal })).rejects.toThrow("no memory");
  expect(suite.made).toHaveLength(4);
  expect(suite.made.every((key) => key.every((byte) => byte === 0))).toBe(true);
});

test("a signal is heard between two of them", async () => {
  const stanza = await sealedFor(secretOf("sesame"));
  const header = { stanzas: [stanza, stanza], coreHash: CORE } as unknown as Header;
  const reason = new Error("enough");
  const suite = quick();
  const opening = openByPassphrase(suite, header, secretOf("another"), AbortSignal.abort(reason));
  await expect(opening).rejects.toBe(reason);
  expect(suite.made).toHaveLength(1);
});
