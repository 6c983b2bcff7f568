// Journals that cost as much as possible: in a file and on a server, read, verified and inspected. Made by the writer
// of the test vectors, which has no bounds of its own.

import { build } from "../../fixtures/writer/build.mjs";
import { cursorAfter, cursorText, journal } from "../../fixtures/writer/journal.mjs";
import { cat, u32, u64, zeros } from "../../fixtures/writer/prims.mjs";

const MIB = 2 ** 20;
const MAX_STANZAS = 4096;
/** As many bytes as the stanzas of a header may have, each a little more than 2 KB. */
const FULL = Array.from({ length: MAX_STANZAS }, (_, i) => ({
  type: 9,
  body: new Uint8Array(2043).fill(2 + (i % 250)),
}));
const JUNK = { to: FULL, auth: () => new Uint8Array(64).fill(7) };
const FOREIGN = Array.from({ length: MAX_STANZAS - 1 }, (_, i) => ({
  type: 1,
  body: new Uint8Array(80).fill(2 + (i % 250)),
}));

const READ = ["seal", "journal", "read", "bad.journal", "--key", "alice.key", "--from", "master.pub"];
const VERIFY = ["seal", "journal", "verify", "bad.journal", "--from", "master.pub"];
const INSPECT = ["seal", "inspect", "bad.journal"];
const APPEND = ["seal", "journal", "append", "new.journal", "--to", "alice.pub", "--sign", "alice.key"];
const CURSOR = ["--cursor", "cursor"];
const WEB = { isServed: true };

const BEFORE = "before the signature";
const AFTER = "signed by who is accepted";

const first = () => journal({ name: "x", epochs: [JUNK] }).pieces;
const later = () => journal({ name: "x", epochs: [{ batches: [[5]] }, JUNK] }).pieces;
const many = () => journal({ name: "x", epochs: [{ to: [...FOREIGN, "alice"], batches: [[5]] }] }).pieces;
/** A frame of 4 194 300 empty records. */
const empty = () => {
  const plaintext = () => cat(u64(1_700_000_000_000), zeros(2 ** 24 - 8));
  return journal({ name: "x", exponent: 24, epochs: [{ batches: [{ records: [], plaintext }] }] }).pieces;
};
/** The smallest frames, that nobody has signed. */
const tiny = (count) => {
  const { pieces } = journal({ name: "x", epochs: [{}] });
  const frame = cat(u32(12), u32(1), zeros(12 + 112));
  const frames = new Uint8Array(count * frame.length);
  for (let i = 0; i < count; i++) frames.set(frame, i * frame.length);
  return [...pieces, { bytes: frames }];
};

/** Each way in which the header of an epoch comes. */
const HEADERS = [
  ["read, first epoch", READ, 6, first],
  ["verify, first epoch", VERIFY, 6, first],
  ["inspect, first epoch", INSPECT, 0, first],
  ["read, a later epoch", READ, 6, later],
  ["verify, a later epoch", VERIFY, 6, later],
  ["inspect, a later epoch", INSPECT, 0, later],
  ["read at a cursor", [...READ, ...CURSOR], 6, later, 2],
  ["read from a server, first epoch", READ, 6, first, null, WEB],
  ["read from a server, a later epoch", READ, 6, later, null, WEB],
  ["read from a server at a cursor", [...READ, ...CURSOR], 6, later, 2, WEB],
];

/** @type {import("./cases.js").Case[]} */
export const JOURNALS = [
  ...HEADERS.map(([name, argv, status, pieces, at, more]) =>
    one(`8 MiB of stanzas, signature wrong: ${name}`, BEFORE, argv, status, 96, pieces, at, more),
  ),
  one("4096 recipients, read on at a cursor", AFTER, [...READ, ...CURSOR], 0, 64, many, 0),
  one("4096 recipients, read on from a server at a cursor", AFTER, [...READ, ...CURSOR], 0, 64, many, 0, WEB),
  one("4 million empty records in a frame: read", AFTER, READ, 0, 160, empty),
  one("4 million empty records in a frame: read by the library", AFTER, ["library"], 0, 160, empty),
  one("a million of the smallest frames: inspect", "not at all", INSPECT, 0, 64, () => tiny(1_000_000)),
  one("a million of the smallest frames: verify", BEFORE, VERIFY, 6, 64, () => tiny(1_000_000)),
  appended("a line of 128 MiB", [], () => new Uint8Array(128 * MIB).fill(0x78)),
  appended("a record of 128 MiB behind its length", ["--framing", "length"], () =>
    cat(u32(128 * MIB), new Uint8Array(128 * MIB)),
  ),
  {
    name: "a sealed file of 8 MiB of stanzas: inspect",
    when: "not at all",
    argv: ["seal", "inspect", "bad.sealed"],
    status: 0,
    bytes: 96 * MIB,
    make: () => [["bad.sealed", build({ name: "x", to: FULL }).file]],
  },
];

/** What is given to `journal append`. */
function appended(name, words, content) {
  return {
    name: `records, ${name}`,
    when: "at the end of the input",
    argv: [...APPEND, ...words],
    status: 2,
    bytes: 96 * MIB,
    input: "records",
    make: () => [["records", content()]],
  };
}

/** `at`: the piece behind which the reader's cursor is. */
function one(name, when, argv, status, mebibytes, pieces, at = null, more = {}) {
  const make = () => {
    const all = pieces();
    const files = [["bad.journal", cat(...all.map(({ bytes }) => bytes))]];
    return at === null ? files : [...files, ["cursor", cursorText(cursorAfter(all, at))]];
  };
  return { name: `a journal, ${name}`, when, argv, status, bytes: mebibytes * MIB, make, ...more };
}
