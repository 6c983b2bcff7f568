// Edits of contacts: what changes, and that every other line stays as it was written.

import { beforeEach, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { SealError } from "../../src/errors.js";
import { type Contacts, NO_CONTACTS, parseContacts } from "../../src/keys/contacts.js";
import {
  addContact,
  addToGroup,
  checkKeys,
  removeContact,
  removeFromGroup,
  removeGroup,
  revokeContact,
  revokeKeys,
} from "../../src/keys/contacts-edit.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure } from "../support.js";
import { alice as one, type Person, carol as three, bob as two } from "./people.js";

const T = "2026-01-31T12:00:00Z";
const LATER = "2026-02-01T00:00:00Z";

const keys = ({ recipient, signer }: Person) => ({ recipients: [recipient], signers: [signer] });
const adding = { sender: false, replace: false, now: T };

function refusal(edit: () => Contacts): SealError {
  try {
    edit();
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("edits", () => {
  let base: Contacts;
  beforeEach(() => {
    base = parseContacts(`# mine\na   ${one.recipient}\na ${one.signer} sender\n# end\n`);
  });
  /** The lines of the file, which say what the contacts do. */
  const lines = (contacts: Contacts) => {
    const text = contacts.format();
    expect(parseContacts(text).keys).toEqual(contacts.keys);
    expect(parseContacts(text).groups).toEqual(contacts.groups);
    return text.split("\n").slice(0, -1);
  };

  test("adds at the end, and leaves the other lines alone", () => {
    expect(lines(addContact(base, "b", keys(two), adding))).toEqual([
      ...lines(base),
      `b ${two.recipient}`,
      `b ${two.signer}`,
    ]);
  });

  test("a sender has a signer, of this program's or of ssh's, or both", () => {
    const ssh = encodeSshKey(three.signingKey.publicKey);
    const add = (signers: readonly string[], ...sshKeys: readonly string[]) =>
      addContact(NO_CONTACTS, "zoe", { recipients: [], signers, ssh: sshKeys }, { ...adding, sender: true }).format();
    expect(add([two.signer], ssh)).toBe(`zoe ${two.signer} sender\nzoe ${ssh} sender\n`);
    expect(add([], ssh)).toBe(`zoe ${ssh} sender\n`);
    expect(
      refusal(() => addContact(NO_CONTACTS, "zoe", { recipients: [], signers: [] }, { ...adding, sender: true }))
        .message,
    ).toMatch(/no signer key/);
  });

  test("all keys are checked where the file is changed, and the line is named", async () => {
    const ssh = encodeSshKey(three.signingKey.publicKey);
    const good = `# c\nann ${one.recipient}\n@g ann\nann ${one.signer}\nann ${ssh}\n`;
    await checkKeys(native, parseContacts(good));
    // Not of prime order: y is 2, and not on the curve.
    const none = encodeSigner(Uint8Array.of(2, ...new Uint8Array(31)));
    const error = await failure(checkKeys(native, parseContacts(`${good}ben ${none}\n`)));
    expect([error.code, error.message]).toEqual(["usage", expect.stringMatching(/^line 6: .* prime order$/)]);
  });

  test("rotates: old keys stay where they were, the mark goes over to the new ones", () => {
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

  test("rotates to the same keys without a change", () => {
    expect(addContact(base, "a", keys(one), { ...adding, replace: true }).format()).toBe(base.format());
  });

  test("names a key that is given twice once", () => {
    const twice = { recipients: [two.recipient, two.recipient], signers: [] };
    expect(addContact(base, "b", twice, adding).keysOf("b")).toHaveLength(1);
  });

  test("revokes all keys of a contact, once", () => {
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

  test("a revocation on any line counts for the key, under whichever name it is a sender", () => {
    const shared = parseContacts(`a ${one.signer} sender\nb ${one.signer} revoked ${T}\n`);
    expect(shared.senders()).toEqual([]);
    expect(shared.revocation(one.signingKey.publicKey)).toMatchObject({ at: T });
  });

  test("the mark does not come back with new keys after a revocation", () => {
    const revoked = revokeContact(base, "a", { at: T, reason: "" });
    expect(addContact(revoked, "a", keys(two), { ...adding, replace: true }).senders()).toEqual([]);
  });

  test("revokes keys by themselves, and remembers those of nobody", () => {
    const revoked = revokeKeys(base, { recipients: [two.recipient], signers: [one.signer] }, { at: T, reason: "" });
    expect(lines(revoked)).toEqual([
      "# mine",
      `a   ${one.recipient}`,
      `a ${one.signer} revoked ${T}`,
      "# end",
      `- ${two.recipient} revoked ${T}`,
    ]);
  });

  test("removes a contact, from groups too, and keeps what was revoked", () => {
    const grouped = addToGroup(addContact(base, "b", keys(two), adding), "@g", ["a", "b"], false);
    const removed = removeContact(revokeContact(grouped, "b", { at: T, reason: "" }), "b");
    expect(removed.names()).toEqual(["a"]);
    expect(removed.groups.get("@g")).toEqual(["a"]);
    expect(removed.revocation(two.publicKey)).not.toBe(null);
    const gone = removeContact(removed, "a");
    expect(gone.groups.get("@g")).toEqual([]);
    expect(gone.owner(one.publicKey)).toBe(null);
    expect(parseContacts(gone.format()).names()).toEqual([]);
  });

  test("sets a group's members, on one line", () => {
    const split = parseContacts(`a ${one.recipient}\nb ${two.recipient}\n@g a\n@h b\n@g b\n`);
    expect(lines(addToGroup(split, "@g", ["a"], true)).slice(2)).toEqual(["@g a", "@h b"]);
    expect(lines(addToGroup(split, "@g", ["a"], false)).slice(2)).toEqual(["@g a b", "@h b"]);
    expect(lines(removeFromGroup(split, "@g", ["b"])).slice(2)).toEqual(["@g a", "@h b", "@g"]);
  });

  test("puts the keys of another contact with its own, and leaves those who share a key alone", () => {
    const shared = parseContacts(`a ${one.signer}\nb  ${one.signer} sender\n@g   a\n`);
    const rotated = addContact(shared, "a", keys(two), { ...adding, replace: true });
    expect(lines(rotated)).toEqual([
      `a ${one.signer} superseded ${T}`,
      `a ${two.recipient}`,
      `a ${two.signer}`,
      `b  ${one.signer} sender`,
      "@g   a",
    ]);
    expect(lines(revokeContact(shared, "a", { at: T, reason: "" }))[1]).toBe(`b  ${one.signer} sender`);
  });

  test("marks a sender's signer keys only, and rotates back", () => {
    const marked = addContact(base, "b", keys(two), { ...adding, sender: true });
    expect(lines(marked).slice(-2)).toEqual([`b ${two.recipient}`, `b ${two.signer} sender`]);
    const there = addContact(marked, "b", keys(three), { ...adding, replace: true });
    const back = addContact(there, "b", keys(two), { ...adding, replace: true, now: LATER });
    expect(lines(back).slice(-4)).toEqual([
      `b ${two.recipient}`,
      `b ${two.signer} sender`,
      `b ${three.recipient} superseded ${LATER}`,
      `b ${three.signer} superseded ${LATER}`,
    ]);
  });

  test("a mark on a superseded key is not one: it does not come back by itself", () => {
    const before = parseContacts(`a ${one.signer} superseded ${T}\na ${two.signer}\n`);
    expect(addContact(before, "a", keys(three), { ...adding, replace: true }).senders()).toEqual([]);
  });

  test("revokes keys of nobody, of both kinds, and what several have in all their lines", () => {
    const shared = parseContacts(`a ${one.signer}\nb ${one.signer}\nb ${one.recipient}\n`);
    const revoked = revokeKeys(
      shared,
      { recipients: [one.recipient, two.recipient], signers: [one.signer, three.signer] },
      { at: T, reason: "a fire" },
    );
    expect(lines(revoked)).toEqual([
      `a ${one.signer} revoked ${T} a fire`,
      `b ${one.signer} revoked ${T} a fire`,
      `b ${one.recipient} revoked ${T} a fire`,
      `- ${two.recipient} revoked ${T} a fire`,
      `- ${three.signer} revoked ${T} a fire`,
    ]);
  });

  test("removes a contact and nothing else", () => {
    const before = parseContacts(
      [
        `- ${one.signer} revoked ${T}`,
        `a ${one.signer} revoked ${LATER}`,
        `a ${one.recipient} revoked ${T} x`,
        `a ${two.signer} superseded ${T}`,
        `a ${three.signer}`,
        `b   ${two.signer}`,
        `b ${one.recipient} revoked ${T}`,
        "@g   b",
        "@h   b a",
        "",
      ].join("\n"),
    );
    expect(lines(removeContact(before, "a"))).toEqual([
      `- ${one.signer} revoked ${T}`,
      `- ${one.recipient} revoked ${T} x`,
      `b   ${two.signer}`,
      `b ${one.recipient} revoked ${T}`,
      "@g   b",
      "@h b",
    ]);
  });

  describe("groups", () => {
    let split: Contacts;
    beforeEach(() => {
      split = parseContacts(`# mine\na ${one.recipient}\nb ${two.recipient}\n@g   a\n@h   a  b\n@g b\n@e\n`);
    });

    test("a new one comes last, once with each member", () => {
      expect(lines(addToGroup(split, "@n", ["b", "a", "b"], false)).at(-1)).toBe("@n b a");
      expect(lines(addToGroup(split, "@n", [], true)).at(-1)).toBe("@n");
    });

    test("one that stands first stays there", () => {
      const first = parseContacts(`@g\na ${one.recipient}\n`);
      expect(lines(addToGroup(first, "@g", ["a"], false))).toEqual(["@g a", `a ${one.recipient}`]);
    });

    test("loses members, on each of its lines, and other groups do not", () => {
      const grown = addToGroup(split, "@h", ["a"], false);
      expect(lines(removeFromGroup(grown, "@g", ["a", "b"])).slice(3)).toEqual(["@g", "@h a b", "@g", "@e"]);
      expect(lines(removeFromGroup(split, "@g", ["b"])).slice(3)).toEqual(["@g   a", "@h   a  b", "@g", "@e"]);
    });

    test("goes as a whole", () => {
      expect(lines(removeGroup(split, "@g"))).toEqual([...lines(split).slice(0, 3), "@h   a  b", "@e"]);
      expect(removeGroup(split, "@e").groups.has("@e")).toBe(false);
    });
  });

  const without = { recipients: [two.recipient], signers: [] };
  const revokedBase = () => revokeContact(base, "a", { at: T, reason: "stolen" });
  test.each([
    [
      "a name that is taken",
      () => addContact(base, "a", keys(two), adding),
      "there is already a contact a",
      "contact-exists",
    ],
    ["a bad name", () => addContact(base, "A", keys(two), adding), '"A": a name has only'],
    [
      "a sender without a signer key",
      () => addContact(base, "b", without, { ...adding, sender: true }),
      "b has no signer key",
    ],
    ["a contact who is not there", () => revokeContact(base, "b", { at: T, reason: "" }), "no contact b", "no-contact"],
    ["removing one who is not there", () => removeContact(base, "b"), "no contact b", "no-contact"],
    ["removing a bad name", () => removeContact(base, "B"), '"B": a name has only'],
    ["a member who is not there", () => addToGroup(base, "@g", ["a", "b"], false), "no contact b", "no-contact"],
    ["a bad group", () => addToGroup(base, "@", ["a"], false), `"@": a group's name`],
    ["a group that is not there", () => removeGroup(base, "@g"), "no group @g", "no-contact"],
    ["losing members of none", () => removeFromGroup(base, "@g", ["a"]), "no group @g", "no-contact"],
    [
      "losing one who is no member",
      () => removeFromGroup(addToGroup(base, "@g", ["a"], false), "@g", ["a", "b"]),
      "b is no member of @g",
    ],
    [
      "a revoked recipient",
      () => addContact(revokedBase(), "b", { ...without, recipients: [one.recipient] }, adding),
      `recipient key ${one.recipient} was revoked on ${T} (stolen)`,
    ],
    [
      "a revoked signer",
      () => addContact(revokedBase(), "b", { recipients: [], signers: [one.signer] }, adding),
      `signer key ${one.signer} was revoked on ${T} (stolen)`,
    ],
  ] as [string, () => Contacts, string, string?][])("refuses %s", (_what, edit, message, reason) => {
    const error = refusal(edit);
    expect([error.code, error.message]).toEqual(["usage", expect.stringContaining(message)]);
    if (reason) expect(error.reason).toBe(reason);
  });

  test("does not repeat what looks like a key where a name is due: it may be a secret", () => {
    for (const name of ["SEAL-SECRET-KEY-1QQQQ", "seal1qqqq"]) {
      const error = refusal(() => addContact(base, name, keys(two), adding));
      expect(error.message).toMatch(/^a name does not begin like a key/);
      expect(JSON.stringify([error.message, error.hint])).not.toMatch(/qqqq/i);
    }
  });
});
