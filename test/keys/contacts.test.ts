import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { montgomeryOf } from "../../src/crypto/montgomery.js";
import { SealError } from "../../src/errors.js";
import {
  type Contacts,
  groupFault,
  lineOf,
  NO_CONTACTS,
  nameFault,
  parseContacts,
  reasonFault,
  tellRevocation,
} from "../../src/keys/contacts.js";
import { removeContact } from "../../src/keys/contacts-edit.js";
import { alice as one, carol as three, bob as two } from "./people.js";

const T = "2026-01-31T12:00:00Z";
const LATER = "2026-02-01T00:00:00Z";

function refusal(text: string): SealError | null {
  try {
    parseContacts(text);
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  return null;
}

function faultOf(text: string): string {
  const error = refusal(text);
  return error ? `${error.code}: ${error.message}` : "none";
}

describe("names", () => {
  test.each(["a", "0", "a-", "a-b_c9", "x".repeat(300), "anyone", "an", "seal", "seal2", "sealsig", "null"])(
    "may be %j",
    (name) => {
      expect(nameFault(name)).toBeNull();
      expect(groupFault(`@${name}`)).toBeNull();
    },
  );

  test.each(["", "-", "-a", "_a", "A", "aB", "a.b", "a b", " a", "a ", "a\n", "ä", "aä", "@a"])(
    "may not be %j",
    (name) => {
      expect(nameFault(name)).toMatch(/^a name has only a-z/);
      expect(groupFault(`@${name}`)).toMatch(/^a group's name is @/);
    },
  );

  test.each(["seal1", "seal1x", "sealsig1x", "seal-secret-key-1x", "SEAL-SECRET-KEY-1X", "Seal1x"])(
    "may not begin like a key: %s",
    (name) => expect(nameFault(name)).toMatch(/like a key/),
  );

  test("may not be any, which stands for every signer", () => expect(nameFault("any")).toMatch(/reserved/));

  test("of groups begin with @", () => expect(groupFault("friends")).not.toBeNull());
});

describe("a reason", () => {
  test.each(["", "stolen", "x".repeat(255)])("may be %j", (reason) => expect(reasonFault(reason)).toBeNull());

  test.each(["two\nlines", "\u001b[2J", "x".repeat(256), "\u202etxt"])("may not be %j", (reason) =>
    expect(reasonFault(reason)).toMatch(/^the reason (has|is) /),
  );

  test("is told with the date, if there is one", () => {
    expect(tellRevocation({ at: T, reason: "stolen" })).toBe(`revoked on ${T} (stolen)`);
    expect(tellRevocation({ at: T, reason: "" })).toBe(`revoked on ${T}`);
  });
});

describe("parsing", () => {
  test("reads every form of a line", () => {
    const text = [
      "# a comment",
      "",
      `a ${one.recipient}`,
      `a ${one.signer} sender`,
      ` b-_1\t${two.recipient}  superseded   ${T} `,
      `b-_1 ${two.signer} revoked ${T}`,
      `- ${three.signer} revoked ${T} stolen,  with # a car\r`,
      "@g a b-_1",
      "@g a",
      "@empty",
    ].join("\n");
    const contacts = parseContacts(text);
    expect(contacts.keys.map(({ name, kind, state }) => [name, kind, state])).toEqual([
      ["a", "recipient", { is: "current", sender: false }],
      ["a", "signer", { is: "current", sender: true }],
      ["b-_1", "recipient", { is: "superseded", at: T }],
      ["b-_1", "signer", { is: "revoked", at: T, reason: "" }],
      [null, "signer", { is: "revoked", at: T, reason: "stolen,  with # a car" }],
    ]);
    expect([...contacts.groups]).toEqual([
      ["@g", ["a", "b-_1"]],
      ["@empty", []],
    ]);
    expect(contacts.format()).toBe(`${text}\n`);
  });

  test("takes spaces and tabs alike, around and between words", () => {
    const { keys } = parseContacts(
      `a\t${one.signer}\trevoked\t${T}\tstolen \t \n \t# x\n \t \nb \t ${two.signer}\tsender`,
    );
    expect(keys.map(({ state }) => state)).toEqual([
      { is: "revoked", at: T, reason: "stolen" },
      { is: "current", sender: true },
    ]);
  });

  test("takes a reason as it stands: only spaces and tabs are white space", () => {
    const [entry] = parseContacts(`a ${one.signer} revoked ${T} \u00a0sold\u3000 \n`).keys;
    expect(entry!.state).toEqual({ is: "revoked", at: T, reason: "\u00a0sold\u3000" });
  });

  test.each(["", "\n", "\n\n", "# x", "# x\n", "#x\n\n"])("finds nothing in %j", (text) => {
    const contacts = parseContacts(text);
    expect([contacts.keys, [...contacts.groups]]).toEqual([[], []]);
    expect(contacts.format()).toBe(text === "" || text.endsWith("\n") ? text : `${text}\n`);
  });

  test("takes a contact who is called null", () => {
    const contacts = parseContacts(`null ${one.signer}\n- ${one.signer} revoked ${T}\n`);
    expect(contacts.keys.map(({ name }) => name)).toEqual(["null", null]);
  });

  test("hands on what to do about a line", () => {
    expect(refusal(`a ${one.recipient.slice(0, -1)}`)!.hint).toMatch(/Copy the key again/);
    expect(refusal(`a ${one.recipient} x`)!.hint).toBeUndefined();
  });

  test.each([
    ["a", "a name without a key"],
    ["a b", "a key (seal1…, sealsig1… or ssh-ed25519 …) must follow"],
    [`A ${one.recipient}`, "a name has only"],
    [`any ${one.recipient}`, '"any" is reserved'],
    [`seal1 ${one.recipient}`, "like a key"],
    [`-a ${one.recipient}`, "a name has only"],
    [one.recipient, "like a key"],
    [`a ${one.recipient.slice(0, -1)}`, "mistyped"],
    [`a ${one.recipient.toUpperCase()}`, "case"],
    [`a ${one.recipient} sender`, "only a signer"],
    [`a ${one.signer} sender x`, "after the key"],
    [`a ${one.signer} # mine`, "after the key"],
    [`a ${one.signer} Sender`, "after the key"],
    [`a ${one.signer} constructor`, "after the key"],
    [`a ${one.signer} revoked`, "a time"],
    [`a ${one.signer} revoked stolen`, "a time"],
    [`a ${one.signer} revoked 2026-02-30T12:00:00Z`, "a time"],
    [`a ${one.signer} revoked +012026-01-31T12:00:00Z`, "a time"],
    [`a ${one.signer} revoked +012345-01-31T12:00:00Z`, "a time"],
    [`a ${one.signer} revoked 2026-01-31`, "a time"],
    [`a ${one.signer} revoked 2026-01-31T25:00:00Z`, "a time"],
    [`a ${one.signer} superseded ${T} x`, "nothing may follow"],
    [`a ${one.signer} revoked ${T} \u202etxt`, "the reason"],
    [`a ${one.signer} revoked ${T} ${"x".repeat(256)}`, "the reason"],
    [`- ${one.signer}`, "only for revoked keys"],
    [`a ${one.signer}\na ${one.signer} sender`, "same name and key as on line 4", 5],
    ["@", "a group's name"],
    ["@G a", "a group's name"],
    ["@g @h", "a name has only"],
    ["@g ok A", "a name has only"],
    ["@g ok a", "@g names a, and there is no contact with that name"],
    ["@g a", "no contact with that name"],
    ["<<<<<<< HEAD", "a name has only"],
    ["a SEAL-SECRET-KEY-1QQQQ", "a secret key"],
    ["SEAL-SECRET-KEY-1QQQQ", "a secret key"],
    ["seal-secret-key-1QQQQ sender", "a secret key"],
    [`- ${one.signer} sender`, "only for revoked keys"],
    [`- ${one.signer} superseded ${T}`, "only for revoked keys"],
    [`a ${one.signer} superseded`, "a time"],
    [`a ${one.signer} superseded never`, "a time"],
    [`a ${one.signer} revoked ${T}x`, "a time"],
    [`a ${one.signer} revoked 2026-01-31T12:00:00.000Z`, "a time"],
    [`a ${one.signer} revoked 2026-01-31T12:00:00+00:00`, "a time"],
    [`a ${one.signer} revoked -000001-01-31T12:00:00Z`, "a time"],
    [`a ${one.signer} revoked ${T} \u000bx`, "the reason"],
    [`a ${one.signer} revoked ${T} x\ufeff`, "the reason"],
    [`a ${one.signer} revoked ${T} \u2028`, "the reason"],
    [`a ${one.signer} revoked ${T} x\r\r`, "the reason"],
    [`- ${one.signer} revoked ${T}\n- ${one.signer} revoked ${LATER}`, "same name and key as on line 4", 5],
  ])("refuses %j, and names the line", (line, message, at = 4) => {
    const fault = faultOf(`# one\n\nok ${three.recipient}\n${line}\n`);
    expect(fault).toContain(`usage: line ${at}: `);
    expect(fault).toContain(message);
    expect(fault).not.toContain("QQQQ");
  });

  test("never fails otherwise, and gives back what it read", () => {
    const words = [
      "a",
      "b",
      "@g",
      "-",
      one.recipient,
      one.signer,
      "sender",
      "revoked",
      "superseded",
      T,
      "#",
      "\t",
      "\r",
    ];
    const line = fc
      .array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 6 })
      .map((all) => all.join(" "));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.map((each) => `${each}\n`).join("");
        if (faultOf(text) !== "none") return;
        const contacts = parseContacts(text);
        expect(contacts.format()).toBe(text);
        const again = parseContacts(
          contacts.lines.map(({ raw, entry }) => (entry ? lineOf(entry).raw : raw)).join("\n"),
        );
        expect(again.keys).toEqual(contacts.keys);
      }),
      { numRuns: 2000 },
    );
  });

  test("takes the reason from behind the time, whatever it says, and whatever parts the words before it", () => {
    const reason = `it was revoked  ${T}, sender\u00a0`;
    for (const space of [" ", "\t", " \t "]) {
      const line = ["a", one.signer, "revoked", T, reason].join(space);
      expect(parseContacts(`${line}\n`).keys[0]?.state).toEqual({ is: "revoked", at: T, reason });
    }
  });

  test("holds thousands of names, keys and members of one group", () => {
    const names = Array.from({ length: 2000 }, (_, i) => `n${i}`);
    const revoked = names.map((name) => `${name} ${one.signer} revoked ${T}\n`);
    const groups = names.map((name) => `@all ${name}\n`);
    const contacts = parseContacts(
      [...revoked, `z ${two.signer} sender\n`, ...groups, `@again ${names.join(" ")}\n`].join(""),
    );
    expect(contacts.groups.get("@all")).toEqual(names);
    expect(contacts.senders()).toHaveLength(1);
    expect(removeContact(contacts, "n5").groups.get("@again")).toHaveLength(names.length - 1);
  });
});

describe("questions", () => {
  let contacts: Contacts;
  const text = [
    `- ${three.recipient} revoked ${T} lost`,
    `a ${one.recipient} superseded ${T}`,
    `a ${one.signer} superseded ${T}`,
    `a ${two.signer} sender`,
    `b ${two.signer}`,
    `b ${one.recipient}`,
    `c ${three.signer} revoked ${T}`,
    "@g a b",
    "@h b",
    "@g c a",
    "",
  ].join("\n");
  beforeEach(() => {
    contacts = parseContacts(text);
  });

  test("who is there", () => {
    expect(contacts.names()).toEqual(["a", "b", "c"]);
    expect(contacts.keysOf("b").map(({ text }) => text)).toEqual([two.signer, one.recipient]);
    expect(contacts.keysOf("d")).toEqual([]);
  });

  test("who is in which group", () => {
    expect([...contacts.groups]).toEqual([
      ["@g", ["a", "b", "c"]],
      ["@h", ["b"]],
    ]);
    expect(["a", "b", "c", "d"].map((name) => contacts.groupsOf(name))).toEqual([["@g"], ["@g", "@h"], ["@g"], []]);
  });

  test("whose a key is: of those who use it, before those who used it", () => {
    expect(contacts.owner(one.publicKey)).toMatchObject({ name: "b", text: one.recipient });
    expect(contacts.owner(one.signingKey.publicKey)).toMatchObject({ name: "a", state: { is: "superseded" } });
    expect(contacts.owner(two.signingKey.publicKey)).toMatchObject({ name: "a" });
    expect(contacts.owner(three.signingKey.publicKey)).toMatchObject({ name: "c" });
    expect(contacts.owner(three.publicKey), "nobody's").toBeNull();
    expect(contacts.owner(two.publicKey), "unknown").toBeNull();
  });

  test("what is revoked, also of nobody", () => {
    expect(contacts.revocation(three.publicKey)).toMatchObject({ at: T, reason: "lost" });
    expect(contacts.revocation(three.signingKey.publicKey)).toMatchObject({ at: T, reason: "" });
    expect(contacts.revocation(one.signingKey.publicKey), "superseded is not revoked").toBeNull();
    expect(contacts.revocation(two.publicKey)).toBeNull();
  });

  test("which lines a contact has, or nobody", () => {
    const text = `# c\nann ${one.recipient}\nben ${one.recipient}\n@g ann\nann ${one.signer} sender\n- ${two.signer} revoked ${T}\n`;
    const read = parseContacts(text);
    const texts = (owner: string | null) => read.linesOf(owner).map((entry) => entry.text);
    expect(texts("ann")).toEqual([one.recipient, one.signer]);
    expect(texts("ben")).toEqual([one.recipient]);
    expect(texts(null)).toEqual([two.signer]);
    expect(texts("@g")).toEqual([]);
  });

  test("a recipient that is revoked takes no other with it", () => {
    const read = parseContacts(`- ${one.recipient} revoked ${T}\n`);
    expect(read.revocation(one.publicKey)).toMatchObject({ at: T });
    expect(read.revocation(montgomeryOf(one.publicKey))).toBeNull();
  });

  test("who is a sender", () => expect(contacts.senders()).toEqual([two.signingKey.publicKey]));
});

test("no contacts are an empty file", () => expect([NO_CONTACTS.format(), NO_CONTACTS.keys]).toEqual(["", []]));
