// Who is accepted, and which of their files: every answer, and what is said of it.

import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { SealError } from "../../src/errors.js";
import type { Core } from "../../src/format/core.js";
import { acceptSigner, checkDemands, demandLabel, isAmong, type Policy } from "../../src/header/policy.js";
import { parseContacts } from "../../src/keys/contacts.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure } from "../support.js";

const keyOf = (fill: number): Bytes => native.signingKey(copySecret(new Uint8Array(32).fill(fill))).publicKey;
const [alice, bob] = [keyOf(1), keyOf(2)];
const [A, B] = [encodeSigner(alice), encodeSigner(bob)];
const TIME = "2026-01-31T12:00:00Z";
const NOBODY: Policy = { from: [], allowUnsigned: false };

const accept = (signer: Bytes | null, policy: Partial<Policy> = {}) =>
  acceptSigner(native, { signer }, { ...NOBODY, ...policy });

/** What an error says to its user. */
async function refusal(work: Promise<unknown>) {
  const { code, message, hint, reason, signer } = await failure(work);
  return { code, message, hint, reason, signer };
}

describe("a signer", () => {
  test.each([
    ["who is named", { from: [bob, alice] }],
    ["where any is accepted", { from: "any" as const }],
    ["who is a sender of the contacts", { senders: [alice] }],
  ])("%s is accepted, with the key", async (_who, policy) => {
    expect((await accept(alice, policy))!.publicKey).toEqual(alice);
  });

  test("who is neither is not, and is told of as the contacts know them", async () => {
    const hint = "Compare this key with the one that the sender gave you. To accept it, name it in from.";
    const due = { code: "untrusted", hint, reason: "not-accepted", signer: A };
    const told = (contacts?: string) =>
      refusal(accept(alice, { from: [bob], senders: [bob], contacts: contacts ? parseContacts(contacts) : undefined }));
    const message = (whose: string) => `signed by ${A}${whose}, who is not an accepted sender`;
    expect(await told()).toEqual({ ...due, message: message("") });
    expect(await told(`bob ${B}\n`)).toEqual({ ...due, message: message("") });
    expect(await told(`ann ${A}\n`)).toEqual({ ...due, message: message(" (ann)") });
    const old = `, a key that ann replaced on ${TIME}`;
    expect(await told(`ann ${A} superseded ${TIME}\n`)).toEqual({ ...due, message: message(old) });
    expect((await refusal(accept(alice))).message).toBe(message(""));
  });

  test("who is revoked is refused, whoever accepts them", async () => {
    const told = (text: string) => refusal(accept(alice, { from: [alice], contacts: parseContacts(text) }));
    const hint = "Whoever stole a key can sign with any date. Ask the sender for a file signed with a new key.";
    const due = { code: "untrusted", hint, reason: undefined, signer: A };
    expect(await told(`ann ${A} revoked ${TIME}\n`)).toEqual({
      ...due,
      message: expect.stringContaining(`signed by ${A}, a key of ann that was revoked`),
    });
    const nobodys = await told(`- ${A} revoked ${TIME} stolen\n`);
    expect(nobodys).toEqual({ ...due, message: expect.stringContaining(`signed by ${A}, a key that was revoked`) });
    expect(nobodys.message).toMatch(/stolen/);
    const contacts = parseContacts(`ann ${A} revoked ${TIME}\n`);
    expect((await failure(accept(alice, { from: "any", contacts }))).code).toBe("untrusted");
    expect((await accept(bob, { from: "any", contacts }))!.publicKey).toEqual(bob);
  });

  test("whose key is none is malformed where any is accepted, or a sender's key is not yet checked", async () => {
    const none = new Uint8Array(32).fill(0xff);
    const due = { code: "malformed", message: "the signer's public key is not a valid Ed25519 key" };
    expect(await refusal(accept(none, { from: "any" }))).toMatchObject(due);
    expect(await refusal(accept(none, { senders: [none] }))).toMatchObject(due);
  });
});

test("an unsigned file is accepted where it may be, and neither label nor age is demanded", async () => {
  const message = "the file is unsigned: nobody vouches for where it comes from";
  expect(await accept(null, { allowUnsigned: true })).toBe(null);
  for (const policy of [{}, { allowUnsigned: true, label: "" }, { allowUnsigned: true, maxAge: 1 }])
    expect(await refusal(accept(null, policy))).toMatchObject({ code: "untrusted", message });
});

test("a key is among others as bytes, or where any is", () => {
  expect([isAmong(alice, [bob, alice.slice()]), isAmong(alice, "any")]).toEqual([true, true]);
  expect([isAmong(alice, [bob]), isAmong(alice, [])]).toEqual([false, false]);
});

describe("what is demanded", () => {
  const SEALED = 1_700_000_000;
  const core = { sealedAt: SEALED, label: "a", signer: alice } as unknown as Core;
  const told = (policy: Partial<Policy>, of: Core = core) => {
    try {
      checkDemands(of, { ...NOBODY, ...policy });
      return "passes";
    } catch (error) {
      const { code, message, hint, signer } = error as SealError;
      return { code, message, hint, signer };
    }
  };
  const at = (seconds: number) => (SEALED + seconds) * 1000;

  test("a label", () => {
    const due = { code: "untrusted", hint: undefined };
    expect([told({}), told({ label: "a" })]).toEqual(["passes", "passes"]);
    expect(told({ label: "" })).toEqual({ ...due, message: 'the label is "a", not ""', signer: A });
    expect(() => demandLabel({ signer: null, label: "a" }, { ...NOBODY, label: "b" })).toThrow(
      expect.objectContaining({ constructor: SealError, signer: undefined }),
    );
  });

  test("an age: at most so many seconds, whole ones, and none without", () => {
    const time = "2023-11-14T22:13:20Z";
    const old = { code: "untrusted", message: `too old: sealed at ${time}`, hint: undefined, signer: A };
    expect(told({ now: at(10 ** 9) })).toBe("passes");
    expect([told({ maxAge: 60, now: at(60) }), told({ maxAge: 60, now: at(60) + 999 })]).toEqual(["passes", "passes"]);
    expect(told({ maxAge: 60, now: at(61) })).toEqual(old);
    expect(told({ maxAge: Number.NaN, now: at(0) })).toEqual(old);
    expect(told({ maxAge: 60, now: at(-300) })).toBe("passes");
    expect(told({ maxAge: 60, now: at(-301) })).toEqual({
      code: "untrusted",
      message: `sealed in the future, at ${time}`,
      hint: "Check the clocks of both machines.",
      signer: A,
    });
    expect(told({ maxAge: 60, now: at(0) }, { ...core, signer: null })).toBe("passes");
    expect(told({ maxAge: 60, now: at(61) }, { ...core, signer: null })).toMatchObject({ signer: undefined });
  });

  test("an age counts from now, where nothing else is said", () => {
    const now = Math.floor(Date.now() / 1000);
    expect(told({ maxAge: 3600 }, { ...core, sealedAt: now - 60 })).toBe("passes");
    expect(told({ maxAge: 3600 }, { ...core, sealedAt: now - 7200 })).toMatchObject({ code: "untrusted" });
  });
});
