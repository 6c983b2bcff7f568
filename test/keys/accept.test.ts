// Accept lines come and go; all else of an identity file stays as it is written.

import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { acceptedBy, accepting, notAccepting } from "../../src/keys/accept.js";
import { protect } from "../../src/keys/protected.js";
import { encodeSecret } from "../../src/keys/secret-line.js";
import { failure, secretOf } from "../support.js";
import { alice, bob, carol, type Person } from "./people.js";
import { watched } from "./secrets.js";

const { secret } = alice;
const keysOf = (...people: readonly Person[]) => people.map(({ signingKey }) => signingKey.publicKey);
const of = (text: string) => acceptedBy(native, secretOf(text));
const textOf = ({ file }: { readonly file: Uint8Array }) => Buffer.from(file).toString();
const line = ({ signer }: Person) => `accept ${signer}`;
const seed = copySecret(new Uint8Array(32).fill(7));
const signing = Buffer.from(encodeSecret({ opening: null, seed })).toString();

describe("who is accepted", () => {
  test("each once, in the order of the file", async () => {
    const found = await of(`\n${line(carol)}\n${secret}\n${line(bob)}\n${line(carol)}\n`);
    expect(found.accept).toEqual([carol.signer, bob.signer]);
    expect(found.onlySigns).toBe(false);
  });

  test("by what only signs is told, as far as it is known", async () => {
    expect((await of(`${signing}\n`)).onlySigns).toBe(true);
    const block = await protect(watched().suite, secretOf(signing), secretOf("pass"));
    expect((await of(block)).onlySigns).toBe(false);
  });

  test("by a private key of ssh's is nobody, and by what is no text", async () => {
    const ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    const error = await failure(of(ssh));
    expect([error.code, error.message]).toEqual(["usage", "a private key of ssh's, in which no senders stand"]);
    const other = await failure(acceptedBy(native, copySecret(Uint8Array.of(0x23, 0xff, 0x0a))));
    expect([other.code, other.message]).toEqual(["usage", "not a text file"]);
    const marked = await failure(of(`\ufeff${secret}\n`));
    expect([marked.code, marked.hint]).toEqual(["usage", "Save the file as UTF-8 without a BOM."]);
  });
});

describe("a sender more", () => {
  const add = async (text: string, ...people: readonly Person[]) =>
    accepting(native, await of(text), keysOf(...people));

  test("comes last, with the line end of the file, and once", async () => {
    const added = await add(`# a\n${secret}\n${line(bob)}\n`, carol, bob, carol);
    expect(textOf(added)).toBe(`# a\n${secret}\n${line(bob)}\n${line(carol)}\n`);
    expect(added.accept).toEqual([bob.signer, carol.signer]);
    expect(textOf(await add(`${secret}\r\n`, bob, carol))).toBe(`${secret}\r\n${line(bob)}\r\n${line(carol)}\r\n`);
    expect(textOf(await add(`${secret}\r\n# b`, bob))).toBe(`${secret}\r\n# b\r\n${line(bob)}\r\n`);
    expect(textOf(await add(secret, bob))).toBe(`${secret}\n${line(bob)}\n`);
    expect(textOf(await add(`\n# a\r b\n${secret}\n`, bob))).toBe(`\n# a\r b\n${secret}\n${line(bob)}\n`);
  });

  test("who is there already changes nothing", async () => {
    const before = await of(`${secret}\n${line(bob)}\n`);
    expect(await accepting(native, before, keysOf(bob))).toBe(before);
  });

  test("is refused where nothing is opened", async () => {
    const error = await failure(add(`${signing}\n`, bob));
    expect([error.code, error.message]).toEqual(["usage", expect.stringContaining("only signs")]);
  });
});

describe("a sender less", () => {
  const without = async (text: string, ...people: readonly Person[]) =>
    notAccepting(native, await of(text), keysOf(...people));

  test("takes all lines of that sender's, and leaves the others as they are", async () => {
    const text = `# a\r\n ${line(bob)}\t\r\n${secret}\n\n${line(carol)}\n${line(bob)}`;
    const left = await without(text, bob);
    expect(textOf(left)).toBe(`# a\r\n${secret}\n\n${line(carol)}\n`);
    expect(left.accept).toEqual([carol.signer]);
    expect(textOf(await without(text, bob, carol))).toBe(`# a\r\n${secret}\n\n`);
  });

  test("who is not there takes nothing", async () => {
    const text = `\n\t${secret} \r\n${line(carol)}`;
    expect(textOf(await without(text, bob))).toBe(text);
  });
});
