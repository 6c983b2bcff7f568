// Every vector of fixtures/vectors.json that is a contacts file, a public key file or a fingerprint.

import { describe, expect, test } from "vitest";
import { fromHex, fromUtf8, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { type Contacts, parseContacts } from "../../src/keys/contacts.js";
import { checkKeys } from "../../src/keys/contacts-edit.js";
import { fingerprint } from "../../src/keys/fingerprint.js";
import { parseAllPublicKeys, parsePublicKeys } from "../../src/keys/public-keys.js";
import { encodeRecipient, encodeSigner, type PublicKind } from "../../src/keys/text.js";
import { failure, fixture, SUITES } from "../support.js";

interface TextFile {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: "unsupported";
  readonly text?: string;
  readonly hex?: string;
}

interface ContactsFile extends TextFile {
  /** The number of the line that is at fault; null where it is not one. */
  readonly line?: number | null;
  readonly recipients: Record<string, string[]>;
  readonly signers: Record<string, string[]>;
  readonly senders: string[];
  /** Key, time, reason. */
  readonly revoked: [string, string, string][];
  readonly groups: Record<string, string[]>;
}

interface PublicKeyFile extends TextFile {
  readonly recipients: string[];
  readonly signers: string[];
}

interface Fixtures {
  readonly contacts: ContactsFile[];
  readonly publicKeys: PublicKeyFile[];
  readonly fingerprints: { key: string; fingerprint: string }[];
}

const { contacts, publicKeys, fingerprints }: Fixtures = JSON.parse(fixture("vectors.json").toString());

/** null where it is not UTF-8. */
const textOf = ({ text, hex }: TextFile) => fromUtf8(hex === undefined ? utf8(text!) : fromHex(hex));

/** The keys of each contact that are to be used. */
function inUse(found: Contacts, kind: PublicKind): Record<string, string[]> {
  const keysOf = (name: string) =>
    found
      .keysOf(name)
      .filter((each) => each.kind === kind && each.state.is === "current" && !found.revocation(each.key));
  const named = found.names().map((name) => [name, keysOf(name).map(({ text }) => text)] as const);
  return Object.fromEntries(named.filter(([, keys]) => keys.length > 0));
}

async function parsed(text: string): Promise<Contacts> {
  const found = parseContacts(text);
  await checkKeys(native, found);
  return found;
}

describe("contacts files", () => {
  test.each(contacts.map((file) => [file.name, file] as const))("%s", async (_name, file) => {
    const text = textOf(file);
    if (text === null) {
      expect([file.ok, file.line]).toEqual([false, null]);
      return;
    }
    if (!file.ok) {
      const error = await failure(parsed(text));
      expect(error.code).toBe(file.error ?? "usage");
      expect(error.message).toMatch(new RegExp(`line ${file.line}\\b`));
      return;
    }
    const found = await parsed(text);
    const revoked = new Map(
      found.keys
        .filter(({ state }) => state.is === "revoked")
        .map(({ text: key, key: bytes }) => [key, [key, found.revocation(bytes)!.at, found.revocation(bytes)!.reason]]),
    );
    const { recipients, signers, senders, groups } = file;
    expect({
      recipients: inUse(found, "recipient"),
      signers: inUse(found, "signer"),
      senders: found.senders().map(encodeSigner),
      revoked: [...revoked.values()],
      groups: Object.fromEntries(found.groups),
    }).toEqual({ recipients, signers, senders, revoked: file.revoked, groups });
  });
});

describe("public key files", () => {
  test.each(publicKeys.map((file) => [file.name, file] as const))("%s", async (_name, file) => {
    const text = textOf(file);
    if (text === null) {
      expect(file.ok).toBe(false);
      return;
    }
    if (!file.ok) {
      expect((await failure(parseAllPublicKeys(native, text))).code).toBe(file.error ?? "usage");
      return;
    }
    for (const [kind, due, encode] of [
      ["recipient", file.recipients, (key: Uint8Array) => encodeRecipient(native, Uint8Array.from(key))],
      ["signer", file.signers, (key: Uint8Array) => encodeSigner(Uint8Array.from(key))],
    ] as const) {
      const parsing = parsePublicKeys(native, text, kind);
      // Whoever asks for a key of a kind is told that there is none.
      if (due.length === 0) expect((await failure(parsing)).message).toBe(`no ${kind} key in it`);
      else expect([...new Set((await parsing).map(encode))]).toEqual(due);
    }
  });
});

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("fingerprints, %s suite", (_name, suite) => {
  test.each(fingerprints.map(({ key, fingerprint }) => [key.slice(0, 20), key, fingerprint]))("%s", (_n, key, due) => {
    expect(fingerprint(suite, key!).replaceAll(" ", "")).toBe(due);
  });
});
