// Public keys of ssh's as text: which are taken, and what is said of the others.

import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import { describe, expect, test } from "vitest";
import { concat, fromHex, utf8 } from "../../src/bytes.js";
import { montgomeryOf } from "../../src/crypto/montgomery.js";
import { native } from "../../src/crypto/native.js";
import {
  decodeSshKey,
  encodeSshKey,
  parseSshKey,
  parseSshRecipient,
  plainSshKey,
  sshKeyOf,
} from "../../src/keys/ssh/public.js";
import { publicFields, SshFields, sshBlob, sshBytes, sshNumber, sshString } from "../../src/keys/ssh/wire.js";
import { torsionPoints } from "../crypto/points.js";
import { failure } from "../support.js";
import { ANN, BEN, keyOf, NOTHING, RSA } from "./ssh-file.js";

const refused = async (text: string) => {
  const { code, message, reason, hint } = await failure((async () => decodeSshKey(text))());
  expect(code).toBe("usage");
  return { message, reason, hint };
};
const textOf = (blob: Uint8Array) => `ssh-ed25519 ${base64.encode(blob)}`;
const nameAndKey = (name: string, key: Uint8Array) => concat(sshString(utf8(name)), sshString(key));
const unusable = (why: string) => `not a usable ssh key: ${why}`;
const KEY = keyOf(1);

test("a key's text is what ssh-keygen writes", () => {
  const published = "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
  // RFC 8032, 7.1, test 1.
  const key = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  expect(encodeSshKey(key)).toBe(`ssh-ed25519 ${published}`);
  expect(decodeSshKey(`ssh-ed25519 ${published}`)).toEqual(key);
});

test.each([
  ANN,
  `${ANN} a comment  of words`,
  ANN.replace(" ", " \t "),
  `${ANN}\tann`,
  `${ANN}\n`,
  `${ANN}\r\n`,
  `${ANN} ann\r\n`,
  `${ANN} ann\n \t\r\n`,
])("is read, and plain without its comment: %j", async (text) => {
  expect(decodeSshKey(text)).toEqual(KEY);
  expect(await parseSshKey(native, text)).toEqual(KEY);
  expect(await parseSshRecipient(native, text)).toEqual(montgomeryOf(KEY));
  expect(plainSshKey(text)).toBe(ANN);
});

test.each([`${ANN}\r`, `${ANN}\r\r\n`, `${ANN}\n\n`])("one line end may follow, and nothing like it: %j", (text) => {
  expect(() => decodeSshKey(text)).toThrow("a mistyped ssh key: its base64 is damaged");
});

test.each([
  [`${ANN}\n${BEN}`, "it has more than one line"],
  [`${ANN}\r${BEN}`, "it has more than one line"],
  [`${ANN} ann\n\n x`, "it has more than one line"],
  [ANN.toUpperCase(), 'its type is written "ssh-ed25519"'],
  ["ssh-ed25519", "nothing follows its type"],
  ["ssh-ed25519 ", "nothing follows its type"],
  [textOf(NOTHING).concat("AAAA"), "what it holds is of another type"],
  [textOf(sshString(utf8("ssh-ed25519\0"))), "what it holds is of another type"],
  [textOf(sshString(Uint8Array.of(0xff))), "what it holds is of another type"],
  [textOf(nameAndKey("SSH-ED25519", KEY)), "what it holds is of another type"],
  [textOf(nameAndKey("a b", KEY)), "what it holds is of another type"],
  [textOf(nameAndKey("ssh-x\n", KEY)), "what it holds is of another type"],
  [textOf(nameAndKey("\u001bssh-x", KEY)), "what it holds is of another type"],
  [textOf(nameAndKey("x".repeat(65), KEY)), "what it holds is of another type"],
  [textOf(nameAndKey("", KEY)), "what it holds is of another type"],
  [textOf(sshString(utf8("ssh-ed25519"))), "it is too short, or too long"],
  [textOf(sshBlob(KEY).subarray(0, -1)), "it is too short, or too long"],
  [textOf(concat(sshBlob(KEY), Uint8Array.of(0))), "it is too short, or too long"],
  [textOf(sshBlob(KEY.subarray(1))), "it is too short, or too long"],
  [textOf(sshBlob(concat(KEY, Uint8Array.of(0)))), "it is too short, or too long"],
  [textOf(sshBlob(new Uint8Array(32))), "it is not canonical, or of small order"],
  [textOf(sshBlob(new Uint8Array(32).fill(0xff))), "it is not canonical, or of small order"],
])("is not usable: %j", async (text, why) => {
  expect((await refused(text)).message).toBe(unusable(why));
});

test.each([
  ["a letter that base64 does not have", `${ANN.slice(0, -1)}!`],
  ["a letter too many", `${ANN}A`],
  ["a letter too few", ANN.slice(0, -1)],
  ["bits at the end that are not zero", textOf(concat(sshBlob(KEY), Uint8Array.of(0))).replace(/A==$/, "B==")],
  ["more letters than any key of ssh's has", textOf(new Uint8Array(18_435))],
])("is mistyped: %s", async (_what, text) => {
  expect(await refused(text)).toEqual({
    message: "a mistyped ssh key: its base64 is damaged",
    reason: undefined,
    hint: "A character is wrong, missing or extra. Copy the key again.",
  });
});

test("of another kind is named: by its type, and by what it holds where that is another", async () => {
  for (const [text, what] of [
    [RSA, "an RSA key"],
    ["", "a key of the type "],
    [` ${ANN}`, "a key of the type "],
    ["ssh-rsa", "an RSA key"],
    [textOf(sshString(utf8("ssh-rsa"))), "an RSA key"],
    [textOf(sshString(utf8("ssh-ed25518"))), "a key of the type ssh-ed25518"],
    [textOf(nameAndKey("sk-ssh-ed25519@openssh.com", KEY)), "a key on a security key (FIDO)"],
    [textOf(nameAndKey("x".repeat(64), KEY)), `a key of the type ${"x".repeat(40)}`],
    // As many letters as the longest key of ssh's has.
    [textOf(nameAndKey("ssh-rsa", new Uint8Array(18_417))), "an RSA key"],
  ] as const)
    expect(await refused(text), text.slice(0, 60)).toMatchObject({
      reason: "ssh-kind",
      message: `${what}: of ssh's keys, only ssh-ed25519 can be used`,
    });
  expect(textOf(nameAndKey("ssh-rsa", new Uint8Array(18_417)))).toHaveLength("ssh-ed25519 ".length + 24_576);
});

test("whose point has a part of small order is refused, where it is checked", async () => {
  const mixed = Uint8Array.from(ed25519.Point.fromBytes(KEY).add(torsionPoints()[4]!).toBytes());
  const text = encodeSshKey(mixed);
  expect(decodeSshKey(text)).toEqual(mixed);
  for (const parse of [parseSshKey, parseSshRecipient])
    expect((await failure(parse(native, text))).message).toBe(unusable("it is not a canonical key of prime order"));
});

test("what is made of a text keeps no more memory than a key", () => {
  expect(decodeSshKey(ANN).buffer.byteLength).toBe(32);
  expect(sshKeyOf("ssh-ed25519", ANN.split(" ")[1]!).buffer.byteLength).toBe(32);
});

describe("fields", () => {
  test("are read one after the other, and are null where there are too few bytes", () => {
    const fields = publicFields(
      concat(sshNumber(7), sshString(utf8("ab")), sshString(NOTHING), Uint8Array.of(0, 0, 1)),
    );
    expect([fields.left, fields.number(), fields.left]).toEqual([17, 7, 13]);
    expect([fields.string(), fields.left]).toEqual([utf8("ab"), 7]);
    expect([fields.string(), fields.left]).toEqual([NOTHING, 3]);
    expect([fields.number(), fields.string(), fields.take(4), fields.left]).toEqual([null, null, null, 3]);
    expect([fields.take(0), fields.take(3), fields.left]).toEqual([NOTHING, Uint8Array.of(0, 0, 1), 0]);
    expect([fields.take(1), fields.take(0)]).toEqual([null, NOTHING]);
  });

  test("have a length that no sign turns, and are views, as they are asked for", () => {
    const bytes = concat(sshNumber(0xffff_ffff), utf8("abc"));
    expect(publicFields(bytes).number()).toBe(0xffff_ffff);
    expect(publicFields(bytes).string()).toBeNull();
    const views: number[][] = [];
    const fields = new SshFields(bytes, (all, start, end) => {
      views.push([start, end]);
      return all.subarray(start, end);
    });
    expect([fields.take(4), fields.take(2)]).toEqual([bytes.subarray(0, 4), utf8("ab")]);
    expect(views).toEqual([
      [0, 4],
      [4, 6],
    ]);
  });

  test("are, as base64, padded, and end with zero bits", () => {
    expect(sshBytes("AAEC")).toEqual(Uint8Array.of(0, 1, 2));
    expect(sshBytes("AA==")).toEqual(Uint8Array.of(0));
    for (const text of ["!", "A", "AA", "AB==", "A-==", " AA=="]) expect(sshBytes(text), text).toBeNull();
  });

  test("are written so: big-endian, each behind its length", () => {
    expect(sshNumber(0x0102_0304)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(sshString(utf8("ab"))).toEqual(Uint8Array.of(0, 0, 0, 2, 0x61, 0x62));
    expect(sshBlob(KEY)).toEqual(concat(sshString(utf8("ssh-ed25519")), sshString(KEY)));
  });
});
