// Contacts files: parsing, formatting, and the edits of a file that is one.

import { type Bytes, fromUtf8, utf8 } from "../../src/bytes.js";
import { type Contacts, type KeyEntry, lineOf, parseContacts } from "../../src/keys/contacts.js";
import { addContact, addToGroup, removeContact, removeFromGroup, revokeContact } from "../../src/keys/contacts-edit.js";
import { author, forger, reader } from "../actors.js";
import { mutateText } from "../mutate/text.js";
import { judgeContacts, type Statement } from "../oracle/contacts.js";
import { hashOf, randomOf } from "../random.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const NOW = "2026-01-31T12:00:00Z";
const [recipient, signer, other] = [reader.identity.recipient, author.identity.signer, forger.identity.signer];

export const contacts: Target = {
  name: "contacts",
  maxBytes: 80 * 1024,
  seeds: async () => SEEDS.map(utf8),
  mutate: mutateText,
  run,
};

const SEEDS = [
  "",
  "# nobody yet\n",
  `alice ${recipient}\n`,
  `alice ${recipient}\nalice ${signer} sender\n`,
  `bob ${signer} superseded ${NOW}\nbob ${other}\n`,
  `bob ${signer} revoked ${NOW} the laptop was stolen, and revoked at once\n- ${other} revoked 2024-02-29T23:59:59Z\n`,
  `# all\n\na ${recipient}\r\n b\t${recipient} \n@servers a b\n@servers b\n@empty\n`,
  `c1 ${recipient}\nc1 ${signer} sender\n@g c1\n- ${signer} revoked ${NOW} x`,
];

async function run(input: Bytes): Promise<string> {
  const text = fromUtf8(input);
  if (text === null) return "no text";
  const parsed = await attempt(["usage", "unsupported"], () => parseContacts(text));
  const expected = judgeContacts(text);
  if ("refusal" in parsed) {
    const { message } = parsed.refusal;
    holds(expected === null, `a good contacts file is refused: ${message}`);
    holds(/^line \d+: /.test(message), "the line is not named");
    holds(!/SEAL-SECRET-KEY-1[0-9A-Z]{20,}/i.test(message), "a secret is shown");
    return kindOfMessage(message).replace(/: @\S+ names .*,/, ": a group names somebody,");
  }
  if (expected === null) throw new Broken("a contacts file is taken that is none");
  const found = parsed.value;
  checkStatements(found, expected);
  checkFormat(found, text);
  checkAnswers(found);
  await checkEdits(found, hashOf(input));
  return `good ${[found.keys, [...found.groups], found.lines].map(({ length }) => Math.min(5, length)).join(" ")}`;
}

/** Every line says to us what it says to the reading of the words. */
function checkStatements(found: Contacts, expected: readonly Statement[]): void {
  const said = found.lines.flatMap(({ entry }) => {
    if (!entry) return [];
    if (entry.type === "group") return [[entry.name, ...entry.members]];
    const { state } = entry;
    const shown = state.is === "current" ? (state.sender ? "sender" : "") : state.is;
    const at = state.is === "current" ? "" : state.at;
    return [[entry.name ?? "-", entry.text, shown, at, state.is === "revoked" ? state.reason : ""]];
  });
  holds(JSON.stringify(said) === JSON.stringify(expected), "a line is understood in another way");
}

function checkFormat(found: Contacts, text: string): void {
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  holds(found.format() === whole, "a file that nobody edits becomes another");
  for (const { entry } of found.lines) {
    if (entry?.type !== "key") continue;
    const again = parseContacts(`${lineOf(entry).raw}\n`).keys[0];
    holds(JSON.stringify(again) === JSON.stringify(entry), "the line of an entry says something else");
  }
}

/** Who is revoked is no sender, whatever other lines say. */
function checkAnswers(found: Contacts): void {
  const revoked = (entry: KeyEntry) =>
    found.keys.some(({ text, state }) => text === entry.text && state.is === "revoked");
  for (const entry of found.keys)
    holds((found.revocation(entry.key) !== null) === revoked(entry), "a revocation is missed");
  const senders = found.keys.filter((entry) => entry.state.is === "current" && entry.state.sender && !revoked(entry));
  holds(found.senders().length === senders.length, "other senders are accepted than those that are marked");
}

/** Edits give files that are read again, and lose no revocation. */
async function checkEdits(found: Contacts, dice: number): Promise<void> {
  const random = randomOf(dice);
  const names = found.names();
  const name = names.length > 0 ? random.pick(names) : "nobody";
  const group = [...found.groups.keys()][0] ?? "@new";
  const keys = { recipients: [recipient], signers: [other] };
  const edits = [
    () => revokeContact(found, name, { at: NOW, reason: random.pick(["", "lost", "was  lost"]) }),
    () => removeContact(found, name),
    () => addContact(found, name, keys, { sender: true, replace: true, now: NOW }),
    () => addContact(found, "fresh-name", keys, { sender: false, replace: false, now: NOW }),
    () => addToGroup(found, group, [name], random.oneIn(2)),
    () => removeFromGroup(found, group, [name]),
  ];
  const edited = await attempt(["usage"], random.pick(edits));
  if ("refusal" in edited) return;
  const again = parseContacts(edited.value.format());
  for (const { text, key, state } of found.keys) {
    if (state.is === "revoked") holds(again.revocation(key) !== null, `an edit loses the revocation of ${text}`);
  }
}
