// What somebody can send, or talk somebody into using, that costs as much as possible before it is refused or done
// with. Made by the writer of the test vectors, which has no bounds of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../fixtures/writer/build.mjs";
import { cat, keyOf, recipientText, rnd, secretText, signerText, u8, u16 } from "../../fixtures/writer/prims.mjs";
import { hybridTexts, XWING } from "../../fixtures/writer/xwing.mjs";
import { JOURNALS } from "./journals.js";

const MIB = 2 ** 20;
const MAX_STANZAS = 4096;
const TIME = "2026-01-31T12:00:00Z";

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} when what has been checked by the time at which it costs that
 * @property {string[]} argv of `seal` or `open`, which comes first; or `library`, for library.js
 * @property {number} status
 * @property {number} bytes that it may take over what a small file takes
 * @property {Record<string, string>} [env]
 * @property {boolean} [isSlow] too slow to be a test
 * @property {string} [input] the file that is its standard input
 * @property {boolean} [isServed] whether what is called bad.… is fetched from a server
 * @property {() => [name: string, content: Uint8Array | string][]} make
 */

const OPEN = ["open", "bad.sealed", "--key", "alice.key", "--from", "master.pub", "-o", "-"];
const VERIFY = ["seal", "verify", "good.sealed", "--from", "master.pub"];
const OTHER = signerText(keyOf("other").signer);
const BEFORE = "before the signature";
const AFTER = "signed by who is accepted";
const KEYS = "a file of keys";

/** What is there for every case. */
export const COMMON = () => [
  ["alice.key", `${secretOf("alice")}\n`],
  ...[0, 1, 2, 3].map((i) => [`other${i}.key`, `${secretOf(`other ${i}`)}\n`]),
  ["dora.key", `${hybridTexts("dora").secret}\n`],
  ["alice.pub", `${recipientText(keyOf("alice").recipient)}\n`],
  ["master.pub", `${signerText(keyOf("master").signer)}\n`],
  ["good.sealed", build({ name: "good" }).file],
];

/** @type {Case[]} */
export const CASES = [
  {
    name: "64 MiB in the name of who is not accepted, label of 255 bytes",
    when: "before the signer",
    argv: OPEN,
    status: 7,
    bytes: 32 * MIB,
    make: () =>
      sealed(cat(build({ name: "x", from: "stranger", label: "x".repeat(255) }).header, new Uint8Array(64 * MIB))),
  },
  {
    name: "8 MiB of unknown stanzas, signature wrong",
    when: BEFORE,
    argv: OPEN,
    status: 6,
    bytes: 96 * MIB,
    make: () => sealed(build({ name: "x", to: filling(), stanzaEdit: otherBody }).file),
  },
  {
    name: "4096 stanzas of 4096 bytes declared, one there",
    when: BEFORE,
    argv: OPEN,
    status: 6,
    bytes: 32 * MIB,
    make: () =>
      sealed(
        cat(build({ name: "x" }).core, u16(MAX_STANZAS), u16(9), u16(4096), new Uint8Array(4096), u16(9), u16(4096)),
      ),
  },
  {
    name: "8 MiB of unknown stanzas",
    when: AFTER,
    argv: OPEN,
    status: 5,
    bytes: 96 * MIB,
    make: () => sealed(build({ name: "x", to: filling() }).file),
  },
  {
    name: "4096 stanzas for others, one identity",
    when: AFTER,
    argv: OPEN,
    status: 5,
    bytes: 96 * MIB,
    make: strangers,
  },
  {
    name: "4096 stanzas for others, five identities",
    isSlow: true,
    when: AFTER,
    argv: [...OPEN, ...[0, 1, 2, 3].flatMap((i) => ["--key", `other${i}.key`])],
    status: 5,
    bytes: 96 * MIB,
    make: strangers,
  },
  {
    name: "4096 stanzas for others, one identity, portable suite",
    isSlow: true,
    when: AFTER,
    argv: OPEN,
    status: 5,
    bytes: 128 * MIB,
    env: { SEAL_CRYPTO: "portable" },
    make: strangers,
  },
  {
    name: "4096 post-quantum stanzas for others, one identity",
    when: AFTER,
    argv: ["open", "bad.sealed", "--key", "dora.key", "--from", "master.pub", "-o", "-"],
    status: 5,
    bytes: 96 * MIB,
    make: postQuantumStrangers,
  },
  {
    name: "4096 post-quantum stanzas for others, one identity, portable suite",
    isSlow: true,
    when: AFTER,
    argv: ["open", "bad.sealed", "--key", "dora.key", "--from", "master.pub", "-o", "-"],
    status: 5,
    bytes: 128 * MIB,
    env: { SEAL_CRYPTO: "portable" },
    make: postQuantumStrangers,
  },
  {
    name: "chunks of 16 MiB declared, a few bytes there",
    when: AFTER,
    argv: OPEN,
    status: 6,
    bytes: 32 * MIB,
    make: () => sealed(build({ name: "x", exponent: 24, bytes: 100, edit: ([only]) => [only.slice(0, 111)] }).file),
  },
  {
    name: "a chunk of 16 MiB, altered",
    when: AFTER,
    argv: OPEN,
    status: 6,
    bytes: 256 * MIB,
    make: () =>
      sealed(cat(build({ name: "x", exponent: 24 }).header, new Uint8Array(2 ** 24), new Uint8Array(112 + 112))),
  },
  contacts("contacts of 16 MiB, 145 000 senders", (i) => `c${i} ${signerText(rnd(`${i}`, 32))} sender`, 0, 384),
  contacts("contacts of 16 MiB, one key under 125 000 names, revoked", (i) => `n${i} ${OTHER} revoked ${TIME}`, 0, 384),
  contacts("contacts of 16 MiB, one line of spaces", null, 2, 192),
  contacts(
    "contacts of 16 MiB, a group on 3 million lines",
    (i) => (i === 0 ? `a ${recipientText(keyOf("bob").recipient)}` : "@g a"),
    0,
    1536,
  ),
  contacts("contacts of more than 16 MiB", (i) => `# ${i}`, 2, 128, 16 * MIB + 1),
  {
    name: "a public key file of 1 MiB, 16 000 signers",
    isSlow: true,
    when: KEYS,
    argv: [...VERIFY, "--from", "many.pub"],
    status: 0,
    bytes: 128 * MIB,
    make: () => [["many.pub", lines(MIB - 100, () => OTHER)]],
  },
  {
    name: "an identity file of 1 MiB, one line of spaces",
    when: KEYS,
    argv: ["open", "good.sealed", "--key", "wide.key", "-o", "-"],
    status: 2,
    bytes: 32 * MIB,
    make: () => [["wide.key", `accept${" ".repeat(MIB - 20)}\u2028x\n`]],
  },
  {
    name: "a key file of 64 MiB",
    when: KEYS,
    argv: ["open", "good.sealed", "--key", "large.key", "-o", "-"],
    status: 2,
    bytes: 32 * MIB,
    make: () => [["large.key", new Uint8Array(64 * MIB).fill(35)]],
  },
  ...JOURNALS,
];

/** @returns {Case} */
function contacts(name, line, status, mebibytes, size = 16 * MIB) {
  return {
    name,
    when: KEYS,
    argv: [...VERIFY, "--contacts", "contacts"],
    isSlow: status === 0,
    status,
    bytes: mebibytes * MIB,
    make: () => [["contacts", line ? lines(size, line) : `a${" ".repeat(size - 3)}b\n`]],
  };
}

/** As many lines as fit; where more bytes are wanted than `lines` fill, the last is filled up. */
function lines(size, line) {
  const all = [];
  let length = 0;
  for (let i = 0; ; i++) {
    const next = `${line(i)}\n`;
    if (length + next.length > size) break;
    all.push(next);
    length += next.length;
  }
  return `${all.join("")}${"#".repeat(size - length)}`;
}

const sealed = (bytes) => [["bad.sealed", bytes]];
const filling = () => Array.from({ length: 2045 }, (_, i) => stanza(9, 4096, i));
const stanza = (type, length, i) => ({ type, body: new Uint8Array(length).fill(2 + (i % 250)) });
const otherBody = (list) =>
  cat(
    u16(list.length),
    ...list.flatMap(({ type, body }, i) => [u16(type), u16(body.length), i === 0 ? cat(u8(1), body.slice(1)) : body]),
  );

function strangers() {
  return sealed(build({ name: "x", to: Array.from({ length: MAX_STANZAS }, (_, i) => stanza(1, 80, i)) }).file);
}

function postQuantumStrangers() {
  const to = Array.from({ length: MAX_STANZAS }, (_, i) => stanza(XWING, 1168, i));
  return sealed(build({ name: "x", to }).file);
}

function secretOf(name) {
  const { x, seed } = keyOf(name);
  return secretText(x, seed);
}

/** Writes what a case needs into `folder`. */
export function write(folder, files) {
  for (const [name, content] of files) writeFileSync(join(folder, name), content, { mode: 0o600 });
}
