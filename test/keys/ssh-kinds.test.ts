// What is told of keys of ssh's by how they begin: their kinds, texts, and private keys of other programs.

import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/bytes.js";
import {
  firstLetter,
  holdsPrivateKey,
  isBlankOrEnd,
  isKnownSshType,
  isLineEnd,
  isPrivateKey,
  isSshText,
  isSshType,
  otherKind,
  otherPrivateKey,
  refusedKind,
  standsAt,
} from "../../src/keys/ssh/kinds.js";

test.each([
  ["ssh-ed25519", null],
  ["SSH-Ed25519", null],
  ["ssh-rsa", "an RSA key"],
  ["SSH-RSA", "an RSA key"],
  ["rsa-sha2-256", "an RSA key"],
  ["rsa-sha2-512", "an RSA key"],
  ["ssh-dss", "a DSA key"],
  ["ecdsa-sha2-nistp256", "an ECDSA key"],
  ["sk-ssh-ed25519@openssh.com", "a key on a security key (FIDO)"],
  ["webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "a key on a security key (FIDO)"],
  ["ssh-ed25519-cert-v01@openssh.com", "an OpenSSH certificate"],
  ["ssh-rsa-cert-v1@openssh.com", "an OpenSSH certificate"],
  ["sk-ssh-ed25519-cert-v01@openssh.com", "an OpenSSH certificate"],
  ["ssh-ed25519-cert-vx@openssh.com", "a key of the type ssh-ed25519-cert-vx@openssh.com"],
  ["ssh-Ed448", "a key of the type ssh-Ed448"],
  ["ssh-rsa2", "a key of the type ssh-rsa2"],
  ["x-ssh-rsa", "a key of the type x-ssh-rsa"],
  ["x-rsa-sha2-", "a key of the type x-rsa-sha2-"],
  ["x-ecdsa-sha2-", "a key of the type x-ecdsa-sha2-"],
  ["x-sk-", "a key of the type x-sk-"],
  ["x-webauthn-", "a key of the type x-webauthn-"],
  [`ssh-${"x".repeat(40)}`, `a key of the type ssh-${"x".repeat(36)}`],
])("a key of the type %s", (type, kind) => {
  expect(otherKind(type)).toBe(kind);
});

test("a key of another kind is refused by what it is", () => {
  expect(refusedKind("an RSA key")).toMatchObject({
    code: "usage",
    reason: "ssh-kind",
    message: "an RSA key: of ssh's keys, only ssh-ed25519 can be used",
  });
});

describe("the type of a key", () => {
  test.each([
    // A word, whether it is a type, and whether it is no word of anything else.
    ["ssh-ed25519", true, true],
    ["SSH-ED25519", true, true],
    ["ssh-rsa", true, true],
    ["ssh-dss", true, true],
    ["ssh-ed448", true, true],
    ["ecdsa-sha2-nistp256", true, true],
    ["ssh-xmss@openssh.com", true, true],
    ["sk-ssh-ed25519@openssh.com", true, true],
    ["ssh-ed25519-cert-v01@openssh.com", true, true],
    ["rsa-sha2-256", true, false],
    ["webauthn-sk-ecdsa", true, false],
    ["ssh-", true, false],
    ["ssh-ann", true, false],
    ["ssh-ed25519x", true, false],
    ["sk-ann", true, false],
    ["xssh-ed25519", false, false],
    ["ssh", false, false],
    ["ssh-ed25519,", false, false],
    ["ssh-a/b", false, false],
    ["", false, false],
  ])("is %s", (word, isType, isKnown) => {
    expect([isSshType(word), isKnownSshType(word)]).toEqual([isType, isKnown]);
  });

  test.each([
    ["ssh-ed25519", true],
    ["ssh-ed25519 AAAA", true],
    ["ssh-ed25519\tAAAA", true],
    ["ssh-ann", false],
    ["ssh-ann AAAA", true],
    ["ssh-ann\tAAAA", true],
    [" ssh-ed25519 AAAA", false],
    ["ann ssh-ed25519", false],
    ["ssh-a/b AAAA", false],
    ["", false],
  ])("begins the text %j", (text, begins) => {
    expect(isSshText(text)).toBe(begins);
  });
});

describe("a private key", () => {
  const BEGINS = [
    ["-----BEGIN RSA PRIVATE KEY-----", "an RSA private key"],
    ["-----BEGIN EC PRIVATE KEY-----", "an ECDSA private key"],
    ["-----BEGIN DSA PRIVATE KEY-----", "a DSA private key"],
    ["-----BEGIN PRIVATE KEY-----", "a private key in PKCS #8"],
    ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "a private key in PKCS #8"],
    ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "a private key of ssh.com's"],
    ["PuTTY-User-Key-File-", "a private key of PuTTY's"],
  ] as const;

  test.each([...BEGINS, ["-----BEGIN OPENSSH PRIVATE KEY-----", null]] as const)(
    "that begins with %s",
    (begins, what) => {
      for (const before of ["", "\n", " \t\r\n"]) {
        const file = utf8(`${before}${begins}`);
        expect(isPrivateKey(file), before).toBe(true);
        expect(otherPrivateKey(file, before.length), before).toBe(what);
        expect(isPrivateKey(file.subarray(0, -1)), "one letter less").toBe(false);
        expect(isPrivateKey(utf8(`x${begins}`)), "behind a letter").toBe(false);
      }
      expect(holdsPrivateKey(`x${begins}y`)).toBe(true);
      expect(holdsPrivateKey(begins.toLowerCase())).toBe(true);
    },
  );

  test.each(["", " ", "seal-secret-key-1", "-----BEGIN PUBLIC KEY-----", "-----BEGIN SEAL PROTECTED IDENTITY-----"])(
    "is not what begins with %j",
    (text) => {
      expect([isPrivateKey(utf8(text)), otherPrivateKey(utf8(text), 0), holdsPrivateKey(text)]).toEqual([
        false,
        null,
        false,
      ]);
    },
  );
});

test("a text stands where all of its letters do", () => {
  const bytes = utf8("abcab");
  for (const [start, text, due] of [
    [0, "abc", true],
    [3, "ab", true],
    [0, "abcab", true],
    [0, "abd", false],
    [0, "xbc", false],
    [1, "abc", false],
    [3, "abc", false],
    [-1, "abc", false],
    [5, "a", false],
  ] as const)
    expect(standsAt(bytes, start, text), `${text} at ${start}`).toBe(due);
});

test("the first letter is behind blanks and the ends of lines", () => {
  for (const [text, at] of [
    ["", 0],
    ["a", 0],
    [" a", 1],
    ["\ta b", 1],
    ["\n\r \ta", 4],
    [" \n", 2],
    ["\u00a0a", 0],
    ["\va", 0],
  ] as const)
    expect(firstLetter(utf8(text)), JSON.stringify(text)).toBe(at);
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  expect(all.filter(isBlankOrEnd)).toEqual([0x09, 0x0a, 0x0d, 0x20]);
  expect(all.filter(isLineEnd)).toEqual([0x0a, 0x0d]);
});
