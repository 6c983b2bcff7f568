// A journal that a loss of power, or a carrier, has made a few bytes and many zeros: what a cursor has seen was whole,
// so who goes on at one looks at the header and not at the zeros.

import { expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { MAX_BASE_BYTES } from "../../src/format/base.js";
import type { Cursor } from "../../src/format/cursor.js";
import type { JournalSource } from "../../src/journal/store.js";
import { shorten } from "../../src/journal/writing/shorten.js";
import { NOW, sender } from "../files/samples.js";
import { joined, Maker, memoryJournal } from "./maker.js";
import { memoryStore } from "./memory-store.js";
import { outcome } from "./reading.js";

const SPARSE = 64 * 1024 * 1024;
/** A base that may be there, and what is read of a header at once, twice: of the first, and of the cursor's epoch. */
const MOST = MAX_BASE_BYTES + 2 * 64 * 1024;

const CORE_BYTES = 118 + 32;

/** So many bytes of it, then zeros. */
function torn(bytes: Uint8Array, length: number): JournalSource & { read: number } {
  const source = memoryJournal(bytes.slice(0, length));
  const { readAt } = source;
  source.size = async () => SPARSE;
  source.readAt = async (position, count) => {
    const piece = new Uint8Array(Math.max(0, Math.min(count, SPARSE - position)));
    piece.set(await readAt(position, count));
    source.read += piece.length;
    return piece;
  };
  return source;
}

async function expectTampered(source: JournalSource & { read: number }, cursor: Cursor): Promise<void> {
  const { error, records } = await outcome(source, { cursor });
  expect([error?.code, records]).toEqual(["tampered", []]);
  expect(source.read).toBeLessThanOrEqual(MOST);
}

const made = new Maker().epoch().frame(["0"]).epoch().frame(["1"]);
const bytes = made.bytes();
const second = joined(made.parts.slice(0, 2)).length;
const secondHeader = made.parts[2]!.bytes.length;
const { cursors } = await outcome(bytes);

test.each([
  ["in the first core, of a cursor in its epoch", 10, 0],
  ["in the first core, of a cursor in a later epoch", 10, 1],
  ["in the first core's stanzas", CORE_BYTES + 20, 0],
  ["in the first authenticator", made.parts[0]!.bytes.length - 64, 0],
  ["in the core of the cursor's epoch", second + 10, 1],
  ["in the stanzas of the cursor's epoch", second + CORE_BYTES + 20, 1],
  ["in the authenticator of the cursor's epoch", second + secondHeader - 64, 1],
])("zeros that begin %s", (_where, length, frame) => expectTampered(torn(bytes, length), cursors[frame]!));

test("zeros that begin in the first core, of a cursor of a base that stood alone", async () => {
  const store = memoryStore(bytes);
  await shorten(store, { suite: native, signer: sender.signingKey, limit: { cursor: cursors[1]! }, now: NOW });
  const alone = await outcome(store.bytes);
  expect([alone.error, alone.records, alone.cursor!.frames]).toEqual([null, [], 0]);
  await expectTampered(torn(bytes, 10), alone.cursor!);
});

test("zeros that begin in the core behind a base", async () => {
  const store = memoryStore(bytes);
  await shorten(store, { suite: native, signer: sender.signingKey, limit: { cursor: cursors[0]! }, now: NOW });
  const base = store.bytes.length - (bytes.length - second);
  await expectTampered(torn(store.bytes, base + 10), cursors[1]!);
});
