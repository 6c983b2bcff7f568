// What stands in the clear in a private key file of ssh's: each rule by itself, and that no part of it may be missing.

import { describe, expect, test } from "vitest";
import { type Bytes, concat, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { newSecret } from "../../src/crypto/secret.js";
import { parseEnvelope } from "../../src/keys/ssh/envelope.js";
import { sshSeed } from "../../src/keys/ssh/private.js";
import { decodedBody } from "../../src/keys/ssh/private-text.js";
import { sshBlob, sshNumber, sshString } from "../../src/keys/ssh/wire.js";
import { failure, secretOf, shown } from "../support.js";
import { nobody } from "./secrets.js";
import { BEGIN, body, bodyUnder, END, fileOf, keyOf, NOTHING, section, seedOf } from "./ssh-file.js";

const under = (rounds: number) => ({
  cipher: utf8("aes256-ctr"),
  kdf: utf8("bcrypt"),
  options: concat(sshString(seedOf(7)), sshNumber(rounds)),
});

/** A length there that leads beyond the end, in front of the field that it is the length of. */
const lengthOfNothing = (at: number) => concat(body().subarray(0, at), sshNumber(0xffff_ffff), body().subarray(at));

const DAMAGED = "the private key of ssh's is damaged";
const NOT_IN_LINES = "a private key of ssh's that does not stand in lines as ssh-keygen writes them";

const parsed = (text: string) => parseEnvelope(secretOf(text));
const refused = (text: string) => failure((async () => parsed(text))());
const seedIn = (text: string) => sshSeed(native, secretOf(text), nobody);
const refusedSeed = (bytes: Bytes) => failure(seedIn(fileOf(bytes)));

test("is the public key, what encrypts, and what may be encrypted", () => {
  const envelope = parsed(fileOf(body()));
  expect(envelope).toEqual({ publicKey: keyOf(9), lock: null, section: section(), block: 8 });
  for (const [rounds, salt] of [
    [1, seedOf(7)],
    [256, seedOf(7)],
    [16, Uint8Array.of(3)],
    [24, new Uint8Array(64).fill(5)],
  ] as const)
    expect(parsed(fileOf(bodyUnder(rounds, salt)))).toMatchObject({ lock: { salt, rounds }, block: 16 });
});

test("keeps nothing of the file but a copy, which is the caller's to erase", () => {
  const file = secretOf(fileOf(body()));
  const { section: found, publicKey } = parseEnvelope(file);
  file.fill(0);
  expect(shown(found)).toEqual(section());
  expect(found.buffer.byteLength).toBe(found.length);
  expect(publicKey.buffer.byteLength).toBe(32);
  expect(parsed(fileOf(bodyUnder(16))).lock!.salt.buffer.byteLength).toBe(32);
});

test("leaves to others what the section holds, of one block or more", () => {
  const [one, two] = [section().subarray(0, 8), section().subarray(0, 16)];
  expect(parsed(fileOf(body({ section: one }))).section).toEqual(one);
  expect(parsed(fileOf(body({ ...under(16), section: two }))).section).toEqual(two);
});

describe("of a file whose base64 is sound", () => {
  test.each([
    ["another magic", concat(utf8("openssh-key-v2\0"), body().subarray(15))],
    ["a magic without its zero", concat(utf8("openssh-key-v1!"), body().subarray(15))],
    ["a byte behind the section", concat(body(), Uint8Array.of(0))],
    ["options of no kdf", body({ options: Uint8Array.of(0) })],
    ["a kdf and no cipher", body({ kdf: utf8("bcrypt"), options: concat(sshString(seedOf(7)), sshNumber(16)) })],
    ["a cipher and no kdf", body({ cipher: utf8("aes256-ctr") })],
    ["a kdf that is another", body({ cipher: utf8("aes256-ctr"), kdf: utf8("scrypt") })],
    ["a kdf that is none, with what bcrypt is told", body({ ...under(16), kdf: utf8("none") })],
    ["a kdf that is another, with what bcrypt is told", body({ ...under(16), kdf: utf8("scrypt") })],
    ["a length that leads beyond the end, and all else behind it", lengthOfNothing(15)],
    ["the same for the kdf", lengthOfNothing(23)],
    ["the same for its options", lengthOfNothing(31)],
    ["the same for the public key", lengthOfNothing(39)],
    ["no rounds", bodyUnder(0)],
    ["no salt", bodyUnder(16, NOTHING)],
    ["a salt of 65 bytes", bodyUnder(16, new Uint8Array(65).fill(1))],
    ["a byte behind the rounds", bodyUnder(16, seedOf(7), Uint8Array.of(0))],
    ["options that are cut", body({ cipher: utf8("aes256-ctr"), kdf: utf8("bcrypt"), options: sshString(seedOf(7)) })],
    ["options that are missing", body({ cipher: utf8("aes256-ctr"), kdf: utf8("bcrypt") })],
    ["no section", body({ section: NOTHING })],
    ["no section under a cipher", body({ ...under(16), section: NOTHING })],
    ["a section that is no whole number of blocks", body({ section: section().subarray(1) })],
    ["a section of half a block under a cipher", body({ ...under(16), section: section().subarray(0, 8) })],
    ["a cipher without a name", body({ cipher: NOTHING })],
    ["a cipher whose name is no text", body({ cipher: Uint8Array.of(0xff) })],
    ["a cipher whose name has a blank", body({ cipher: utf8("aes 256") })],
    ["a cipher whose name begins with an escape", body({ cipher: utf8("\u001b[2Jnone") })],
    ["a cipher whose name ends its line", body({ cipher: utf8("none\n") })],
    ["a cipher whose name has 65 letters", body({ cipher: utf8("c".repeat(65)) })],
    ["a kdf whose name is no text", body({ kdf: Uint8Array.of(0xff) })],
    ["a public key of no kind", body({ blob: NOTHING })],
    ["a public key of a kind that is no text", body({ blob: sshString(Uint8Array.of(0xff)) })],
    ["a public key of its kind alone", body({ blob: sshString(utf8("ssh-ed25519")) })],
    ["a public key of 31 bytes", body({ blob: sshBlob(keyOf(9).subarray(1)) })],
    ["a public key of 33 bytes", body({ blob: sshBlob(concat(keyOf(9), Uint8Array.of(0))) })],
    ["a byte behind the public key", body({ blob: concat(sshBlob(keyOf(9)), Uint8Array.of(0)) })],
    ["a kind in capitals", body({ blob: concat(sshString(utf8("SSH-ED25519")), sshString(keyOf(9))) })],
  ])("%s is damage", async (_what, bytes) => {
    const error = await refused(fileOf(bytes));
    expect([error.code, error.message]).toEqual(["usage", DAMAGED]);
  });

  test("any cut is damage", async () => {
    // Fewer bytes are no line of 64 letters.
    for (const bytes of [body(), bodyUnder(16)])
      for (let length = 48; length < bytes.length; length++) {
        const error = await refused(fileOf(bytes.subarray(0, length), 64));
        expect([error.code, error.message], `${length}`).toEqual(["usage", DAMAGED]);
      }
  });

  test.each([
    ["the cipher", 15],
    ["the kdf", 23],
    ["its options", 31],
    ["the public key", 39],
    ["the section", 94],
  ])("a length that leads beyond the end is damage: of %s", async (_what, at) => {
    const bytes = body();
    new DataView(bytes.buffer).setUint32(at, bytes.length - at - 3);
    expect((await refused(fileOf(bytes))).message).toBe(DAMAGED);
    // To the end, so that there is nothing behind.
    new DataView(bytes.buffer).setUint32(at, bytes.length - at - 4);
    if (at < 94) expect((await refused(fileOf(bytes))).message).toBe(DAMAGED);
    else expect(parsed(fileOf(bytes)).section).toEqual(section());
  });

  test.each([
    [0, "a private key file of ssh's with more than one key"],
    [2, "a private key file of ssh's with more than one key"],
  ])("%i keys are not one", async (count, message) => {
    expect((await refused(fileOf(body({ count })))).message).toBe(message);
  });

  test.each(["aes256-gcm@openssh.com", "aes128-ctr", "toString", "__proto__", "c".repeat(64)])(
    "the cipher %s is named as one that is not known",
    async (cipher) => {
      const error = await refused(fileOf(body({ cipher: utf8(cipher) })));
      expect([error.code, error.reason]).toEqual(["usage", "ssh-cipher"]);
      expect(error.message).toBe(`a private key of ssh's under ${cipher}, which is not known here`);
    },
  );

  test("another kind is named, whatever follows, a cipher that is not known too", async () => {
    for (const [kind, what] of [
      ["ssh-rsa", "an RSA key"],
      ["ecdsa-sha2-nistp256", "an ECDSA key"],
      ["sk-ssh-ed25519@openssh.com", "a key on a security key (FIDO)"],
    ] as const) {
      const error = await refused(fileOf(body({ blob: sshString(utf8(kind)), cipher: utf8("aes128-ctr") })));
      expect([error.reason, error.message]).toEqual([
        "ssh-kind",
        `${what}: of ssh's keys, only ssh-ed25519 can be used`,
      ]);
    }
  });

  test("more than 256 rounds are not made", async () => {
    const error = await refused(fileOf(bodyUnder(257)));
    expect([error.reason, error.message]).toEqual([
      "ssh-cipher",
      "a private key of ssh's with 257 rounds of bcrypt; at most 256 are made",
    ]);
  });
});

describe("the text of the file", () => {
  const whole = fileOf(body());
  const lines = whole.trimEnd().split("\n");
  const [first, ...rest] = lines.slice(1, -1) as [string, ...string[]];
  const text = (...between: string[]) => [BEGIN, ...between, END].join("\n");

  test("may stand in lines of 64, 70 and 76 letters, which end as on any system, between blanks", () => {
    const due = parsed(whole);
    for (const width of [64, 70, 76]) {
      expect(parsed(fileOf(body(), width)), `${width}`).toEqual(due);
      expect(parsed(fileOf(body(), width).replaceAll("\n", "\r\n")), `${width}, CR LF`).toEqual(due);
    }
    expect(parsed(whole.trimEnd())).toEqual(due);
    expect(parsed(` \t\r\n${whole} \t\r\n\n`)).toEqual(due);
  });

  test("may end with a line that is full", () => {
    for (const width of [64, 70, 76]) {
      const bytes = new Uint8Array(width * 3).fill(7);
      const file = fileOf(bytes, width);
      expect(file.split("\n").at(-3)).toHaveLength(width);
      expect(shown(decodedBody(secretOf(file), 0)), `${width}`).toEqual(bytes);
    }
  });

  test.each([
    ["lines of 69 letters", fileOf(body(), 69)],
    ["lines of 4 letters", fileOf(body(), 4)],
    ["one line", text([first, ...rest].join(""))],
    ["a line that is longer than the first", text(first.slice(0, 64), first.slice(64) + rest.join(""))],
    ["a line within that is shorter", text(first, rest[0]!.slice(0, 66), rest[0]!.slice(66), ...rest.slice(1))],
    ["an empty line within", text(first, "", ...rest)],
    ["an empty line first", text("", first, ...rest)],
    ["an empty line last", text(first, ...rest, "")],
    ["letters behind the first line", whole.replace("-----\n", "-----A\n")],
    ["a blank behind the first line", whole.replace("-----\n", "----- \n")],
    ["a CR alone behind the first line", whole.replace("-----\n", "-----\r")],
    ["a CR alone between lines", text(`${first}\r${rest.join("\n")}`)],
    ["a CR alone before the last line", text(`${[first, ...rest.slice(0, -1)].join("\n")}\r${rest.at(-1)}`)],
    ["two CR before an LF", whole.replaceAll("\n", "\r\r\n")],
    ["nothing between", text()],
    ["no line end behind the first line", `${BEGIN}${END}`],
  ])("is refused for its lines: %s", async (_what, file) => {
    const error = await refused(file);
    const due = file === `${BEGIN}${END}` ? [undefined, DAMAGED] : ["ssh-private", NOT_IN_LINES];
    expect([error.code, error.reason, error.message]).toEqual(["usage", ...due]);
  });

  test.each([
    ["no last line", lines.slice(0, -1).join("\n")],
    ["the first line alone", `${BEGIN}\n`],
    ["a last line that is cut", whole.trimEnd().slice(0, -1)],
    ["a last line that goes on", `${whole.trimEnd()}-`],
    ["a letter behind the last line", `${whole}x`],
    ["a last line that is no line of its own", whole.replace(`\n${END}`, END)],
    ["a blank before the last line", whole.replace(`\n${END}`, `\n ${END}`)],
    ["a letter that base64 does not have", whole.replace(first, `${first.slice(0, -1)}!`)],
    ["a blank for a letter", whole.replace(first, `${first.slice(0, -1)} `)],
    ["one letter too few", text(first, ...rest.slice(0, -1), rest.at(-1)!.slice(1))],
  ])("is damaged: %s", async (_what, file) => {
    expect((await refused(file)).message).toBe(DAMAGED);
  });

  test("has 65 536 letters at most", async () => {
    const decoded = (letters: number) => decodedBody(secretOf(fileOf(new Uint8Array((letters / 4) * 3), 64)), 0);
    expect(decoded(65_536)).toHaveLength(49_152);
    expect((await failure((async () => decoded(65_540))())).message).toBe(DAMAGED);
  });

  test("of another program's key names it", async () => {
    const error = await refused("\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    expect(error).toMatchObject({
      code: "usage",
      reason: "ssh-private",
      message: "an RSA private key, which cannot be used",
    });
  });
});

describe("the section", () => {
  test("gives its seed, whatever the comment and the padding that it needs", async () => {
    for (let length = 0; length <= 8; length++) {
      const comment = new Uint8Array(length).fill(0x78);
      expect(shown(await seedIn(fileOf(body({ section: section({ comment }) }))))).toEqual(seedOf(9));
    }
  });

  const both = concat(seedOf(9), keyOf(9));
  const full = section({ comment: utf8("12345") });
  test.each([
    ["checks that differ", section({ checks: concat(sshNumber(5), sshNumber(6)) })],
    ["checks that differ in their first byte", section({ checks: Uint8Array.of(1, 0, 0, 5, 0, 0, 0, 5) })],
    ["another type", section({ type: "ssh-ed25518" })],
    ["another public key", section({ publicHalf: keyOf(8) })],
    ["another public key behind the seed", section({ both: concat(seedOf(9), keyOf(8)) })],
    ["another seed", section({ both: concat(seedOf(8), keyOf(9)) })],
    ["a seed of zeros", section({ seed: seedOf(0) })],
    ["a public key that is cut", section({ publicHalf: keyOf(9).subarray(1) })],
    ["half a key", section({ both: both.subarray(1) })],
    ["more than a key", section({ both: concat(both, Uint8Array.of(0)) })],
    ["padding that does not begin with 1", section({ padding: Uint8Array.of(2, 3, 4, 5, 6) })],
    ["padding that does not count on", section({ padding: Uint8Array.of(1, 2, 3, 4, 6) })],
    [
      "a block of padding too much",
      section({ comment: utf8("12345"), padding: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }),
    ],
    ["no padding, where some is due", section({ padding: NOTHING })],
    ["nothing", NOTHING],
    ["checks alone", section().subarray(0, 8)],
  ])("is damaged by %s", async (_what, bytes) => {
    expect((await refusedSeed(body({ section: bytes }))).message).toBe(DAMAGED);
  });

  test("needs no padding where its length is a multiple of a block", async () => {
    expect(full.length % 8).toBe(0);
    expect(full.subarray(-5)).toEqual(utf8("12345"));
    expect(shown(await seedIn(fileOf(body({ section: full }))))).toEqual(seedOf(9));
  });

  test("is damaged by any cut", async () => {
    const bytes = section({ comment: utf8("12345") });
    for (let length = 0; length < bytes.length; length++)
      expect((await refusedSeed(body({ section: bytes.subarray(0, length) }))).message, `${length}`).toBe(DAMAGED);
  });
});

test("a public key in the clear that is another one's is damage", async () => {
  expect((await refusedSeed(body({ blob: sshBlob(keyOf(8)) }))).message).toBe(DAMAGED);
  const all = section({ publicHalf: keyOf(8), both: concat(seedOf(9), keyOf(8)) });
  expect((await refusedSeed(body({ blob: sshBlob(keyOf(8)), section: all }))).message).toBe(DAMAGED);
});

test("there is no key of zeros", async () => {
  const zeros = section({ seed: seedOf(0) });
  const key = zeros.subarray(8 + 15 + 4, 8 + 15 + 4 + 32);
  expect((await refusedSeed(body({ section: zeros, blob: sshBlob(key) }))).message).toBe(DAMAGED);
  expect(newSecret(32)).toEqual(seedOf(0));
});
