// The text of a cursor, and reading on from there in the journal that it names.

import { type Bytes, equal, toHex } from "../../src/bytes.js";
import { encodeCursor, type Purpose, parseCursor } from "../../src/format/cursor.js";
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
  seeds: async () =>
    honestJournals().flatMap(({ cursors }) => cursors.map((each, i) => encodeCursor(each, PURPOSES[i % 3]!))),
  mutate: mutateCursor,
  run,
};

const PURPOSES: readonly Purpose[] = ["reading", "verifying", "writing"];

async function run(input: Bytes): Promise<string> {
  const expected = judgeCursor(input);
  const purpose = PURPOSES.find((each) => each === expected?.purpose) ?? "reading";
  for (const other of PURPOSES.filter((each) => each !== purpose)) {
    const parsed = await attempt(["usage"], () => parseCursor(input, other));
    holds("refusal" in parsed, `a cursor for ${purpose} is taken for ${other}`);
  }
  const parsed = await attempt(["usage"], () => parseCursor(input, purpose));
  if ("refusal" in parsed) {
    holds(expected === null, "a good cursor is refused");
    return "no cursor";
  }
  if (expected === null) throw new Broken("a cursor is taken that is none");
  const { journal, epoch, header, frames, end, chain } = parsed.value;
  const told = {
    purpose,
    journal: toHex(journal),
    epoch: BigInt(epoch),
    header: toHex(header),
    frames: BigInt(frames),
    end: BigInt(end),
    chain: toHex(chain),
  };
  const text = (found: CursorText) => Object.values(found).join();
  holds(text(told) === text(expected), "a cursor is understood in another way");
  holds(equal(encodeCursor(parsed.value, purpose), input), "a cursor has two texts");
  const named = honestJournals().find(({ cursors }) => equal(cursors[0]!.journal, journal));
  // The one that has its header: there, nothing else is wrong.
  const pinned = honestJournals().find(({ cursors }) => cursors.some((each) => equal(each.header, header)));
  const other = pinned ?? honestJournals()[hashOf(input) % honestJournals().length]!;
  const elsewhere = other === named ? "" : await readOn(other, false, parsed.value);
  return named ? `${await readOn(named, true, parsed.value)} ${elsewhere}` : elsewhere;
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
  const genuine = cursors.some((each) => equal(encodeCursor(each, "reading"), encodeCursor(from, "reading")));
  if (genuine) holds(!("code" in verified), "a journal does not continue a cursor that was made of it");
  if ("code" in verified) {
    holds(read.refusal !== null, "a journal is read on that does not verify");
    return `${read.batches.length} ${kindOfMessage(verified.message)}`;
  }
  holds(isNamed && from.end <= bytes.length, "a journal continues the cursor of another");
  const isPinned = cursors.some(({ epoch, header }) => epoch === from.epoch && equal(header, from.header));
  holds(isPinned, "a journal continues a header that it does not have");
  const isDue = cursors.some(({ end, chain }) => end === from.end && equal(chain, from.chain));
  holds(isDue || verified.frames === 0, "a journal continues a chain value that it does not have");
  return `goes on ${read.batches.length}`;
}
