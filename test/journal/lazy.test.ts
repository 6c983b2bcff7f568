// A reader that checks some signatures, against one that checks each: whatever a carrier or another recipient does to a
// journal, both release the same records and refuse the same thing, at the same place.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import { inline } from "../../src/engine/inline.js";
import type { Policy } from "../../src/header/policy.js";
import { verifyJournal } from "../../src/journal/reading/verify.js";
import { NOW, sender, stranger } from "../files/samples.js";
import { IS_WHOLE, STEP } from "../whole.js";
import { joined, Maker, memoryJournal, sample } from "./maker.js";
import { type Outcome, outcome } from "./reading.js";

const POLICY: Policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };

function told({ records, cursors, cursor, tail, error }: Outcome): unknown {
  return { records, cursors, cursor, tail, error: error && [error.code, error.message, error.frame, error.offset] };
}

/** What a recovering writer finds, which never opens anything. */
async function verified(journal: Bytes, signatures: "each" | "last"): Promise<unknown> {
  const options = { suite: native, engine: inline, policy: POLICY, signatures };
  return verifyJournal(memoryJournal(journal), options).catch(({ code, message, frame, offset }) => [
    code,
    message,
    frame,
    offset,
  ]);
}

async function same(journal: Bytes): Promise<void> {
  const each = told(await outcome(journal, { signatures: "each" }));
  expect(told(await outcome(journal, { signatures: "last" }))).toEqual(each);
  expect(await verified(journal, "last")).toEqual(await verified(journal, "each"));
}

/** A header and many frames, more than are worked on together, then another epoch. */
function long(): Maker {
  const made = new Maker().epoch();
  for (let i = 0; i < 300; i++) made.frame([`${i}`]);
  made.epoch();
  for (let i = 0; i < 5; i++) made.frame([`later ${i}`, ""]);
  return made;
}

const LONG = long();
const SHORT = sample();

test("each byte changed", async () => {
  const bytes = SHORT.bytes();
  for (let at = 0; at < bytes.length; at += STEP) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    await same(changed);
  }
});

test("cut at any byte, and zeros from any byte on", async () => {
  const bytes = SHORT.bytes();
  for (let at = 0; at < bytes.length; at += 3 * STEP) {
    await same(bytes.slice(0, at));
    await same(bytes.slice().fill(0, at));
  }
});

const place = fc.nat({ max: LONG.parts.length - 1 });

describe("what a carrier does to the parts of a journal of many frames", () => {
  test.each<[string, (parts: typeof LONG.parts, i: number, j: number) => typeof LONG.parts]>([
    ["one dropped", (parts, i) => parts.filter((_, k) => k !== i)],
    ["one doubled", (parts, i) => parts.flatMap((part, k) => (k === i ? [part, part] : [part]))],
    ["two swapped", (parts, i, j) => parts.map((part, k) => (k === i ? parts[j]! : k === j ? parts[i]! : part))],
    ["cut behind one", (parts, i) => parts.slice(0, i + 1)],
    ["one at the end again", (parts, i) => [...parts, parts[i]!]],
  ])("%s", async (_what, edit) => {
    const property = fc.asyncProperty(place, place, (i, j) => same(joined(edit([...LONG.parts], i, j))));
    await fc.assert(property, { numRuns: IS_WHOLE ? 12 : 4 });
  });

  test("bytes changed in any of them, two at a time", async () => {
    const bytes = LONG.bytes();
    const at = fc.nat({ max: bytes.length - 1 });
    const property = fc.asyncProperty(at, at, async (i, j) => {
      const changed = bytes.slice();
      changed[i]! ^= 0x10;
      changed[j]! ^= 0x01;
      await same(changed);
    });
    await fc.assert(property, { numRuns: IS_WHOLE ? 40 : 12 });
  });
});

/** How many signatures are checked, those of headers included. */
async function checks(work: (suite: Suite) => Promise<unknown>): Promise<number> {
  let count = 0;
  const checkedVerifyingKey = (key: Uint8Array) => {
    const real = native.checkedVerifyingKey(key);
    const verify = (...given: Parameters<typeof real.verify>) => {
      count += 1;
      return real.verify(...given);
    };
    return { publicKey: real.publicKey, verify };
  };
  await work({ ...native, checkedVerifyingKey });
  return count;
}

test("a reader checks a signature for a window, of at most 256 frames and of one epoch; a verifier checks each", async () => {
  const bytes = LONG.bytes();
  const [headers, windows] = [2, 2 + 1];
  for (const signatures of ["each", "last"] as const) {
    const due = headers + (signatures === "each" ? 305 : windows);
    expect(await checks((suite) => outcome(bytes, { suite, signatures }))).toBe(due);
  }
  // What the commands and the library do where nothing else is said.
  expect(await checks((suite) => outcome(bytes, { suite }))).toBe(headers + windows);
  const options = { engine: inline, policy: POLICY };
  expect(await checks((suite) => verifyJournal(memoryJournal(bytes), { suite, ...options }))).toBe(headers + 305);
  // Where a window's last signature is none, each is looked at: the frames before are released all the same.
  const forged = bytes.slice();
  forged[forged.length - 1]! ^= 1;
  const { records } = await outcome(forged);
  expect(await checks((suite) => outcome(forged, { suite }))).toBe(headers + windows + 5);
  expect(records).toHaveLength(300 + 2 * 4);
});

test("a recipient's frame among others, right but for its signature; and those behind it made anew, too", async () => {
  const one = new Maker().epoch().frame(["0"]).frame(["1"]);
  const forged = new TextEncoder().encode("forged");
  const alone = await outcomeOfForged((made) => made.batch(batchOf(forged), stranger.signingKey).frame(["3"]));
  // The signer's own signatures stand behind the forged frame here, which only the signer can make.
  expect(alone).toEqual({ each: ["0"], last: ["0", "forged", "3"] });
  await same(one.bytes());
  const all = new Maker().epoch().frame(["0"]);
  for (let i = 0; i < 3; i++) all.batch(batchOf(forged), stranger.signingKey);
  await same(all.bytes());
});

async function outcomeOfForged(add: (made: Maker) => Maker): Promise<{ each: string[]; last: string[] }> {
  const bytes = add(new Maker().epoch().frame(["0"])).bytes();
  const [each, last] = [await outcome(bytes, { signatures: "each" }), await outcome(bytes, { signatures: "last" })];
  return { each: each.records, last: last.records };
}

function batchOf(record: Uint8Array): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, record.length);
  return concat(new Uint8Array(8), length, record);
}
