// Files for post-quantum recipients: sealed, opened, rewrapped; never together with classic ones.

import { expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { mlKem as noble } from "../../src/crypto/portable-ml-kem.js";
import type { MlKem } from "../../src/crypto/suite.js";
import { inline } from "../../src/engine/inline.js";
import { openTo } from "../../src/files/open.js";
import { rewrapTo } from "../../src/files/rewrap.js";
import { isPostQuantum } from "../../src/format/stanza.js";
import { parseHeader } from "../../src/header/read.js";
import { findFileKey } from "../../src/header/unlock.js";
import { bytesSource } from "../../src/io/bytes.js";
import { encodeRecipient } from "../../src/keys/text.js";
import { encapsulatingWith } from "../crypto/encapsulating.js";
import { failure, identityFile, memorySink, SUITES, xwingIdentity } from "../support.js";
import { content, OPEN, opened, recipient, SEAL, sealed, stranger } from "./samples.js";

const [ann, ben] = await Promise.all([xwingIdentity(native), xwingIdentity(native)]);
const plaintext = Buffer.from(content(5000));
const typesOf = async (file: Uint8Array) =>
  (await parseHeader(bytesSource(file), native)).stanzas.map(({ type }) => type);

async function refusal(file: Uint8Array, identities = [identityFile(ann)]) {
  return failure(openTo(bytesSource(file), memorySink(), { ...OPEN, identities }));
}

test.each(SUITES)("what the $name suite seals for them opens on either", async (suite) => {
  const [one, other, third] = await Promise.all([1, 2, 3].map((fill) => xwingIdentity(suite, fill)));
  const recipients = [one!, other!].map(({ publicKey }) => publicKey);
  const { file, result } = await sealed(plaintext, { suite, recipients });
  expect(result).toMatchObject({ recipients: 2, bytes: 5000 });
  expect(await typesOf(file)).toEqual([0x8001, 0x8001]);
  for (const by of SUITES) {
    for (const fill of [1, 2]) {
      const identities = [identityFile(await xwingIdentity(by, fill))];
      expect((await opened(file, { suite: by, identities })).plaintext).toEqual(plaintext);
    }
  }
  expect((await refusal(file, [identityFile(third!)])).code).toBe("no-key");
  expect((await refusal(file, [identityFile(recipient)])).code).toBe("no-key");
});

test("both suites seal alike from the same draw", async () => {
  const randomness = content(64);
  const recipients = [ann.publicKey];
  const files = await Promise.all(
    SUITES.map(async (suite) => {
      const drawn = { randomSecret: (length: number) => native.randomSecret(length).fill(7) as never };
      const one = {
        ...encapsulatingWith(suite, randomness),
        ...drawn,
        randomBytes: (length: number) => content(length),
      };
      return (await sealed(plaintext, { suite: one, recipients, signer: null })).file;
    }),
  );
  for (const file of files) expect(file).toEqual(files[0]);
});

test("recipients of both kinds are refused, and the classic ones named; nothing is written", async () => {
  for (const recipients of [
    [ann.publicKey, recipient.publicKey],
    [stranger.publicKey, ben.publicKey, recipient.publicKey, ann.publicKey],
  ]) {
    const sink = memorySink();
    const error = await failure(sealed(plaintext, { recipients }));
    const classic = recipients.filter(({ length }) => length === 32).map((key) => encodeRecipient(native, key));
    expect(error).toMatchObject({ code: "usage", reason: "mixed-recipients", recipients: classic });
    expect(sink.released()).toHaveLength(0);
  }
});

test("one who is named twice has one stanza, and both keys of an owner are tried on their own kind", async () => {
  const { file } = await sealed(plaintext, { recipients: [ann.publicKey, ann.publicKey.slice()] });
  expect(await typesOf(file)).toEqual([0x8001]);
  const { file: classic } = await sealed(plaintext);
  const identities = [identityFile(recipient), identityFile(ann)];
  for (const one of [file, classic]) expect((await opened(one, { identities })).plaintext).toEqual(plaintext);
});

test("the order of stanzas tells nothing of the recipients' order", async () => {
  const first = new Set<number>();
  for (let i = 0; i < 40 && first.size < 2; i++) {
    const { file } = await sealed(content(1), { recipients: [ann.publicKey, ben.publicKey] });
    const { stanzas } = await parseHeader(bytesSource(file), native);
    const opens = await Promise.all(stanzas.map((_, at) => opensFrom(file, at)));
    first.add(opens.indexOf(true));
  }
  expect(first.size).toBe(2);
});

/** Whether ann's key opens the stanza at this place. */
async function opensFrom(file: Uint8Array, at: number): Promise<boolean> {
  const header = await parseHeader(bytesSource(file), native);
  return (await findFileKey(native, { ...header, stanzas: [header.stanzas[at]!] }, [ann])) !== null;
}

/** How often others have had a turn while this was at work. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const next = () => {
    turns += 1;
    if (!isDone) setImmediate(next);
  };
  setImmediate(next);
  await work.finally(() => {
    isDone = true;
  });
  return turns;
}

const MANY = 240;
const crowd = await Promise.all(Array.from({ length: MANY }, (_, i) => xwingIdentity(native, 10 + i)));

/** How often ML-KEM was asked, and what happens when it has been asked so often. */
const counted = { asked: 0, at: 0, act: () => {} };
const count = () => {
  counted.asked += 1;
  if (counted.asked === counted.at) counted.act();
};

// OpenSSL's operations are too quick to tell, so noble's are taken everywhere: 0.6 ms each, or more.
const slow = {
  ...native,
  mlKem: async (): Promise<MlKem> => ({
    encapsulate: (publicKey) => {
      count();
      return noble.encapsulate(publicKey);
    },
    key: (seed) => {
      const key = noble.key(seed);
      const decapsulate = (ciphertext: Uint8Array) => {
        count();
        return key.decapsulate(ciphertext);
      };
      return { ...key, decapsulate };
    },
  }),
};

test("others have their turn between many stanzas, made or tried, and a signal is heard", async () => {
  const recipients = crowd.map(({ publicKey }) => publicKey);
  let file = new Uint8Array();
  const sealing = sealed(plaintext, { suite: slow, recipients }).then((made) => {
    file = made.file;
  });
  expect(await turnsDuring(sealing)).toBeGreaterThan(5);

  const last = await xwingIdentity(slow, 3);
  expect(await turnsDuring(refusal(file, [identityFile(last)]))).toBeGreaterThan(5);

  for (const work of [
    (signal: AbortSignal) => sealed(plaintext, { suite: slow, recipients, signal }),
    (signal: AbortSignal) => opened(file, { suite: slow, identities: [identityFile(last)], signal }),
  ]) {
    const abort = new AbortController();
    Object.assign(counted, { asked: 0, at: 20, act: () => abort.abort(new Error("enough")) });
    await expect(work(abort.signal)).rejects.toThrow("enough");
    expect(counted.asked).toBeGreaterThanOrEqual(20);
    expect(counted.asked).toBeLessThan(MANY);
  }
});

test("a file for post-quantum keys is rewrapped for others of them", async () => {
  const { file } = await sealed(plaintext, { recipients: [ann.publicKey] });
  const rewrapped = await rewrappedFor(file, [ben.publicKey]);
  expect((await typesOf(rewrapped)).every(isPostQuantum)).toBe(true);
  expect((await opened(rewrapped, { identities: [identityFile(ben)] })).plaintext).toEqual(plaintext);
  expect((await refusal(rewrapped)).code).toBe("no-key");
});

test("a file for classic keys is not rewrapped for post-quantum ones, and no identity is unlocked for that", async () => {
  const { file } = await sealed(plaintext, { recipients: [recipient.publicKey] });
  const sink = memorySink();
  let unlocked = 0;
  const identity = identityFile(recipient);
  const unlock = () => {
    unlocked += 1;
    return identity.unlock();
  };
  for (const recipients of [[ann.publicKey], [ann.publicKey, recipient.publicKey]]) {
    const options = { ...REWRAP, identities: [{ ...identity, unlock }], recipients };
    const error = await failure(rewrapTo(bytesSource(file), sink, options));
    expect(error).toMatchObject({ code: "usage", reason: "classic-before" });
    expect(error.message).toMatch(/X25519/);
    expect(error.hint).toMatch(/Seal the original again/);
  }
  expect([sink.released().length, sink.state, unlocked]).toEqual([0, "aborted", 0]);
});

const REWRAP = { suite: native, engine: inline, signer: SEAL.signer!, identities: [identityFile(ann)] };

async function rewrappedFor(file: Uint8Array, recipients: Uint8Array[]): Promise<Uint8Array> {
  const sink = memorySink();
  await rewrapTo(bytesSource(file), sink, { ...REWRAP, recipients });
  return Uint8Array.from(sink.released());
}
