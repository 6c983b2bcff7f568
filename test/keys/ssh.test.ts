// Keys of ssh: arithmetic, primitives and lines. Whole keys are in the vectors, and in test/cli/ssh.test.ts with ssh's
// own programs.

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import bcrypt from "bcrypt-pbkdf";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/bytes.js";
import { bcryptPbkdf } from "../../src/crypto/bcrypt.js";
import { montgomeryOf } from "../../src/crypto/montgomery.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import { parsePublicKey } from "../../src/keys/any.js";
import { Contacts, parseContacts } from "../../src/keys/contacts.js";
import { addContact, revokeKeys } from "../../src/keys/contacts-edit.js";
import { parseIdentityFile } from "../../src/keys/identity.js";
import { parseAllPublicKeys, parsePublicKeys } from "../../src/keys/public-keys.js";
import { decodeSecretBase64 } from "../../src/keys/ssh/base64.js";
import { hostName, hostsOf, keysEver, noHostKeys, readKnownHosts, usableKeys } from "../../src/keys/ssh/known-hosts.js";
import { matchesPatterns } from "../../src/keys/ssh/patterns.js";
import { decodeSshKey, encodeSshKey } from "../../src/keys/ssh/public.js";
import { encodeRecipient, encodeSigner } from "../../src/keys/text.js";
import { failure, SUITES, secretOf, shown } from "../support.js";
import { nobody, watched } from "./secrets.js";
import { ANN, BEN, body, bodyUnder, CAT, fileOf, keyOf, RSA, seedOf } from "./ssh-file.js";

const suite = native;

test("the X25519 key of a signer is what its seed opens by, and noble's", () => {
  for (let fill = 1; fill < 100; fill++) {
    const u = montgomeryOf(keyOf(fill));
    expect(u).toEqual(Uint8Array.from(ed25519.utils.toMontgomery(keyOf(fill))));
    const half = Uint8Array.from(shown(suite.sha512(copySecret(seedOf(fill)))).slice(0, 32));
    expect(u).toEqual(Uint8Array.from(x25519.getPublicKey(half)));
  }
});

describe.each(SUITES)("$name", (each) => {
  test("SHA-512, HMAC-SHA-1 and AES in counter mode, as published", () => {
    expect(toHex(shown(each.sha512(copySecret(utf8("abc")))))).toBe(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
    // RFC 2202, case 2.
    expect(toHex(each.hmacSha1(utf8("Jefe"), utf8("what do ya want for nothing?")))).toBe(
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    );
    // NIST SP 800-38A, F.5.6.
    const key = fromHex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    const counter = fromHex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const sealed = fromHex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
    expect(toHex(shown(each.aesCtr(copySecret(key), counter, sealed)))).toBe(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
    );
  });
});

test("bcrypt_pbkdf gives what the package's own does, at every length", async () => {
  const whole = bcrypt as unknown as { pbkdf(...args: unknown[]): number };
  for (const [length, rounds] of [
    [1, 1],
    [32, 2],
    [33, 1],
    [48, 2],
    [100, 1],
  ] as const) {
    const [word, salt, expected] = [utf8("word"), seedOf(7), new Uint8Array(length)];
    whole.pbkdf(word, word.length, salt, salt.length, expected, length, rounds);
    expect(shown(await bcryptPbkdf(suite, copySecret(word), salt, length, rounds))).toEqual(expected);
  }
});

test("base64 of secrets: what is one, and what is none", () => {
  for (let length = 0; length < 50; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length) & 255);
    expect(shown(decodeSecretBase64(utf8(base64.encode(bytes)))!)).toEqual(bytes);
  }
  for (const text of [
    "A",
    "AA",
    "AAA",
    "AB==",
    "AAB=",
    "A===",
    "=AAA",
    "AA=A",
    "AA-A",
    "AA_A",
    "AA A",
    "AAA\u007f",
    "AA@A",
    "AA[A",
  ])
    expect(decodeSecretBase64(utf8(text)), text).toBeNull();
});

test("an identity of a private key opens and signs by its seed, of which nothing stays behind", async () => {
  const { suite: watching, held } = watched();
  const file = await parseIdentityFile(watching, secretOf(fileOf(body())), nobody);
  expect(file).toMatchObject({ accept: [], isProtected: false });
  const identity = await file.unlock();
  expect(identity.signer).toBe(encodeSigner(keyOf(9)));
  expect(identity.recipient).toBe(encodeRecipient(suite, montgomeryOf(keyOf(9))));
  // The seed, to see whether it fits and to sign by; the half of its hash that opens.
  expect(held.length).toBe(3);
  for (const secret of held) expect(shown(secret).every((byte) => byte === 0)).toBe(true);
});

test("rounds of bcrypt are ended by a signal, with nothing left in memory", async () => {
  const held: Secret[] = [];
  const note = (secret: Secret) => {
    held.push(secret);
    return secret;
  };
  const watching = { ...native, sha512: (bytes: Secret) => note(native.sha512(note(bytes))) };
  const given: Secret[] = [];
  const stop = new AbortController();
  const ask = async () => {
    given.push(secretOf("word"));
    setTimeout(() => stop.abort(new Error("enough")), 100);
    return given.at(-1)!;
  };
  // The most that are made: a longer list would be refused before anybody is asked.
  const file = await parseIdentityFile(watching, secretOf(fileOf(bodyUnder(256))), ask, stop.signal);
  expect(file.isProtected).toBe(true);
  await expect(file.unlock()).rejects.toThrow("enough");
  for (const secret of [...held, ...given]) expect(shown(secret).every((byte) => byte === 0)).toBe(true);
  expect(given.length).toBe(1);
  const over = await failure(parseIdentityFile(suite, secretOf(fileOf(bodyUnder(257))), nobody));
  expect([over.reason, over.message]).toEqual(["ssh-cipher", expect.stringContaining("257 rounds")]);
});

describe("lines of files", () => {
  const now = Date.UTC(2026, 5, 15, 12);
  const signers = async (text: string, principal?: string) =>
    (await parsePublicKeys(suite, text, "signer", { now, principal })).map(encodeSshKey);
  const recipients = async (text: string) => parsePublicKeys(suite, text, "recipient", { now });

  test("of authorized_keys, with options before the key", async () => {
    const text = `# mine\n\n${ANN} ann@example.com\nrestrict,command="echo \\"a, b\\"" ${BEN}\nno-pty,from="*.example.com" ${CAT} cat\n`;
    const due = [1, 2, 3].map((fill) => montgomeryOf(keyOf(fill)));
    expect(await recipients(text)).toEqual(due);
    expect(await signers(text)).toEqual([ANN, BEN, CAT]);
  });

  test("a recipient that cannot be sealed for is an error, and a signer is passed over", async () => {
    for (const [line, words] of [
      [RSA, "an RSA key"],
      [`cert-authority ${BEN}`, "a certificate authority"],
      [`expiry-time="20260101" ${BEN}`, "the key has expired"],
      [`expiry-time="2026x" ${BEN}`, "its time is not written"],
      [`ben@example.com ${BEN}`, "it says who signs"],
      [`ssh-ed25519 AAAA`, "what it holds is of another type"],
    ] as const) {
      expect((await failure(recipients(`${ANN}\n${line}`))).message, line).toMatch(new RegExp(`^line 2: .*${words}`));
      if (!line.startsWith("ben")) expect(await signers(`${line}\n${ANN}`), line).toEqual([ANN]);
      if (!line.startsWith("ben")) expect((await failure(signers(line))).message).toContain(words);
    }
    expect(await recipients(`expiry-time="20270101" ${ANN}`)).toHaveLength(1);
  });

  test("an option that nobody knows makes no name of a signer of those beside it", async () => {
    for (const options of ['expiry-time="20200101",no-agent-fowarding', "cert-authority,no-such", "no-such", 'x="y"']) {
      expect((await failure(signers(`${options} ${BEN}`))).message, options).toMatch(/^line 1: .*no option/);
      expect(await signers(`${options} ${BEN}\n${ANN}`), options).toEqual([ANN]);
    }
    expect(await signers(`touch-required ${ANN}`)).toEqual([ANN]);
  });

  test("what a key is for, and when, does not count where it is taken away", async () => {
    const lines = [
      `expiry-time="20200101",cert-authority ${ANN}`,
      `ben@example.com namespaces="git",valid-before="20200101" ${BEN}`,
      `no-such,from="x",from="y" ${CAT}`,
    ];
    const text = `${RSA}\n${lines.join("\n")}\n`;
    const ever = { now, ever: true };
    expect((await failure(signers(text))).message).toMatch(/^line 1: /);
    expect((await parsePublicKeys(suite, text, "signer", ever)).map(encodeSshKey)).toEqual([ANN, BEN, CAT]);
    const ben = await parsePublicKeys(suite, text, "signer", { ...ever, principal: "ben@example.com" });
    expect(ben.map(encodeSshKey)).toEqual([BEN]);
    for (const line of lines)
      expect((await failure(parseAllPublicKeys(suite, line, { now }))).message).toMatch(/^line 1/);
    expect(await parseAllPublicKeys(suite, text, ever)).toEqual({ recipients: [], signers: [], ssh: [ANN, BEN, CAT] });
    expect((await failure(parseAllPublicKeys(suite, RSA, ever))).message).toMatch(/^line 1: an RSA key/);
    expect((await failure(parseAllPublicKeys(suite, `${text}ssh-ed25519 AAAA`, ever))).message).toMatch(/^line 5: /);
  });

  test("of options, only those of which ssh takes several may stand there twice", async () => {
    const several =
      'permitopen="a:1",permitopen="b:2",permitlisten="1",PermitListen="2",environment="A=1",environment="B=2"';
    expect(await recipients(`${several} ${ANN}`)).toHaveLength(1);
    for (const twice of ['from="a",from="b"', 'expiry-time="20270101",Expiry-Time="20280101"', "restrict,restrict"])
      expect((await failure(recipients(`${twice} ${ANN}`))).message, twice).toMatch(
        /^line 1: its option ".*" stands there twice/,
      );
  });

  test("a principal is asked for: no line counts that names nobody, of whatever program's", async () => {
    const own = encodeSigner(keyOf(2));
    expect(await signers(`${own}\nann@x ${ANN}\n`, "ann@x")).toEqual([ANN]);
    expect((await failure(signers(`${own}\n`, "ann@x"))).message).toBe("no signer key in it for ann@x");
  });

  test("a file of hosts is none of signers or recipients, whatever else is in it", async () => {
    const names = ["@revoked *", "@cert-authority *.example.com", "|1|c2FsdA==|aGFzaA==", "[one.example.com]:2222"];
    const addresses = ["192.0.2.1", "one.example.com,192.0.2.1", "2001:db8::1", "fe80::1%eth0", "x,!::1", "[::1]:22"];
    const all = (text: string) => parseAllPublicKeys(suite, text, { now });
    for (const line of [...names, ...addresses].map((name) => `${name} ${BEN}`))
      for (const read of [signers, recipients, all])
        expect((await failure(read(`${ANN}\n${line}\n`))).message, line).toMatch(/^line 2: .*a file of hosts/);
  });

  test("a name that may be a host's or a signer's is none, unless it is asked for", async () => {
    for (const name of ["one.example.com", "*.example.com", "ann", "*", "one,two.example.com"]) {
      const error = await failure(signers(`${ANN}\n${name} ${BEN}`));
      expect([error.message, error.reason], name).toEqual([expect.stringMatching(/^line 2: .* a host/), "host-line"]);
      expect((await failure(recipients(`${name} ${BEN}`))).reason, name).toBe("host-line");
      expect(await signers(`${name} namespaces="seal" ${BEN}`), name).toEqual([BEN]);
    }
    expect(await signers(`one.example.com ${BEN}`, "one.example.com")).toEqual([BEN]);
    expect(await parsePublicKeys(suite, `one ${BEN}`, "signer", { ever: true })).toEqual([keyOf(2)]);
  });

  test("a text of several keys is no key", async () => {
    const message = async (text: string) => (await failure((async () => decodeSshKey(text))())).message;
    expect(await message(`${ANN} ann\n${BEN} ben`)).toContain("more than one line");
    expect(await message(`${ANN} ann\r\n ${BEN} ben`)).toContain("more than one line");
    expect(decodeSshKey(`${ANN} ann\n`)).toEqual(keyOf(1));
  });

  test("of allowed signers: names, namespaces and validity", async () => {
    for (const [options, isValid] of [
      ["", true],
      ['namespaces="seal"', true],
      ['namespaces="git,seal"', true],
      ['namespaces="git"', false],
      ['namespaces="*"', true],
      ['namespaces="*,!seal"', false],
      ['valid-after="20260615Z"', true],
      ['valid-after="20260616Z"', false],
      ['valid-after="202606151200Z"', true],
      ['valid-after="202606151201Z"', false],
      ['valid-before="20260615115959Z"', false],
      ['valid-before="20260615120000Z"', true],
      ['VALID-BEFORE="20270101",valid-after="20250101",namespaces="seal"', true],
      ["cert-authority", false],
      ['principals="x"', false],
      ['valid-before="20260231"', false],
      ['namespaces="seal",namespaces="seal"', false],
    ] as const) {
      const found = signers(`ann@example.com,ann ${options} ${ANN}`.replace("  ", " "), "ann");
      if (isValid) expect(await found, options).toEqual([ANN]);
      else expect((await failure(found)).message, options).toMatch(/^line 1: /);
    }
    const text = `ann@example.com ${ANN}\n*@example.org,!ben@example.org ${BEN}\n${CAT}\n`;
    expect(await signers(text)).toEqual([ANN, BEN, CAT]);
    expect(await signers(text, "ann@example.com")).toEqual([ANN]);
    expect(await signers(text, "x@example.org")).toEqual([BEN]);
    expect((await failure(signers(text, "ben@example.org"))).message).toBe("no signer key in it for ben@example.org");
  });

  test("a list of many patterns takes no time to speak of", () => {
    const started = performance.now();
    expect(matchesPatterns("a".repeat(20_000), "*a".repeat(1000))).toBe(true);
    expect(matchesPatterns("a".repeat(20_000), `${"*a".repeat(1000)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("known hosts", () => {
  const hashed = (name: string, salt = seedOf(4).slice(0, 20)) =>
    `|1|${base64.encode(salt)}|${base64.encode(suite.hmacSha1(salt, utf8(name)))}`;
  const found = async (text: string, name: string) => {
    const keys = noHostKeys();
    await readKnownHosts(suite, text, hostName(name), keys);
    return usableKeys(keys).map(encodeSshKey);
  };

  test("plain, hashed, in lists, with patterns, markers, ports and comments", async () => {
    const text = [
      "# hosts",
      "",
      `one.example.com,192.0.2.1 ${ANN} a comment`,
      `${hashed("two.example.com")} ${BEN}`,
      `${hashed("[two.example.com]:2222")} ${CAT}`,
      `[three]:2022 ${CAT}`,
      `*.wild.example.com,!not.wild.example.com ${ANN}`,
      `2001:db8::1 ${BEN}`,
      "old 1024 35 1234567890",
      "what is this",
      "@future x ssh-ed25519 AAAA",
    ].join("\r\n");
    expect(await found(text, "one.example.com")).toEqual([ANN]);
    expect(await found(text, "ONE.example.com")).toEqual([ANN]);
    expect(await found(text, "192.0.2.1")).toEqual([ANN]);
    expect(await found(text, "two.example.com")).toEqual([BEN]);
    expect(await found(text, "two.example.com:22")).toEqual([BEN]);
    expect(await found(text, "two.example.com:2222")).toEqual([CAT]);
    expect(await found(text, "[three]:2022")).toEqual([CAT]);
    expect(await found(text, "a.wild.example.com")).toEqual([ANN]);
    expect(await found(text, "2001:db8::1")).toEqual([BEN]);
    for (const name of ["three", "not.wild.example.com", "old", "one.example.com:23"])
      expect((await failure(found(text, name))).reason, name).toBe("host-unknown");
    for (const name of ["what", "x"]) expect((await failure(found(text, name))).message).toMatch(/^line 1[01]: /);
    expect(hostsOf(text)).toEqual(["one.example.com", "192.0.2.1", "three:2022", "2001:db8::1", "old", "what"]);
  });

  test("all keys that a host has; none that is revoked for it, wherever that stands", async () => {
    const two = `h ${ANN}\nh ${BEN}\nh ${ANN} again`;
    expect(await found(two, "h")).toEqual([ANN, BEN]);
    expect(await found(`@revoked * ${ANN}\n${two}`, "h")).toEqual([BEN]);
    expect(await found(`${two}\n@revoked other ${ANN}`, "h")).toEqual([ANN, BEN]);
    expect((await failure(found(`h ${ANN}\n@revoked h ${ANN}`, "h"))).message).toBe(
      "the key of this host is revoked (@revoked)",
    );
    expect((await failure(found(`h ${ANN}\n@revoked h ssh-ed25519 AAAA`, "h"))).message).toMatch(/^line 2: /);
  });

  test("what is taken away is taken with all keys that a host has or had", async () => {
    const keys = noHostKeys();
    await readKnownHosts(suite, `h ${ANN}\n@revoked h ${ANN}\n@revoked * ${BEN}\n@revoked x ${CAT}`, "h", keys);
    expect(keysEver(keys).map(encodeSshKey)).toEqual([ANN, BEN]);
    expect((await failure((async () => keysEver(noHostKeys()))())).reason).toBe("host-unknown");
  });

  test("what a host has instead is named", async () => {
    expect((await failure(found(`h ${RSA}\nh ecdsa-sha2-nistp256 AAAA`, "h"))).message).toBe(
      "of this host, no ssh-ed25519 key is known, but an ECDSA key, an RSA key",
    );
    expect((await failure(found(`@cert-authority *.x ${ANN}`, "h.x"))).message).toMatch(/@cert-authority/);
    expect(await found(`@cert-authority * ${ANN}\nh ${BEN}`, "h")).toEqual([BEN]);
  });
});

describe("contacts", () => {
  const line = `ann ${ANN} sender`;

  test("keep a key of ssh as its own text; it receives and it signs", () => {
    const contacts = parseContacts(`${line}\nben ${BEN} revoked 2026-01-31T12:00:00Z lost  it\n`);
    expect(contacts.format().split("\n")[0]).toBe(line);
    expect(contacts.keysOf("ann").map(({ kind, key }) => [kind, toHex(key)])).toEqual([
      ["recipient", toHex(montgomeryOf(keyOf(1)))],
      ["signer", toHex(keyOf(1))],
    ]);
    expect(contacts.senders()).toEqual([keyOf(1)]);
    expect(contacts.revocation(keyOf(2))).toEqual({ is: "revoked", at: "2026-01-31T12:00:00Z", reason: "lost  it" });
    expect(contacts.revocation(montgomeryOf(keyOf(2)))?.reason).toBe("lost  it");
    expect(contacts.owner(montgomeryOf(keyOf(1)))?.name).toBe("ann");
  });

  test("a revoked signer is no recipient either, and the reverse", () => {
    const at = "revoked 2026-01-31T12:00:00Z";
    const bySigner = parseContacts(`${line}\n- ${encodeSigner(keyOf(1))} ${at}\n`);
    expect(bySigner.revocation(montgomeryOf(keyOf(1)))).not.toBeNull();
    const byRecipient = parseContacts(`${line}\n- ${encodeRecipient(suite, montgomeryOf(keyOf(1)))} ${at}\n`);
    expect(byRecipient.revocation(keyOf(1))).not.toBeNull();
    expect(byRecipient.senders()).toEqual([]);
    expect(byRecipient.revocation(keyOf(2))).toBeNull();
  });

  test("are given them by files, and refuse lines that are none", async () => {
    const keys = await parseAllPublicKeys(suite, `${ANN} ann@example.com\n`);
    expect(keys).toEqual({ recipients: [], signers: [], ssh: [ANN] });
    const adding = { sender: true, replace: false, now: "2026-01-31T12:00:00Z" };
    const after = addContact(new Contacts([]), "ann", keys, adding);
    expect(after.format()).toBe(`${line}\n`);
    expect(revokeKeys(after, keys, { at: adding.now, reason: "gone" }).format()).toBe(
      `ann ${ANN} revoked ${adding.now} gone\n`,
    );
    expect(revokeKeys(new Contacts([]), keys, { at: adding.now, reason: "" }).format()).toBe(
      `- ${ANN} revoked ${adding.now}\n`,
    );
    for (const bad of [
      `ann ${RSA}`,
      "ann ssh-ed25519",
      `ann ${ANN}x`,
      `ssh-ed25519 ${ANN}`,
      `ann ${ANN} ann@example.com`,
    ])
      expect(() => parseContacts(bad), bad).toThrow(/^line 1: /);
  });
});

test("a key's text is taken wherever one is, of whatever kind", async () => {
  expect(await parsePublicKey(suite, `${ANN} comment`, "signer")).toEqual(keyOf(1));
  expect(await parsePublicKey(suite, ANN, "recipient")).toEqual(montgomeryOf(keyOf(1)));
  expect(await parsePublicKey(suite, encodeSigner(keyOf(1)), "signer")).toEqual(keyOf(1));
  expect((await failure(parsePublicKey(suite, RSA, "recipient"))).reason).toBe("ssh-kind");
});
