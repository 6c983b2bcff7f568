// A contacts file under any sequence of edits: after each it can be read again, says what was asked for, and has
// forgotten no revocation.

import fc from "fast-check";
import { expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { SealError } from "../../src/errors.js";
import { type Contacts, parseContacts } from "../../src/keys/contacts.js";
import {
  addContact,
  addToGroup,
  checkKeys,
  type NewKeys,
  removeContact,
  removeFromGroup,
  removeGroup,
  revokeContact,
  revokeKeys,
} from "../../src/keys/contacts-edit.js";
import { newPerson } from "../support.js";
import { RUNS } from "./setting.js";

const people = [await newPerson(), await newPerson(), await newPerson(), await newPerson()];
const all = people.flatMap(({ recipient, signer }) => [recipient, signer]);

/** An edit, and what must be true of a file to which it was done. */
interface Edit {
  readonly told: string;
  readonly done: (contacts: Contacts) => Contacts;
  readonly holds: (after: Contacts) => void;
}

const name = fc.constantFrom("a", "b", "c");
const group = fc.constantFrom("@g", "@h");
/** Of nobody, of some, and the same ones twice. */
const keys = fc.array(fc.constantFrom(...all), { maxLength: 5 }).map(
  (texts): NewKeys => ({
    recipients: texts.filter((text) => text.startsWith("seal1")),
    signers: texts.filter((text) => text.startsWith("sealsig1")),
  }),
);
const time = fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true });
const at = time.map((date) => `${date.toISOString().slice(0, 19)}Z`);
const revocation = fc.record({ at, reason: fc.constantFrom("", "lost", "sold  to - b revoked") });

const textsOf = ({ recipients, signers }: NewKeys) => [...new Set([...recipients, ...signers])];

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ name, keys, sender: fc.boolean(), replace: fc.boolean(), now: at }).map(({ name, keys, ...adding }) => ({
    told: `add ${name}`,
    done: (contacts: Contacts) => addContact(contacts, name, keys, adding),
    holds: (after: Contacts) => {
      const current = after.keysOf(name).filter(({ state }) => state.is === "current");
      expect(current.map(({ text }) => text).sort()).toEqual(textsOf(keys).sort());
      if (adding.sender) expect(current.every(({ kind, state }) => state.sender === (kind === "signer"))).toBe(true);
    },
  })),
  fc.record({ name, revocation }).map(({ name, revocation }) => ({
    told: `revoke ${name}`,
    done: (contacts: Contacts) => revokeContact(contacts, name, revocation),
    holds: (after: Contacts) => expect(after.keysOf(name).every(({ state }) => state.is === "revoked")).toBe(true),
  })),
  fc.record({ keys, revocation }).map(({ keys, revocation }) => ({
    told: "revoke keys",
    done: (contacts: Contacts) => revokeKeys(contacts, keys, revocation),
    holds: (after: Contacts) => expect(textsOf(keys).every((text) => isRevoked(after, text))).toBe(true),
  })),
  name.map((name) => ({
    told: `remove ${name}`,
    done: (contacts: Contacts) => removeContact(contacts, name),
    holds: (after: Contacts) => expect([after.keysOf(name), after.groupsOf(name)]).toEqual([[], []]),
  })),
  fc.record({ group, members: fc.array(name, { maxLength: 4 }), replace: fc.boolean() }).map((asked) => ({
    told: `add ${asked.group}`,
    done: (contacts: Contacts) => addToGroup(contacts, asked.group, asked.members, asked.replace),
    holds: (after: Contacts) => {
      const members = after.groups.get(asked.group)!;
      expect(new Set(members).size).toBe(members.length);
      expect(members).toEqual(expect.arrayContaining(asked.members));
    },
  })),
  fc.record({ group, members: fc.array(name, { minLength: 1, maxLength: 2 }) }).map(({ group, members }) => ({
    told: `take out of ${group}`,
    done: (contacts: Contacts) => removeFromGroup(contacts, group, members),
    holds: (after: Contacts) => expect(members.some((each) => after.groups.get(group)!.includes(each))).toBe(false),
  })),
  group.map((group) => ({
    told: `remove ${group}`,
    done: (contacts: Contacts) => removeGroup(contacts, group),
    holds: (after: Contacts) => expect(after.groups.has(group)).toBe(false),
  })),
);

function isRevoked(contacts: Contacts, text: string): boolean {
  return contacts.keys.some((entry) => entry.text === text && contacts.revocation(entry.key) !== null);
}

/** null where the edit was refused, as it may be: by an error for the user, and nothing else. */
function tried({ done }: Edit, contacts: Contacts): Contacts | null {
  try {
    return done(contacts);
  } catch (error) {
    if (error instanceof SealError && error.code === "usage") return null;
    throw error;
  }
}

test("a file stays readable under any sequence of edits, says what was asked for, and forgets no revocation", async () => {
  let edits = 0;
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 25 }), (sequence) => {
    let contacts = parseContacts("# ours\n\n");
    for (const step of sequence) {
      const after = tried(step, contacts);
      if (!after) continue;
      edits++;
      const again = parseContacts(after.format());
      expect([again.keys, again.groups], step.told).toEqual([after.keys, after.groups]);
      step.holds(again);
      for (const { text } of contacts.keys) {
        if (isRevoked(contacts, text)) expect(isRevoked(again, text), `${step.told}: ${text}`).toBe(true);
      }
      expect(again.format().startsWith("# ours\n\n")).toBe(true);
      contacts = again;
    }
  });
  fc.assert(property, { numRuns: 10 * RUNS });
  expect(edits).toBeGreaterThan(100);
});

test("a signer that is no valid key is found, with its line", async () => {
  const { signer } = people[0]!;
  await checkKeys(native, parseContacts(`a ${signer}\n`));
  const { encodeSigner } = await import("../../src/keys/text.js");
  const small = encodeSigner(Uint8Array.of(1, ...new Uint8Array(31)));
  for (const line of [`b ${small}`, `b ${small} sender`, `- ${small} revoked 2026-01-31T12:00:00Z`]) {
    const contacts = parseContacts(`a ${signer}\n# b\n${line}\n`);
    await expect(checkKeys(native, contacts)).rejects.toThrow(/^line 3: not a usable signer key/);
  }
});
