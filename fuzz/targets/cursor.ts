// The text of a cursor, and reading on from there in the journal that it names.

import { type Bytes, equal, toHex, utf8 } from "../../src/bytes.js";
import { encodeCursor, parseCursor } from "../../src/journal/cursor.js";
import { author } from "../actors.js";
import { isPrefix, journalOf, reading, verifying } from "../journal/reading.js";
import { type HonestJournal, honestJournals } from "../journal/seeds.js";
import { mutateCursor } from "../mutate/cursor.js";
import { type CursorText, judgeCursor } from "../oracle/cursor.js";
import { hashOf } from "../random.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const FROM = [author.identity.signingKey.publicKey];

export const cursor: Target = {
  name: "cursor",
  maxBytes: 8192,
  seeds: async () => honestJournals().flatMap(({ cursors }) => cursors.map((each) => utf8(toText(each)))),
  mutate: mutateCursor,
  run,
};

const toText = (each: Parameters<typeof encodeCursor>[0]) => Buffer.from(encodeCursor(each)).toString();

async function run(input: Bytes): Promise<string> {
  const parsed = await attempt(["usage"], () => parseCursor(input));
  const expected = judgeCursor(input);
  if ("refusal" in parsed) {
    holds(expected === null, "a good cursor is refused");
    return "no cursor";
  }
  if (expected === null) throw new Broken("a cursor is taken that is none");
  const { journal, epoch, frames, end, chain } = parsed.value;
  const told = {
    journal: toHex(journal),
    epoch: BigInt(epoch),
    frames: BigInt(frames),
    end: BigInt(end),
    chain: toHex(chain),
  };
  const text = (found: CursorText) => Object.values(found).join();
  holds(text(told) === text(expected), "a cursor is understood in another way");
  holds(equal(encodeCursor(parsed.value), input), "a cursor has two texts");
  const named = honestJournals().find(({ cursors }) => equal(cursors[0]!.journal, journal));
  const other = honestJournals()[hashOf(input) % honestJournals().length]!;
  return readOn(named ?? other, named !== undefined, parsed.value);
}

/** What is released is what was sealed behind the cursor. */
async function readOn(
  { bytes, frames, cursors }: HonestJournal,
  isNamed: boolean,
  from: ReturnType<typeof parseCursor>,
): Promise<string> {
  const read = await reading(journalOf(bytes), { from: FROM, cursor: from });
  const verified = await verifying(journalOf(bytes), FROM, undefined, from);
  const due = frames.filter((frame) => frame.cursor.end > from.end).map(({ batch }) => batch);
  holds(isPrefix(read, due), "what is released is not what was sealed behind the cursor");
  const genuine = cursors.some((each) => equal(encodeCursor(each), encodeCursor(from)));
  if (genuine) holds(!("code" in verified), "a journal does not continue a cursor that was made of it");
  if ("code" in verified) {
    holds(read.refusal !== null, "a journal is read on that does not verify");
    return `${read.batches.length} ${kindOfMessage(verified.message)}`;
  }
  holds(isNamed && from.end <= bytes.length, "a journal continues the cursor of another");
  const isDue = cursors.some(({ end, chain }) => end === from.end && equal(chain, from.chain));
  holds(isDue || verified.frames === 0, "a journal continues a chain value that it does not have");
  return `goes on ${read.batches.length}`;
}
