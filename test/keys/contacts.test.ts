import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { native } from "../../src/crypto/native.js";
import { SealError } from "../../src/errors.js";
import { type Contacts, lineOf, parseContacts } from "../../src/keys/contacts.js";
import {
  addContact,
  addToGroup,
  removeContact,
  removeFromGroup,
  revokeContact,
  revokeKeys,
} from "../../src/keys/contacts-edit.js";
import { fingerprint } from "../../src/keys/fingerprint.js";
import { generateSecret, identityOf } from "../../src/keys/identity.js";

const [one, two, three] = [0, 1, 2].map(() => identityOf(native, generateSecret(native))) as [Id, Id, Id];
type Id = ReturnType<typeof identityOf>;
const T = "2026-01-31T12:00:00Z";
const LATER = "2026-02-01T00:00:00Z";

const keys = ({ recipient, signer }: Id) => ({ recipients: [recipient], signers: [signer] });
const adding = { sender: false, replace: false, now: T };

function faultOf(text: string): string {
  try {
    parseContacts(text);
  } catch (error) {
    if (error instanceof SealError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

describe("parsing", () => {
  it("reads every form of a line", () => {
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

  it.each([
    ["a", "a name without a key"],
    ["a b", "a key"],
    [`A ${one.recipient}`, "a name is made of"],
    [`any ${one.recipient}`, '"any" is reserved'],
    [`seal1 ${one.recipient}`, "like a key"],
    [`-a ${one.recipient}`, "a name is made of"],
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
    [`a ${one.signer} superseded ${T} x`, "nothing belongs"],
    [`a ${one.signer} revoked ${T} \u202etxt`, "the reason"],
    [`a ${one.signer} revoked ${T} ${"x".repeat(256)}`, "the reason"],
    [`- ${one.signer}`, "revoked keys only"],
    [`a ${one.signer}\na ${one.signer} sender`, "same name and key as on line 4", 5],
    ["@", "a group's name"],
    ["@G a", "a group's name"],
    ["@g @h", "a name is made of"],
    ["@g a", "no contact of that name"],
    ["<<<<<<< HEAD", "a name is made of"],
    ["a SEAL-SECRET-KEY-1QQQQ", "a secret key"],
  ])("refuses %j, and names the line", (line, message, at = 4) => {
    const fault = faultOf(`# one\n\nok ${three.recipient}\n${line}\n`);
    expect(fault).toContain(`usage: line ${at}: `);
    expect(fault).toContain(message);
    expect(fault).not.toContain("QQQQ");
  });

  it("never fails otherwise, and gives back what it read", () => {
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

  it("takes the reason from behind the time, whatever it says, and whatever parts the words before it", () => {
    const reason = `it was revoked  ${T}, sender\u00a0`;
    for (const space of [" ", "\t", " \t "]) {
      const line = ["a", one.signer, "revoked", T, reason].join(space);
      expect(parseContacts(`${line}\n`).keys[0]?.state).toEqual({ is: "revoked", at: T, reason });
    }
  });

  it("holds thousands of names, keys and members of one group", () => {
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

describe("edits", () => {
  const base = parseContacts(`# mine\na   ${one.recipient}\na ${one.signer} sender\n# end\n`);
  const lines = (contacts: Contacts) => contacts.format().split("\n").slice(0, -1);

  it("adds at the end, and leaves the other lines alone", () => {
    expect(lines(addContact(base, "b", keys(two), adding))).toEqual([
      ...lines(base),
      `b ${two.recipient}`,
      `b ${two.signer}`,
    ]);
  });

  it("rotates: old keys stay where they were, the mark goes over to the new ones", () => {
    const rotated = addContact(base, "a", keys(two), { ...adding, replace: true });
    expect(lines(rotated)).toEqual([
      "# mine",
      `a ${one.recipient} superseded ${T}`,
      `a ${one.signer} superseded ${T}`,
      `a ${two.recipient}`,
      `a ${two.signer} sender`,
      "# end",
    ]);
    expect(rotated.senders()).toEqual([two.signingKey.publicKey]);
    expect(rotated.owner(one.publicKey)?.state.is).toBe("superseded");
    const again = addContact(rotated, "a", keys(three), { ...adding, replace: true, now: LATER });
    expect(again.keysOf("a").map(({ state }) => (state.is === "superseded" ? state.at : state.is))).toEqual([
      T,
      T,
      LATER,
      LATER,
      "current",
      "current",
    ]);
  });

  it("rotates to the same keys without a change", () => {
    expect(addContact(base, "a", keys(one), { ...adding, replace: true }).format()).toBe(base.format());
  });

  it("names a key that is given twice once", () => {
    const twice = { recipients: [two.recipient, two.recipient], signers: [] };
    expect(addContact(base, "b", twice, adding).keysOf("b")).toHaveLength(1);
  });

  it("revokes all keys of a contact, once", () => {
    const revoked = revokeContact(base, "a", { at: T, reason: "x" });
    expect(lines(revoked)).toEqual([
      "# mine",
      `a ${one.recipient} revoked ${T} x`,
      `a ${one.signer} revoked ${T} x`,
      "# end",
    ]);
    expect(revoked.senders()).toEqual([]);
    expect(revokeContact(revoked, "a", { at: LATER, reason: "" }).format()).toBe(revoked.format());
    expect(revoked.revocation(one.publicKey)).toMatchObject({ at: T, reason: "x" });
    expect(base.revocation(one.publicKey)).toBe(null);
  });

  it("a revocation on any line counts for the key, under whichever name it is a sender", () => {
    const shared = parseContacts(`a ${one.signer} sender\nb ${one.signer} revoked ${T}\n`);
    expect(shared.senders()).toEqual([]);
    expect(shared.revocation(one.signingKey.publicKey)).toMatchObject({ at: T });
  });

  it("the mark does not come back with new keys after a revocation", () => {
    const revoked = revokeContact(base, "a", { at: T, reason: "" });
    expect(addContact(revoked, "a", keys(two), { ...adding, replace: true }).senders()).toEqual([]);
  });

  it("revokes keys by themselves, and remembers those of nobody", () => {
    const revoked = revokeKeys(base, { recipients: [two.recipient], signers: [one.signer] }, { at: T, reason: "" });
    expect(lines(revoked)).toEqual([
      "# mine",
      `a   ${one.recipient}`,
      `a ${one.signer} revoked ${T}`,
      "# end",
      `- ${two.recipient} revoked ${T}`,
    ]);
  });

  it("removes a contact, from groups too, and keeps what was revoked", () => {
    const grouped = addToGroup(addContact(base, "b", keys(two), adding), "@g", ["a", "b"], false);
    const removed = removeContact(revokeContact(grouped, "b", { at: T, reason: "" }), "b");
    expect(removed.names()).toEqual(["a"]);
    expect(removed.groups.get("@g")).toEqual(["a"]);
    expect(removed.revocation(two.publicKey)).not.toBe(null);
    const gone = removeContact(removed, "a");
    expect(gone.groups.get("@g")).toEqual([]);
    expect(gone.owner(one.publicKey)).toBe(null);
    expect(faultOf(gone.format())).toBe("none");
  });

  it("sets a group's members, on one line", () => {
    const split = parseContacts(`a ${one.recipient}\nb ${two.recipient}\n@g a\n@h b\n@g b\n`);
    expect(lines(addToGroup(split, "@g", ["a"], true)).slice(2)).toEqual(["@g a", "@h b"]);
    expect(lines(addToGroup(split, "@g", ["a"], false)).slice(2)).toEqual(["@g a b", "@h b"]);
    expect(lines(removeFromGroup(split, "@g", ["b"])).slice(2)).toEqual(["@g a", "@h b", "@g"]);
  });

  it.each([
    ["a name that is taken", () => addContact(base, "a", keys(two), adding)],
    ["a bad name", () => addContact(base, "A", keys(two), adding)],
    ["a contact who is not there", () => revokeContact(base, "b", { at: T, reason: "" })],
    ["a member who is not there", () => addToGroup(base, "@g", ["b"], false)],
    ["a bad group", () => addToGroup(base, "@", ["a"], false)],
    ["a revoked key", () => addContact(revokeContact(base, "a", { at: T, reason: "" }), "b", keys(one), adding)],
  ])("refuses %s", (_what, edit) => {
    expect(edit).toThrow(SealError);
  });
});

describe("fingerprints", () => {
  it("are what docs/FORMAT.md says, on a fixed key", () => {
    // Computed apart: int(sha256(b"seal.v1 fingerprint\0seal1q").hexdigest(), 16) % 10**30, in Python.
    expect(fingerprint(native, "seal1q")).toBe("84876 06870 16567 54719 39837 27508");
  });

  it("differ from key to key", () => {
    expect(
      new Set(
        [one, two, three].flatMap(({ recipient, signer }) => [
          fingerprint(native, recipient),
          fingerprint(native, signer),
        ]),
      ).size,
    ).toBe(6);
  });
});
