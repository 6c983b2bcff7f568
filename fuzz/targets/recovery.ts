// A writer that comes back to a journal and its own cursor, whatever has become of them, goes on, and crashes.

import { type Bytes, concat, equal, readU16, u16 } from "../../src/bytes.js";
import { parseBatch } from "../../src/format/batch.js";
import { encodeCursor, parseCursor } from "../../src/format/cursor.js";
import type { JournalStore } from "../../src/journal/store.js";
import { Writer } from "../../src/journal/writing/writer.js";
import { author, bytesOf, forger, reader, repeatable, SUITES } from "../actors.js";
import { journalOf, reading } from "../journal/reading.js";
import { honestById, honestJournals, journalSeeds } from "../journal/seeds.js";
import { isBase, SIGNER } from "../layout.js";
import { mutateCursor } from "../mutate/cursor.js";
import { mutateJournal } from "../mutate/journal.js";
import { judgeCursor } from "../oracle/cursor.js";
import { judgeJournal } from "../oracle/journal.js";
import { hashOf, type Random } from "../random.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

const CODES = ["malformed", "unsupported", "tampered", "untrusted", "usage"];

export const recovery: Target = {
  name: "recovery",
  maxBytes: 8192,
  seeds: async (withVectors) => [
    ...honestJournals().flatMap(({ bytes, cursors }) =>
      cursors.map((cursor) => together(encodeCursor(cursor, "writing"), bytes)),
    ),
    // Its store counts from the beginning of what is there.
    ...(await journalSeeds(withVectors))
      .filter((bytes) => !isBase(bytes))
      .map((bytes) => together(new Uint8Array(), bytes)),
  ],
  mutate,
  run,
};

/** The length of the cursor, the cursor, and the journal; an empty cursor is none. */
const together = (cursor: Bytes, journal: Bytes) => concat(u16(cursor.length), cursor, journal);

function apart(input: Bytes): { saved: Bytes | null; bytes: Bytes } {
  const length = input.length < 2 ? 0 : readU16(input);
  return { saved: length > 0 ? input.slice(2, 2 + length) : null, bytes: input.slice(2 + length) };
}

/** The end of the journal most often: what a crash, or somebody who comes after it, has made of it. */
function mutate(input: Bytes, other: Bytes, random: Random): Bytes {
  const [{ saved, bytes }, donor] = [apart(input), apart(other)];
  const none = new Uint8Array();
  const from = random.below(donor.bytes.length);
  const kinds = [
    () => together(saved ?? none, bytes.slice(0, cut(bytes, random))),
    () => together(saved ?? none, concat(bytes.slice(0, cut(bytes, random)), new Uint8Array(random.below(300)))),
    () => together(saved ?? none, concat(bytes, donor.bytes.slice(from, from + random.below(512)))),
    () => together(saved ?? none, mutateJournal(bytes, donor.bytes, random)),
    () => together(mutateCursor(saved ?? none, donor.saved ?? none, random), bytes),
    () => together(random.pick([none, donor.saved ?? none]), bytes),
  ];
  return random.pick(kinds)();
}

/** Where something is cut off: anywhere, at the very beginning, or a few bytes behind a header or frame. */
function cut(bytes: Bytes, random: Random): number {
  const ends = honestById(bytes)?.cursors.map(({ end }) => end) ?? [];
  return random.pick([
    random.below(bytes.length + 1),
    random.oneIn(4) ? 0 : bytes.length,
    ends.length > 0 ? random.pick(ends) + random.below(12) : 0,
  ]);
}

interface MemoryStore extends JournalStore {
  bytes: Bytes;
  saved: Bytes | null;
  aside: Bytes;
  /** How many calls have written something. */
  writes: number;
}

function storeOf(bytes: Bytes, saved: Bytes | null): MemoryStore {
  const store: MemoryStore = {
    ...journalOf(bytes),
    bytes,
    saved,
    aside: new Uint8Array(),
    writes: 0,
    size: async () => store.bytes.length,
    readAt: async (position, length) => store.bytes.slice(position, position + length),
    cursor: async () => store.saved,
    takeTerm: async () => ({ is: "done" }),
    settle: async () => ({ is: "done" }),
    swapCursor: async (before, cursor) => {
      holds(before ? equal(before, store.saved!) : store.saved === null, "the cursor is not the one that was there");
      store.writes += 1;
      store.saved = Uint8Array.from(cursor);
      return { is: "done" };
    },
    append: async ({ position, bytes }) => {
      holds(position === store.bytes.length, "something is not appended to the end");
      store.writes += 1;
      store.bytes = concat(store.bytes, bytes);
      return { is: "done" };
    },
    shorten: async () => {
      throw new Error("a writer that comes back shortens nothing");
    },
    setAside: async ({ position, length }) => {
      holds(position + length === store.bytes.length, "something else than the end is moved aside");
      store.writes += 1;
      store.aside = store.bytes.slice(position);
      store.bytes = store.bytes.slice(0, position);
      return "aside";
    },
  };
  return store;
}

async function run(input: Bytes): Promise<string> {
  const { saved, bytes } = apart(input);
  const store = storeOf(bytes, saved);
  const dice = hashOf(input);
  const who = equal(bytes.subarray(...SIGNER), forger.identity.signingKey.publicKey) ? forger : author;
  const truth = honestById(bytes);
  const genuine = truth?.cursors.find((cursor) => saved && equal(encodeCursor(cursor, "writing"), saved));
  const signer = SUITES.native.checkedVerifyingKey(who.identity.signingKey.publicKey);
  const verdict = judgeJournal(bytes, signer, SUITES.native);

  const opened = await attempt(CODES, () => open(store, who, `first ${dice}`));
  if ("refusal" in opened) {
    const { code, message } = opened.refusal;
    holds(store.writes === 0, "a journal that is refused is written to");
    holds(code !== "usage" || judgeCursor(saved!)?.purpose !== "writing", "a good cursor is refused");
    holds(saved !== null || code === "untrusted" || "at" in verdict, `a good journal is refused: ${message}`);
    holds(!genuine || "at" in verdict || bytes.length < genuine.end, `a journal that goes on is refused: ${message}`);
    return kindOfMessage(message);
  }
  const kept = bytes.length - store.aside.length;
  holds(equal(concat(store.bytes.subarray(0, kept), store.aside), bytes), "something of the journal is lost");
  // What the forger has signed, one signature may speak for.
  const isSpokenFor = who === forger && "at" in verdict && verdict.frame !== null;
  const isEnd = isSpokenFor || ("tail" in verdict && verdict.tail === store.aside.length);
  if (!saved) holds(isEnd, "what does not verify is gone on with");
  if (saved) holds(kept >= parseCursor(saved, "writing").end, "what was acknowledged is missing, or moved aside");
  if (genuine) {
    const isTrue = equal(bytes.subarray(genuine.end, kept), truth!.bytes.subarray(genuine.end, kept));
    holds(isTrue, "what does not verify is gone on with");
  }
  const written = await crash(store, opened.value, who, dice);
  const after = judgeJournal(written, signer, SUITES.native);
  // What stands before a cursor was looked at when it was made. Where nothing follows a cursor, nothing shows that its
  // chain value is wrong; what follows has to continue it.
  const isShown = !saved || genuine !== undefined || kept > parseCursor(saved, "writing").end;
  const isJudged = "tail" in verdict && isShown;
  holds(!isJudged || ("tail" in after && after.tail === 0), "what is written does not verify");
  return `goes on ${isJudged} ${genuine !== undefined} ${Math.min(1, store.aside.length)} ${Math.min(2, opened.value.recovered.frames.length)}`;
}

function open(store: JournalStore, who: typeof author, name: string): Promise<Writer> {
  const recipients = [reader.identity.publicKey];
  return Writer.open(store, { suite: repeatable(name), signer: who.identity.signingKey, recipients });
}

/** What is left of a header or a frame: a part, or, after a loss of power, zeros in place of its end and more. */
function leftOf(piece: Bytes, dice: number): Bytes {
  if (dice % 2 === 0) return piece.slice(0, (dice >>> 1) % piece.length);
  const least = piece[0]! < 0x80 ? 8 : 1;
  const kept = (dice >>> 1) % 2 === 0 ? 0 : least + ((dice >>> 2) % (piece.length - 63 - least));
  return concat(piece.subarray(0, kept), new Uint8Array(piece.length - kept + (dice % 500)));
}

/**
 * Appends a record, crashes while a frame, or the header of an epoch, is being written, comes back, and appends
 * another; the journal then. Both records must be there.
 */
async function crash(store: MemoryStore, writer: Writer, who: typeof author, dice: number): Promise<Bytes> {
  const records = [bytesOf("before the crash", 9), bytesOf("after it", 5)] as const;
  await writer.append(records[0]);
  const [acknowledged, saved] = [store.bytes, store.saved];
  const start = parseCursor(saved!, "writing");
  const inHeader = dice % 3 === 0;
  if (inHeader) writer.nextEpoch();
  await writer.append(bytesOf("in the crash", 40));
  const frame = 8 + 8 + 4 + 40 + 112;
  const written = store.bytes.slice(acknowledged.length, inHeader ? store.bytes.length - frame : undefined);
  const torn = storeOf(concat(acknowledged, leftOf(written, dice)), saved);
  const second = await open(torn, who, `second ${dice}`);
  await second.append(records[1]);
  await second.close();
  holds(equal(torn.bytes.subarray(0, acknowledged.length), acknowledged), "what was acknowledged is lost in a crash");
  const from = [who.identity.signingKey.publicKey];
  const read = await reading(journalOf(torn.bytes), { from, cursor: start });
  const found = read.batches.flatMap((batch) => [...parseBatch(batch).records]);
  const isThere = read.refusal === null && found.length === 2 && found.every((each, i) => equal(each, records[i]!));
  holds(isThere, `what was acknowledged cannot be read: ${read.refusal?.message}`);
  return torn.bytes;
}
