// Identities as the library's users hold them: made, read again, and silent about their secrets.

import { inspect as show } from "node:util";
import { describe, expect, expectTypeOf, test } from "vitest";
import { Identity, type Input, openBytes, type SealOptions, type SealResult, sealBytes } from "../../src/index.js";
import { failure } from "../support.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("an identity", () => {
  test("is generated, and read again from its file", async () => {
    const { identity, secretFile, publicText } = await Identity.generate();
    expect(identity.recipient).toMatch(/^seal1/);
    expect(identity.signer).toMatch(/^sealsig1/);
    expect(identity.accept).toEqual([]);
    const again = await Identity.parse(secretFile);
    expect([again.recipient, again.signer, again.accept]).toEqual([identity.recipient, identity.signer, []]);
    for (const key of [identity.recipient, identity.signer]) expect(publicText.split("\n")).toContain(key);
    expect(publicText).not.toMatch(/secret-key/i);
  });

  test("is another one each time", async () => {
    const [one, other] = [await Identity.generate(), await Identity.generate()];
    expect(one.identity.recipient).not.toBe(other.identity.recipient);
    expect(one.identity.signer).not.toBe(other.identity.signer);
  });

  test("accepts whom it was made to accept", async () => {
    const [friend, other] = [await Identity.generate(), await Identity.generate()];
    const accept = [friend.identity.signer, other.identity.signer];
    const { identity, secretFile } = await Identity.generate({ accept });
    expect(identity.accept).toEqual(accept);
    expect((await Identity.parse(secretFile)).accept).toEqual(accept);
    const error = await failure(Identity.generate({ accept: [friend.identity.recipient] }));
    expect(error.code).toBe("usage");
  });

  test("may be under a passphrase", async () => {
    const passphrase = utf8("correct horse");
    const { identity, secretFile } = await Identity.generate({ passphrase });
    expect(textOf(secretFile)).not.toMatch(/SEAL-SECRET-KEY-1/);
    expect((await Identity.parse(secretFile, passphrase)).recipient).toBe(identity.recipient);
    expect(textOf(passphrase), "what is given stays as it is").toBe("correct horse");
    expect((await failure(Identity.parse(secretFile, utf8("incorrect horse")))).code).toBe("no-key");
    expect((await failure(Identity.parse(secretFile))).code).toBe("no-key");
    for (const wrong of [utf8(""), Uint8Array.of(0xff)]) {
      expect((await failure(Identity.generate({ passphrase: wrong }))).code).toBe("usage");
      expect((await failure(Identity.parse(secretFile, wrong))).code).toBe("no-key");
    }
  });

  test("may have one key only, and is not taken where the other is needed", async () => {
    const { identity: opener, publicText } = await Identity.generate({ only: "open" });
    const { identity: signer, secretFile } = await Identity.generate({ only: "sign" });
    expect([opener.signer, signer.recipient, (await Identity.parse(secretFile)).signer]).toEqual([
      null,
      null,
      signer.signer,
    ]);
    expect(publicText.split("\n").slice(1)).toEqual([opener.recipient, ""]);
    const to = [opener.recipient!];
    expect(await failure(sealBytes(utf8("x"), { to, sign: opener }))).toMatchObject({
      code: "usage",
      message: "sign is an identity that only opens: it must be one that signs",
    });
    const sealed = await sealBytes(utf8("x"), { to, sign: signer });
    expect(textOf(await openBytes(sealed, { keys: [opener], from: [signer.signer!] }))).toBe("x");
    expect(await failure(openBytes(sealed, { keys: [signer], from: [signer.signer!] }))).toMatchObject({
      code: "usage",
      message: "keys[0] is an identity that only signs: it must be one that opens",
    });
    expect((await failure(Identity.generate({ classic: true, only: "open" }))).code).toBe("usage");
  });

  test("is post-quantum unless it is to be classic", async () => {
    const [{ identity }, classic] = [await Identity.generate(), await Identity.generate({ classic: true })];
    expect(identity.recipient).toMatch(/^seal1.{1966}$/);
    expect(classic.identity.recipient).toMatch(/^seal1.{59}$/);
  });

  test("does not show its secrets, printed, spread, cloned or as JSON", async () => {
    const { identity, secretFile } = await Identity.generate();
    const secret = /^SEAL-SECRET-KEY-1.*$/m.exec(textOf(secretFile))![0];
    expect(Object.keys(identity).sort()).toEqual(["accept", "recipient", "signer"]);
    const shown = show(identity, { depth: 9, showHidden: true }) + JSON.stringify(identity) + show({ ...identity });
    expect(shown).not.toContain(secret.slice(20, 40));
    expect(shown).not.toMatch(/secret|seed|Uint8Array/i);
    expect(show(structuredClone(identity))).not.toMatch(/secret|Uint8Array/i);
  });

  test.each([
    ["nothing", ""],
    ["a public key", "seal1qqqq"],
    ["some text", "hello\n"],
  ])("is not read from %s", async (_what, text) => {
    expect((await failure(Identity.parse(utf8(text)))).code).toBe("usage");
  });
});

test("what one seals, the other opens, also after both were read from their files", async () => {
  const sender = await Identity.generate();
  const recipient = await Identity.generate({ accept: [sender.identity.signer] });
  const bytes = new TextEncoder().encode("hello");
  const sealed = await sealBytes(bytes, {
    to: [recipient.identity.recipient],
    sign: await Identity.parse(sender.secretFile),
  });
  const opened = await openBytes(sealed, { keys: [await Identity.parse(recipient.secretFile)] });
  expect(new TextDecoder().decode(opened)).toBe("hello");
  expect((await failure(openBytes(sealed, { keys: [sender.identity] }))).code).toBe("untrusted");
});

test("the types say what is possible", () => {
  expectTypeOf<SealResult["signer"]>().toEqualTypeOf<string | null>();
  expectTypeOf<SealResult["sealedAt"]>().toEqualTypeOf<Date>();
  expectTypeOf<Uint8Array>().toExtend<Input>();
  expectTypeOf<ReadableStream<Uint8Array>>().toExtend<Input>();
  expectTypeOf<NodeJS.ReadableStream>().not.toExtend<Uint8Array>();
  expectTypeOf<string>().not.toExtend<Input>();
  expectTypeOf<{ to: string[] }>().not.toExtend<SealOptions>();
  expectTypeOf<{ to: string[]; unsigned: true }>().toExtend<SealOptions>();
  // @ts-expect-error an identity is made by generate and parse alone
  expect(() => new Identity()).toThrow();
});
