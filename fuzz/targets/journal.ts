// A whole journal: read, verified, inspected, delivered, as it grows, from cursors, on both suites; and who may have
// written what is released.

import { type Bytes, concat, equal, u32 } from "../../src/bytes.js";
import type { Source } from "../../src/flow/io.js";
import type { Cursor } from "../../src/format/cursor.js";
import { bytesSink, bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { deliver } from "../../src/journal/reading/deliver.js";
import { inspectJournal, parseBeginning } from "../../src/journal/reading/inspect.js";
import type { VerifiedJournal } from "../../src/journal/reading/verify.js";
import { author, SUITES } from "../actors.js";
import {
  CODES,
  ENGINES,
  type Ending,
  growing,
  isPrefix,
  journalOf,
  optionsOf,
  reading,
  same,
  sameCursor,
  verifying,
} from "../journal/reading.js";
import { type HonestJournal, honestById, honestJournals, journalSeeds } from "../journal/seeds.js";
import { baseLength, shiftOf, signerOf } from "../layout.js";
import { mutateJournal } from "../mutate/journal.js";
import { judgeBatch } from "../oracle/batch.js";
import { judgeJournal } from "../oracle/journal.js";
import { hashOf, type Random, randomOf } from "../random.js";
import { anybody } from "../seeds.js";
import { split } from "../splits.js";
import { attempt, holds, kindOfMessage, type Refusal, type Target } from "../target.js";

const JOURNAL = 2;

export const journal: Target = {
  name: "journal",
  maxBytes: 16 * 1024,
  seeds: journalSeeds,
  mutate: mutateJournal,
  run,
};

async function run(input: Bytes, thorough: boolean): Promise<string> {
  const dice = hashOf(input);
  const random = randomOf(dice);
  const from = anybody(input);
  const whole = await reading(journalOf(input), { from });
  const verified = await verifying(journalOf(input), from);
  compareWithVerifier(whole, verified);
  compareWithFormat(input, verified);
  await compareInspected(input, whole, verified);
  const whose = await checkForgery(input, whole, random);
  await compareByWindows(input, whole);
  if (thorough || dice % 4 === 0) await compareGrowing(input, whole, random);
  if (thorough || dice % 4 === 1) await compareResumed(input, whole, random);
  if (thorough || dice % 4 === 2) await compareDelivered(input, whole);
  if (thorough || dice % 4 === 3)
    same(whole, await reading(journalOf(input), { from, engine: ENGINES.wide }), "several tasks at a time");
  if (thorough || dice % 256 === 1) await comparePortable(input, whole, verified);
  return [tell(whole), Math.min(9, whole.batches.length), whose].join(" ");
}

/** Reading says what verifying says, or finds sooner what only keys show. */
function compareWithVerifier({ refusal, tail, cursor, batches }: Ending, verified: VerifiedJournal | Refusal): void {
  if ("code" in verified) {
    holds(refusal !== null, "a journal is read that does not verify");
    const isSooner = verified.offset !== null && (refusal.offset ?? 0) <= verified.offset;
    holds(isSooner || refusal.message === verified.message, `${refusal.message} instead of ${verified.message}`);
  } else if (refusal) {
    const needsKeys = refusal.code !== "untrusted" && (refusal.code !== "malformed" || refusal.frame !== null);
    holds(needsKeys, `a journal verifies and is refused: ${refusal.message}`);
  } else {
    holds(sameCursor(cursor, verified.cursor), "reading and verifying end at different cursors");
    holds(tail === verified.tail && batches.length === verified.frames, "reading and verifying find different frames");
  }
}

/**
 * With fewer signatures checked, the same comes of what the author has written, whoever has changed it. What the forger
 * has signed, one signature may speak for.
 */
async function compareByWindows(input: Bytes, whole: Ending): Promise<void> {
  const byWindows = await reading(journalOf(input), { from: anybody(input), signatures: "last" });
  if (honestById(input)) return same(whole, byWindows, "by windows");
  const due = whole.batches.every((batch, i) => byWindows.batches[i] && equal(batch, byWindows.batches[i]));
  holds(due, "by windows, less is released");
}

/** A verifier says what the format says. */
function compareWithFormat(input: Bytes, verified: VerifiedJournal | Refusal): void {
  // Whether a signer is accepted is decided before what stands behind the core is read, and where there is none yet,
  // there is nothing to judge.
  const isRefused = "code" in verified && verified.offset === null;
  const claimed = signerOf(input);
  if (isRefused || claimed.length < 32) return;
  const signer = SUITES.native.checkedVerifyingKey(claimed);
  const verdict = judgeJournal(input, signer, SUITES.native);
  if ("at" in verdict) {
    holds("code" in verified, `a journal verifies that the format refuses at byte ${verdict.at}`);
    const isThere = verdict.frame === null ? verified.offset! >= verdict.at : verified.offset === verdict.at;
    holds(isThere && verified.frame === verdict.frame, `refused at ${verified.offset}, and not at ${verdict.at}`);
    return;
  }
  holds(!("code" in verified), "a journal is refused that the format allows");
  const { epochs, frames, tail, cursor } = verified;
  const digest = Buffer.from(cursor?.chain ?? new Uint8Array(32)).toString("hex");
  const told = JSON.stringify({ epochs, frames, tail, digest });
  holds(told === JSON.stringify(verdict), `verifying gives ${told}, the format ${JSON.stringify(verdict)}`);
}

/** What inspect counts without checking is right where all of it is. */
async function compareInspected(input: Bytes, whole: Ending, verified: VerifiedJournal | Refusal): Promise<void> {
  const inspected = await inspecting(bytesSource(input));
  const cut = await inspecting(streamSource(split(input), "the input"));
  holds(JSON.stringify(inspected) === JSON.stringify(cut), "inspect tells different things of the same bytes");
  if ("code" in verified || !verified.cursor) return;
  holds("value" in inspected, "inspect refuses a journal that verifies");
  const { epochs, frames, tail, bytes } = inspected.value;
  const { cursor, ...found } = verified;
  holds(epochs === found.epochs && frames === found.frames && tail === found.tail, "inspect counts something else");
  const released = whole.batches.reduce((sum, batch) => sum + batch.length, 0);
  holds(whole.refusal !== null || bytes === released, "inspect counts other bytes than are read");
}

function inspecting(source: Source) {
  return attempt(["malformed", "unsupported", "tampered"], async () =>
    inspectJournal(await parseBeginning(source, SUITES.native, undefined, JOURNAL), source, SUITES.native),
  );
}

/**
 * In the author's name, only what the author has sealed, in order; from a cursor of the author's journal, only what is
 * behind it there.
 */
async function checkForgery(input: Bytes, byAny: Ending, random: Random): Promise<string> {
  const truth = honestById(input);
  const from = [author.identity.signingKey.publicKey];
  const { cursors } = truth ?? random.pick(honestJournals());
  // What is before a base is told of otherwise.
  const shift = shiftOf(input);
  const cursor = random.pick(cursors.filter(({ end }) => end >= shift + baseLength(input) || !truth));
  if (cursor && (truth || random.oneIn(4))) {
    const resumed = await reading(journalOf(input), { from, cursor });
    if (truth) checkTruth(input, resumed, truth, cursor);
    else holds(resumed.refusal !== null, "another journal goes on from a cursor");
  }
  if (truth && shift > 0) await checkRemoved(input, byAny, truth, random);
  if (truth) return checkTruth(input, byAny, truth, null);
  const isAuthors = equal(signerOf(input), from[0]!);
  holds(!isAuthors || byAny.cursor === null, "a journal is read in the author's name that is not the author's");
  return "";
}

/** A cursor before the base: the reader is told, and goes on at the base where it was told so. */
async function checkRemoved(input: Bytes, byAny: Ending, { cursors }: HonestJournal, random: Random): Promise<void> {
  const gone = cursors.filter(({ end }) => end < shiftOf(input) + baseLength(input));
  if (gone.length === 0 || byAny.cursor === null) return;
  const options = { from: [author.identity.signingKey.publicKey], cursor: random.pick(gone) };
  const told = await reading(journalOf(input), options, SUITES.native, [...CODES, "usage"]);
  holds(told.refusal?.code === "usage" && told.batches.length === 0, "what was removed is passed over unasked");
  same(byAny, await reading(journalOf(input), { ...options, skipRemoved: true }), "where what is gone is skipped");
}

function checkTruth(input: Bytes, read: Ending, { bytes, frames }: HonestJournal, from: Cursor | null): string {
  const shift = shiftOf(input);
  const start = from?.end ?? shift + baseLength(input);
  const due = frames.filter(({ cursor }) => cursor.end > start).map(({ batch }) => batch);
  holds(isPrefix(read, due), "what is released is not what was sealed");
  if (read.refusal) return "";
  const end = read.cursor?.end ?? 0;
  holds(input.length + shift >= start && end + read.tail === input.length + shift, "bytes are passed over");
  holds(
    equal(bytes.subarray(start, end), input.subarray(start - shift, end - shift)),
    "an altered journal is read as if it were whole",
  );
  return `the author's ${bytes.length}`;
}

async function compareGrowing(input: Bytes, whole: Ending, random: Random): Promise<void> {
  const done = new AbortController();
  const source = growing(input, random, () => done.abort());
  const options = { from: anybody(input), follow: true, signal: done.signal };
  same(whole, await reading(source, options), "as it grows");
}

/** From behind any frame, the rest comes as it did. */
async function compareResumed(input: Bytes, whole: Ending, random: Random): Promise<void> {
  if (whole.cursors.length === 0) return;
  const at = random.below(whole.cursors.length);
  const rest = { ...whole, batches: whole.batches.slice(at + 1) };
  same(rest, await reading(journalOf(input), { from: anybody(input), cursor: whole.cursors[at]! }), "from a cursor");
}

/** What is delivered is what is read, and has its cursor. */
async function compareDelivered(input: Bytes, whole: Ending): Promise<void> {
  const sink = bytesSink();
  let saved: Cursor | null = null;
  const options = {
    ...optionsOf(SUITES.native, { from: anybody(input) }),
    format: "length" as const,
    flush: async () => {},
    save: async (cursor: Cursor) => {
      saved = cursor;
    },
  };
  const ended = await attempt(CODES, () => deliver(journalOf(input), { ...sink, abort: async () => {} }, options));
  const hasBegun = whole.cursor !== null;
  holds("value" in ended === (hasBegun && !whole.refusal), "what is read is not delivered, or the reverse");
  const records = whole.batches.flatMap((batch) => judgeBatch(batch)!);
  const due = concat(...records.flatMap(({ record }) => [u32(record.length), record]));
  holds(equal(sink.take(), due), "other bytes are delivered");
  const last = whole.cursors.at(-1);
  holds(!last || (saved !== null && (saved as Cursor).end >= last.end), "what was delivered would come again");
}

async function comparePortable(input: Bytes, whole: Ending, verified: VerifiedJournal | Refusal): Promise<void> {
  const from = anybody(input);
  same(whole, await reading(journalOf(input), { from }, SUITES.portable), "on the portable suite");
  const again = await verifying(journalOf(input), from, SUITES.portable);
  const told = (found: VerifiedJournal | Refusal) =>
    "code" in found ? `${found.code} ${found.frame} ${found.offset}` : `${found.epochs} ${found.frames} ${found.tail}`;
  holds(told(verified) === told(again), `verifying on the portable suite gives ${told(again)}, not ${told(verified)}`);
}

function tell({ refusal, tail }: Ending): string {
  if (!refusal) return tail > 0 ? "reads, but for the end" : "reads";
  return `${refusal.code} ${Math.min(9, refusal.frame ?? 0)} ${kindOfMessage(refusal.message)}`;
}
