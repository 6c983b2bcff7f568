// Lines of ssh's files of public keys: what stands before the key, whether it counts, and what is said where not.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { isSshLine, keyOfSshLine, refuseHostLine, type SshDemands } from "../../src/keys/ssh/lines.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { failure } from "../support.js";
import { ANN, RSA } from "./ssh-file.js";

const NOW = Date.UTC(2026, 5, 15, 12);
const keyIn = async (line: string, kind: "recipient" | "signer", demands: SshDemands = {}) => {
  const key = await keyOfSshLine(native, line, { now: NOW, ...demands, kind });
  return key && encodeSshKey(key);
};
const refusal = async (line: string, kind: "recipient" | "signer", demands?: SshDemands) =>
  (await failure(keyIn(line, kind, demands))).message;
const LONG = "x".repeat(41);

test.each([
  [ANN, true],
  [`${ANN} a comment`, true],
  [RSA, true],
  ["ssh-ed25519", true],
  [`no-pty ${ANN}`, true],
  [`no-pty\t${ANN}`, true],
  [`ann ${ANN}`, true],
  [`ann namespaces="seal" ${ANN}`, true],
  [`ann "a b" ${ANN}`, true],
  [`command="a b c" ${ANN}`, true],
  [`command="a \\" b" ${ANN}`, true],
  [`command="a\tb" ${ANN}`, true],
  [`a b c ${ANN}`, false],
  [`command="a b ${ANN}`, false],
  // As ssh reads it: of two backslashes, the second makes a mark of the text.
  [`command="\\\\",no-pty ${ANN}`, false],
  ["", false],
  ["ann", false],
  ["a b c d e", false],
])("whether a line holds a key of ssh's: %j", (line, holds) => {
  expect(isSshLine(line)).toBe(holds);
});

describe("the options of authorized_keys", () => {
  test.each([
    "",
    "no-pty ",
    "NO-PTY ",
    "no-pty\t",
    "no-pty \t ",
    "restrict,pty ",
    'from="*.example.com",no-pty ',
    'command="echo \\"a, b\\"" ',
    'command="a,cert-authority" ',
    'command="a\tb" ',
    "command=a=b,no-pty ",
    'tunnel="0",principals="a,b" ',
    "port-forwarding ",
    'permitopen="a:1",permitopen="b:2" ',
    'permitlisten="1",PermitListen="2" ',
    'environment="A=1",environment="B=2" ',
    "verify-required ",
    'expiry-time="20270101" ',
    "expiry-time=20270101 ",
    'expiry-time="20260615120000Z" ',
  ])("leave the key, where they are %j", async (options) => {
    for (const kind of ["recipient", "signer"] as const) {
      expect(await keyIn(`${options}${ANN}`, kind)).toBe(ANN);
      expect(await keyIn(`${options}${ANN} ann's  key`, kind)).toBe(ANN);
      expect(await keyIn(`${options}${ANN}\tann`, kind)).toBe(ANN);
    }
  });

  const AUTHORITY = "a certificate authority (cert-authority), which is nobody's own key";
  const EXPIRED = "the key has expired (expiry-time)";
  const NO_TIME = "its time is not written as YYYYMMDD or YYYYMMDDHHMM[SS]";
  test.each([
    ["cert-authority", AUTHORITY],
    ["no-pty,Cert-Authority", AUTHORITY],
    ['expiry-time="20260101"', EXPIRED],
    ['EXPIRY-TIME="20260101"', EXPIRED],
    ["expiry-time=20260101,no-pty", EXPIRED],
    ['no-pty,expiry-time="20260615115959Z"', EXPIRED],
    ["expiry-time", NO_TIME],
    ["expiry-time=", NO_TIME],
    ['expiry-time=""', NO_TIME],
    ['no-pty,expiry-time="never"', NO_TIME],
    ["restrict,restrict", 'its option "restrict" stands there twice'],
    ["restrict,Restrict,no-pty,NO-PTY", 'its option "Restrict" stands there twice'],
    ['from="a",from="b"', 'its option "from" stands there twice'],
    [`no-${LONG},no-${LONG}`, `its option "no-${LONG.slice(0, 37)}" stands there twice`],
    ["no-such", '"no-such" is no option of authorized keys'],
    ["no-pty,such", '"such" is no option of authorized keys'],
    ['such="x"', '"such" is no option of authorized keys'],
    ["such=", '"such" is no option of authorized keys'],
    [`${LONG}=x`, `"${LONG.slice(0, 40)}" is no option of authorized keys`],
    ['namespaces="seal"', '"namespaces" is no option of authorized keys'],
    ["valid-after", '"valid-after" is no option of authorized keys'],
    [",no-pty", '"" is no option of authorized keys'],
  ])("refuse the key, where they are %s", async (options, message) => {
    for (const kind of ["recipient", "signer"] as const) {
      expect(await refusal(`${options} ${ANN}`, kind)).toBe(message);
      expect(await keyIn(`${options} ${ANN}`, kind, { ever: true })).toBe(ANN);
    }
    expect(await keyIn(`${options} ${ANN}`, "signer", { principal: "no-pty" })).toBeNull();
  });
});

describe("a line of allowed signers", () => {
  test.each([
    "",
    'namespaces="seal" ',
    "namespaces=seal ",
    'namespaces="git,seal" ',
    'namespaces="se*" ',
    'NAMESPACES="seal" ',
    'valid-after="20260615120000Z" ',
    'valid-before="20260615120000Z" ',
    'valid-after="20260101",valid-before="20270101",namespaces="seal" ',
  ])("says who signs, and for what: %j", async (options) => {
    for (const names of ["ann@x", "ann", '"ann"', '"ann@x,b"', "ann,b", "*"]) {
      const line = `${names} ${options}${ANN}`;
      expect(await keyIn(line, "signer"), names).toBe(ANN);
      expect(await keyIn(`${line} a comment`, "signer"), names).toBe(ANN);
      expect(await refusal(line, "recipient"), names).toBe("it says who signs, and not whom to seal for");
      expect(await keyIn(line, "recipient", { ever: true }), names).toBe(ANN);
    }
  });

  test.each([
    ['namespaces=s"eal"', 'this signer is for other namespaces than "seal"'],
    ['namespaces="sea"l', 'this signer is for other namespaces than "seal"'],
    ['namespaces="se\\"al"', 'this signer is for other namespaces than "seal"'],
    ['namespaces="git"', 'this signer is for other namespaces than "seal"'],
    ['namespaces="*,!seal"', 'this signer is for other namespaces than "seal"'],
    ['namespaces="sea"', 'this signer is for other namespaces than "seal"'],
    ["namespaces", 'this signer is for other namespaces than "seal"'],
    ["namespaces=", 'this signer is for other namespaces than "seal"'],
    ['namespaces=""', 'this signer is for other namespaces than "seal"'],
    ['valid-after="20260615120001Z"', "this signer is not valid yet (valid-after)"],
    ['valid-before="20260615115959Z"', "this signer is not valid any more (valid-before)"],
    ["cert-authority", "a certificate authority (cert-authority), which is nobody's own key"],
    ['principals="x"', '"principals" is no option of allowed signers'],
    ["no-pty", '"no-pty" is no option of allowed signers'],
    ['namespaces="seal",such', '"such" is no option of allowed signers'],
    [LONG, `"${LONG.slice(0, 40)}" is no option of allowed signers`],
    ['namespaces="seal",namespaces="seal"', 'its option "namespaces" stands there twice'],
  ])("does not count: %s", async (options, message) => {
    expect(await refusal(`ann@x ${options} ${ANN}`, "signer")).toBe(message);
    expect(await keyIn(`ann@x ${options} ${ANN}`, "signer", { ever: true })).toBe(ANN);
  });

  test.each([
    ["ann@x", "ann@x", true],
    ["ann@x", "ben@x", false],
    ["*@x,!ben@x", "ann@x", true],
    ["*@x,!ben@x", "ben@x", false],
    ['"ann@x,ben@x"', "ben@x", true],
    ["ann", "ann", true],
    ["ann", "", false],
  ])("of %s counts for %j: %j", async (names, principal, counts) => {
    expect(await keyIn(`${names} ${ANN}`, "signer", { principal })).toBe(counts ? ANN : null);
    // Who it is not for is not told what is wrong with it.
    const expired = `${names} valid-before="20200101" ${ANN}`;
    if (counts) expect(await refusal(expired, "signer", { principal })).toMatch(/valid-before/);
    else expect(await keyIn(expired, "signer", { principal })).toBeNull();
  });

  test("is needed, where a principal is asked for", async () => {
    for (const line of [ANN, `no-pty ${ANN}`]) expect(await keyIn(line, "signer", { principal: "ann" })).toBeNull();
  });
});

test.each([
  ["no-pty", 'namespaces="seal"', "a name like an option, with options behind it"],
  ["command=a\\", "namespaces=seal", "a backslash, which joins no words"],
])("names a signer: %s %s, %s", async (names, options) => {
  const line = `${names} ${options} ${ANN}`;
  expect(await refusal(line, "recipient")).toBe("it says who signs, and not whom to seal for");
  expect(await keyIn(line, "signer", { principal: names })).toBe(ANN);
});

test.each(["such,no-pty", "no-pty,such"])("one option among others makes options of them: %s", async (options) => {
  expect(await refusal(`${options} ${ANN}`, "signer")).toBe('"such" is no option of authorized keys');
});

describe("a time", () => {
  const zone = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = "America/Phoenix";
  });
  afterAll(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  const isPast = async (time: string, now: number) => {
    const found = keyIn(`expiry-time="${time}" ${ANN}`, "signer", { now }).then(() => false);
    return found.catch((error: Error) => (/has expired/.test(error.message) ? true : error.message));
  };

  test.each([
    ["20260615Z", Date.UTC(2026, 5, 15)],
    ["202606151201Z", Date.UTC(2026, 5, 15, 12, 1)],
    ["20260615120102Z", Date.UTC(2026, 5, 15, 12, 1, 2)],
    ["20260615120102z", Date.UTC(2026, 5, 15, 12, 1, 2)],
    ["20260615235959Z", Date.UTC(2026, 5, 15, 23, 59, 59)],
    ["20240229Z", Date.UTC(2024, 1, 29)],
    ["20261231Z", Date.UTC(2026, 11, 31)],
    ["20260101Z", Date.UTC(2026, 0, 1)],
    // This machine's time is seven hours behind.
    ["20260615", Date.UTC(2026, 5, 15, 7)],
    ["202606151201", Date.UTC(2026, 5, 15, 19, 1)],
    ["20260615190102", Date.UTC(2026, 5, 16, 2, 1, 2)],
    ["20260630235959", Date.UTC(2026, 6, 1, 6, 59, 59)],
  ])("%s is that millisecond", async (time, due) => {
    expect([await isPast(time, due), await isPast(time, due + 1)]).toEqual([false, true]);
  });

  const NO_TIME = "its time is not written as YYYYMMDD or YYYYMMDDHHMM[SS]";
  test.each([
    ["2026061", NO_TIME],
    ["202606150", NO_TIME],
    ["2026061512", NO_TIME],
    ["2026061512010", NO_TIME],
    ["202606151201020", NO_TIME],
    ["20260615ZZ", NO_TIME],
    ["20260615 Z", NO_TIME],
    ["x20260615", NO_TIME],
    ["20260615x", NO_TIME],
    ["2026-06-15", NO_TIME],
    ["20260231", "its time does not exist"],
    ["20260231Z", "its time does not exist"],
    ["20260230120000Z", "its time does not exist"],
    ["20250229Z", "its time does not exist"],
    ["20260631", "its time does not exist"],
    ["20261301Z", "its time does not exist"],
    ["20261301", "its time does not exist"],
    ["20260001Z", "its time does not exist"],
    ["20260600Z", "its time does not exist"],
    ["20260600", "its time does not exist"],
    ["202606152400Z", "its time does not exist"],
    ["202606152400", "its time does not exist"],
    ["202606151260Z", "its time does not exist"],
    ["20260615120060Z", "its time does not exist"],
  ])("%s is none: %s", async (time, message) => {
    expect(await isPast(time, NOW)).toBe(message);
  });

  test("nor is a day that its zone has left out", async () => {
    process.env.TZ = "Pacific/Apia";
    try {
      expect(await isPast("20111230", NOW)).toBe("its time does not exist");
      expect(await isPast("20111231", NOW)).toBe(true);
    } finally {
      process.env.TZ = "America/Phoenix";
    }
  });
});

describe("a line of a file of hosts", () => {
  const OF_HOSTS = "a key of a host: this is a file of hosts";
  const refused = async (line: string, demands: SshDemands = {}) =>
    failure((async () => refuseHostLine(line, demands))());

  test.each([
    "@revoked *",
    "@cert-authority *.example.com",
    "@x y",
    "|1|c2FsdA==|aGFzaA==",
    "[h]:2222",
    "[h.example.com]",
    "![h]:2222",
    "ann,[h]:22",
    "192.0.2.1",
    "!192.0.2.1",
    "10.20.30.40",
    "x@y,192.0.2.1",
    "::1",
    "2001:db8::1",
    "FE80::1",
    "fe80::1%eth0",
    "fe80::192.0.2.1",
    "ann@x,2001:db8::1",
  ])("is refused, whoever is asked for: %s", async (names) => {
    const options = names.startsWith("@") || names.startsWith("|") ? "" : 'namespaces="seal" ';
    for (const demands of [{}, { principal: "ann" }, { ever: true }])
      for (const line of [`${names} ${ANN}`, `${names} ${options}${ANN}`])
        expect(await refused(line, demands)).toMatchObject({ code: "usage", message: OF_HOSTS });
  });

  test.each([
    "ann",
    "one.example.com",
    "*",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.x",
    "x1.2.3.4",
    "[h",
    "h]",
    "[h]x",
    "[h]:x",
    "x[h]:1",
  ])("may be a signer's: %s", async (name) => {
    const error = await refused(`${name} ${ANN}`);
    expect(error).toMatchObject({
      code: "usage",
      reason: "host-line",
      message: `"${name}" may be a signer or a host: no name has an "@"`,
    });
    for (const demands of [{ principal: name }, { principal: "" }, { ever: true }])
      expect(refuseHostLine(`${name} ${ANN}`, demands)).toBeUndefined();
    expect(refuseHostLine(`${name} namespaces="x" ${ANN}`, {})).toBeUndefined();
  });

  test.each([
    "",
    "no-pty ",
    "ann@x ",
    "ann,ben@x ",
    "x:y@z ",
    "x@1.2.3.4 ",
    "1.2.3.4@x ",
    "a@|1| ",
    "[h]@x ",
    "fe80::g@x ",
  ])("is not one that begins with %j", (before) => {
    expect(refuseHostLine(`${before}${ANN}`, {})).toBeUndefined();
  });

  test("shows 40 letters of its names", async () => {
    const [long, longer] = ["n".repeat(40), "n".repeat(41)];
    expect((await refused(`${long} ${ANN}`)).message).toContain(`"${long}" may`);
    expect((await refused(`${longer} ${ANN}`)).message).toContain(`"${long}…" may`);
  });
});

test("a key that is of no use is refused behind any option, and in any line that names somebody", async () => {
  for (const before of ["", "no-pty ", "ann@x "])
    expect(await refusal(`${before}${RSA}`, "signer")).toBe("an RSA key: of ssh's keys, only ssh-ed25519 can be used");
  expect(await refusal("no-pty ssh-ed25519", "signer")).toBe("not a usable ssh key: nothing follows its type");
  // A mark at the end belongs to the key, as everything does up to a blank.
  expect(await refusal(`${ANN}, ann`, "signer")).toBe("a mistyped ssh key: its base64 is damaged");
});
