// Stanzas as they are made: in an order that only the random bytes decide, and of one kind.

import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Bytes, concat, u32 } from "../../src/bytes.js";
import { hpkeOpen } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Engine, StanzasTask } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { stanzaMakerHere } from "../../src/engine/stanzas.js";
import { SealError } from "../../src/errors.js";
import { recipientInfo } from "../../src/format/header.js";
import { makeStanzas } from "../../src/header/stanzas.js";
import { encodeRecipient } from "../../src/keys/text.js";
import { failure, newPerson, secretOf, xwingIdentity } from "../support.js";

const CORE = new Uint8Array(32);
const fileKey = () => copySecret(new Uint8Array(32).fill(1));
const people = await Promise.all(Array.from({ length: 4 }, () => newPerson()));
const recipients = people.map(({ publicKey }) => publicKey);

/** Whose stanza stands where, when these are the random numbers. */
async function orderFor(...numbers: readonly number[]): Promise<number[]> {
  const suite = { ...native, randomBytes: () => concat(...numbers.map(u32)) };
  const stanzas = await makeStanzas(suite, { recipients }, fileKey(), CORE);
  return stanzas.map(({ body }) => {
    const [enc, sealed] = [body.subarray(0, 32), body.subarray(32)];
    return people.findIndex(({ openingKey }) => hpkeOpen(native, openingKey, enc, recipientInfo(CORE), sealed));
  });
}

test("each number moves the stanza of its place, from the last on: the first counts for nothing", async () => {
  expect(await orderFor(0, 1, 2, 3)).toEqual([0, 1, 2, 3]);
  expect(await orderFor(9, 0, 2, 3)).toEqual([1, 0, 2, 3]);
  expect(await orderFor(9, 1, 0, 3)).toEqual([2, 1, 0, 3]);
  expect(await orderFor(9, 1, 2, 4)).toEqual([3, 1, 2, 0]);
  expect(await orderFor(9, 3, 4, 6)).toEqual([0, 3, 1, 2]);
});

test("recipients of both kinds, or a passphrase beside classic ones, are told of by the classic keys", async () => {
  const hybrid = await xwingIdentity(native);
  const make = async (passphrase: string | null, ...keys: readonly Uint8Array[]) => {
    const given = { recipients: keys, passphrase: passphrase === null ? null : secretOf(passphrase) };
    const { code, message, reason, recipients: told } = await failure(makeStanzas(native, given, fileKey(), CORE));
    return { code, message, reason, told };
  };
  const due = {
    code: "usage",
    reason: "mixed-recipients",
    told: recipients.slice(0, 2).map((key) => encodeRecipient(native, key)),
  };
  expect(await make(null, recipients[0]!, hybrid.publicKey, recipients[1]!)).toEqual({
    ...due,
    message: "some recipients have post-quantum keys and others classic ones",
  });
  expect(await make("sesame", recipients[0]!, recipients[1]!)).toEqual({
    ...due,
    message: "a passphrase does not go together with classic keys",
  });
});

test("a task that fails fails all, whenever that is; and nobody is left out", async () => {
  const many = { recipients: Array.from({ length: 64 }, () => native.ephemeralKey().publicKey) };
  const engineOf = (make: (place: number) => Promise<readonly Bytes[]>): Engine => {
    let places = 0;
    const maker = { ...stanzaMakerHere(native), width: 3, make: async () => ({ bodies: await make(places++) }) };
    return { session: inline.session, stanzaMaker: () => maker };
  };
  const bodies = Array.from({ length: 16 }, () => new Uint8Array(80));
  const making = (make: (place: number) => Promise<readonly Bytes[]>) =>
    makeStanzas(native, many, fileKey(), CORE, { engine: engineOf(make) });
  expect(await making(async () => bodies)).toHaveLength(64);
  for (const wrong of [0, 1, 2, 3]) {
    const failing = async (place: number) => {
      if (place === wrong) throw new SealError("internal", "a worker thread died");
      return bodies;
    };
    await expect(making(failing)).rejects.toThrow("a worker thread died");
  }
  await expect(making(async (place) => (place === 2 ? bodies.slice(1) : bodies))).rejects.toThrow("have no stanza");
});

test("ephemeral secrets are forgotten, also where sealing fails, unless the caller forgets them", async () => {
  let [forgotten, drawn] = [0, 0];
  // Later, and what is made waits for that.
  const forget = async () => {
    await turn();
    forgotten += 1;
  };
  const ephemeralKey = () => {
    if (++drawn > 2) throw new Error("no memory");
    return native.ephemeralKey();
  };
  const suite = { ...native, forgetting: () => forget, ephemeralKey };
  const make = (making = {}) => makeStanzas(suite, { recipients: recipients.slice(0, 2) }, fileKey(), CORE, making);
  await make();
  expect(forgotten).toBe(1);
  await expect(make()).rejects.toThrow("no memory");
  expect(forgotten).toBe(2);
  drawn = 0;
  await make({ collects: "caller" });
  expect(forgotten).toBe(2);
});

test.each([
  [undefined, true],
  ["caller", true],
  ["nobody", false],
] as const)("other threads collect theirs, unless nobody is to: %s", async (collects, due) => {
  const asked: boolean[] = [];
  const here = stanzaMakerHere(native);
  const make = (task: StanzasTask) => {
    asked.push(task.forgets);
    return here.make(task);
  };
  const engine = { session: inline.session, stanzaMaker: () => ({ ...here, make }) };
  await makeStanzas(native, { recipients }, fileKey(), CORE, { engine, collects });
  expect(asked).toEqual([due]);
});
