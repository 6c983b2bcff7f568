// Files of host keys: how a host is named, which lines are its, and what each of them says.

import { base64 } from "@scure/base";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { hostName, hostsOf, keysEver, noHostKeys, readKnownHosts, usableKeys } from "../../src/keys/ssh/known-hosts.js";
import { matchesPatterns } from "../../src/keys/ssh/patterns.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { failure } from "../support.js";
import { ANN, BEN, CAT, keyOf, RSA, seedOf } from "./ssh-file.js";

const read = async (text: string, host = "h") => {
  const found = noHostKeys();
  await readKnownHosts(native, text, host, found);
  return found;
};
const usable = async (text: string, host = "h") => usableKeys(await read(text, host)).map(encodeSshKey);
const hashed = (name: string, salt: Uint8Array = seedOf(4).subarray(0, 20)) =>
  `|1|${base64.encode(salt)}|${base64.encode(native.hmacSha1(salt, utf8(name)))}`;

describe("a host", () => {
  test.each([
    ["h", "h"],
    ["Server.Example.COM", "server.example.com"],
    ["under_score-1", "under_score-1"],
    ["192.0.2.1", "192.0.2.1"],
    ["h:22", "h"],
    ["h:1", "[h]:1"],
    ["h:2222", "[h]:2222"],
    ["h:65535", "[h]:65535"],
    ["h:00022", "h"],
    ["[h]", "h"],
    ["[h]:22", "h"],
    ["[H]:2222", "[h]:2222"],
    ["::1", "::1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["fe80::1%br-lan.100", "fe80::1%br-lan.100"],
    ["[::1]", "::1"],
    ["[::1]:22", "::1"],
    ["[fe80::1%eth0]:2222", "[fe80::1%eth0]:2222"],
  ])("%s stands as %s", (text, name) => {
    expect(hostName(text)).toBe(name);
  });

  test.each([
    "",
    ":22",
    "[]",
    "[]:22",
    "*",
    "a?",
    "!a",
    "a,b",
    "a b",
    "a/b",
    " a",
    "a ",
    "@a",
    "|1|a|b",
    "-a",
    "[-a]:22",
    "a:",
    "a:0",
    "a:65536",
    "a:123456",
    "a:1x",
    "a:x",
    "h:22:22",
    "[a",
    "a]",
    "[a]22",
    "[a]:",
    "[a]:x",
    "x[a]",
    "[[a]]",
    "x:y:z",
    "::1,",
    "x::1",
    "1::g",
    "::1%a%",
    "::1%",
    "\u00e4",
  ])("is not %j", (text) => {
    const hint = "Such as host:server.example.com, or host:server:2222.";
    expect(() => hostName(text)).toThrow(
      expect.objectContaining({ code: "usage", message: "not a host's name", hint }),
    );
  });
});

describe("whose a line is", () => {
  test.each([
    ["h", true],
    ["H", true],
    ["x,h", true],
    ["h,x", true],
    ["*", true],
    ["?", true],
    ["hh", false],
    ["h,!h", false],
    ["!h,h", false],
    ["!x,h", true],
    ["!x", false],
    [hashed("h"), true],
    [hashed("h", Uint8Array.of(7)), true],
    [hashed("x"), false],
    [`${hashed("h")}|`, false],
    [`${hashed("h")}|x`, false],
    [`${hashed("h")},h`, false],
    [hashed("h").slice(0, -1), false],
    [hashed("h").replace("|1|", "|2|"), false],
    [hashed("h").replace("|1|", "|1||"), false],
    [
      hashed("h").replace(/[^|]*$/, base64.encode(native.hmacSha1(seedOf(4).subarray(0, 20), utf8("h")).subarray(1))),
      false,
    ],
    ["|1|", false],
    ["|1|AAAA", false],
    ["|1|AAAA|", false],
    ["|1|!|!", false],
  ])("%s", async (hosts, isIts) => {
    const found = await read(`${hosts} ${ANN}\n`);
    expect([...found.keys.keys()]).toEqual(isIts ? [toHex(keyOf(1))] : []);
  });

  test("a hash over no name is not the host's", async () => {
    // What an empty salt makes of it, as nothing else is missing.
    const empty = `|1||${base64.encode(native.hmacSha1(new Uint8Array(0), utf8("h")))}`;
    expect((await read(`${empty} ${ANN}`)).keys.size).toBe(1);
    expect((await read(`|1|${base64.encode(seedOf(4))}|${base64.encode(new Uint8Array(19))} ${ANN}`)).keys.size).toBe(
      0,
    );
  });

  test("its port is part of it", async () => {
    const text = `h ${ANN}\n[h]:2222 ${BEN}\n${hashed("[h]:2223")} ${CAT}\n`;
    expect(await usable(text, hostName("h"))).toEqual([ANN]);
    expect(await usable(text, hostName("h:2222"))).toEqual([BEN]);
    expect(await usable(text, hostName("h:2223"))).toEqual([CAT]);
    expect((await failure(usable(text, hostName("h:2224")))).reason).toBe("host-unknown");
  });
});

describe("a line", () => {
  test("gives what it says: a key, one that is revoked, another kind, or an authority", async () => {
    const found = await read(
      [
        "# h ssh-ed25519 AAAA",
        `#,h ${CAT}`,
        "",
        "\t ",
        `h ${ANN}`,
        ` h\t \tssh-ed25519\t${BEN.split(" ")[1]}\tben ben ben\r`,
        `@revoked h ${CAT}`,
        `h ${RSA} rsa`,
        "h ecdsa-sha2-nistp256 AAAA",
        `@revoked h ssh-dss AAAA`,
        `@cert-authority h ${RSA}`,
        `@cert-authority x ${BEN}`,
        `@revoked x ${BEN}`,
        "h 1024 35 1234567890",
      ].join("\n"),
    );
    expect([...found.keys]).toEqual([1, 2].map((fill) => [toHex(keyOf(fill)), keyOf(fill)]));
    expect([...found.revoked]).toEqual([[toHex(keyOf(3)), keyOf(3)]]);
    expect([...found.others].sort()).toEqual(["an ECDSA key", "an RSA key"]);
    expect(found.hasAuthority).toBe(true);
  });

  test("of another host's authority gives none", async () => {
    expect((await read(`@cert-authority x ${ANN}`)).hasAuthority).toBe(false);
    expect(noHostKeys().hasAuthority).toBe(false);
  });

  test.each([
    ["h", "no key follows the host's name"],
    ["h AAAA", "no key follows the host's name"],
    ["h 1024x", "no key follows the host's name"],
    ["h x1024", "no key follows the host's name"],
    [`h no-pty ${ANN}`, "no key follows the host's name"],
    ["@revoked h", "no key follows the host's name"],
    ["h ssh-ed25519", "not a usable ssh key: nothing follows its type"],
    ["h ssh-ed25519 AAAA", "not a usable ssh key: what it holds is of another type"],
    ["@revoked h ssh-ed25519 AAAA", "not a usable ssh key: what it holds is of another type"],
    [`@future h ${ANN}`, "the marker @future is not known"],
    [`@Revoked h ${ANN}`, "the marker @Revoked is not known"],
    [`@ h ${ANN}`, "the marker there is not known"],
    [`@a\u001b[2J h ${ANN}`, "the marker there is not known"],
    [`@\u001b[2J@a h ${ANN}`, "the marker there is not known"],
    [`@a@ h ${ANN}`, "the marker there is not known"],
    [`@${"x".repeat(40)} h ${ANN}`, `the marker @${"x".repeat(40)} is not known`],
    [`@${"x".repeat(41)} h ${ANN}`, "the marker there is not known"],
  ])("of the host's that cannot be understood is told with its number: %s", async (line, message) => {
    const error = await failure(read(`\n# c\nh ${ANN}\n${line}\n`));
    expect([error.code, error.message]).toEqual(["usage", `line 4: ${message}`]);
    // Of another host's, it matters to nobody.
    expect((await read(line, "other")).keys.size).toBe(0);
  });
});

describe("which keys count", () => {
  test("are all of the host's but those that are revoked, each once", async () => {
    expect(await usable(`h ${ANN}\nh ${BEN}\nh ${ANN}`)).toEqual([ANN, BEN]);
    expect(await usable(`h ${ANN}\nh ${BEN}\n@revoked h ${ANN}`)).toEqual([BEN]);
  });

  test.each([
    [
      `@revoked h ${ANN}\nh ${ANN}\nh ${RSA}\n@cert-authority h ${BEN}`,
      "host-kind",
      "the key of this host is revoked (@revoked)",
    ],
    [
      `h ${RSA}\nh ecdsa-sha2-nistp256 AAAA\nh ssh-rsa AAAA\n@cert-authority h ${BEN}`,
      "host-kind",
      "of this host, no ssh-ed25519 key is known, but an ECDSA key, an RSA key",
    ],
    [
      `@cert-authority h ${BEN}\n@revoked h ${ANN}`,
      "host-kind",
      "this host is known by a certificate authority alone (@cert-authority), which is not its own key",
    ],
    [`@revoked h ${ANN}`, "host-unknown", "no key of this host is known"],
    ["", "host-unknown", "no key of this host is known"],
  ])("none do in %j", async (text, reason, message) => {
    const error = await failure(usable(text));
    expect([error.code, error.reason, error.message]).toEqual(["usage", reason, message]);
  });

  test("are, where they are taken away, those too that are revoked", async () => {
    expect(keysEver(await read(`h ${ANN}\n@revoked h ${ANN}\n@revoked h ${CAT}`)).map(encodeSshKey)).toEqual([
      ANN,
      CAT,
    ]);
    expect(keysEver(await read(`@revoked h ${CAT}`)).map(encodeSshKey)).toEqual([CAT]);
    expect((await failure(read(`h ${RSA}`).then(keysEver))).reason).toBe("host-kind");
  });
});

test("the hosts of a file are those that it names in the clear", () => {
  for (const [line, hosts] of [
    ["h", ["h"]],
    ["h ssh-ed25519 AAAA", ["h"]],
    [" \th\tx", ["h"]],
    ["h\r", ["h"]],
    ["a,b.example.com,192.0.2.1 x", ["a", "b.example.com", "192.0.2.1"]],
    ["[h]:2222 x", ["h:2222"]],
    ["[h.example.com]:22", ["h.example.com:22"]],
    ["[::1]:2222,::1,fe80::1%eth0", ["[::1]:2222", "::1", "fe80::1%eth0"]],
    ["[h]", ["[h]"]],
    ["[h]:2222x", ["[h]:2222x"]],
    ["x[h]:2222", ["x[h]:2222"]],
    ["*.example.com,!h,a?,b", ["b"]],
    ["a/b,c", ["c"]],
    ["", []],
    [",", []],
    ["# h", []],
    ["#a,b", []],
    ["@a,b", []],
    ["|1|a,b", []],
    ["h x # c | d@e", ["h"]],
    ["#h", []],
    [`${hashed("h")} x`, []],
    ["@revoked h x", []],
    ["@cert-authority h x", []],
  ] as const)
    expect(hostsOf(line), line).toEqual(hosts);
  expect(hostsOf("a x\nb y\r\n\n# c\nd z")).toEqual(["a", "b", "d"]);
});

test.each([
  ["a", "a", true],
  ["a", "b", false],
  ["a", "A", false],
  ["a", "b,a", true],
  ["a", "a,b", true],
  ["a", "", false],
  ["", "", true],
  ["", "*", true],
  ["", "?", false],
  ["a", "?", true],
  ["ab", "?", false],
  ["a", "a?", false],
  ["ab", "a", false],
  ["a", "ab", false],
  ["ab", "a*", true],
  ["a", "a*", true],
  ["a", "a**", true],
  ["a", "a*b", false],
  ["ab", "*b", true],
  ["ba", "*b", false],
  ["b", "*b", true],
  ["abb", "a*b", true],
  ["abbc", "a*bc", true],
  ["aXbXc", "a*b*c", true],
  ["aXbX", "a*b*c", false],
  ["aab", "*ab", true],
  ["ababac", "*abac", true],
  ["a*", "a*", true],
  ["aXYb", "a*?b", true],
  ["ab", "a*?b", false],
  ["a", "!a", false],
  ["a", "*,!a", false],
  ["a", "!a,*", false],
  ["b", "*,!a", true],
  ["b", "!a,b", true],
  ["b", "!a", false],
  ["a!", "a!", true],
])("the name %j in the list %j: %j", (name, list, due) => {
  expect(matchesPatterns(name, list)).toBe(due);
});
