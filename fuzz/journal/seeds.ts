// Journals that the author and the forger have written, the same in every run.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Bytes, concat, equal } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { baseMessage, encodeBase } from "../../src/format/base.js";
import { type Entry, encodeBatch } from "../../src/format/batch.js";
import { KIND_JOURNAL, parseCore } from "../../src/format/core.js";
import type { Cursor } from "../../src/format/cursor.js";
import { sealFrame } from "../../src/format/frame.js";
import { encodeHeads } from "../../src/format/heads.js";
import { parseBytes } from "../../src/format/parser.js";
import { makeEpoch } from "../../src/journal/writing/epoch.js";
import { author, bytesOf, forger, hermit, reader, repeatable } from "../actors.js";
import { BASE, FIXED, isBase, LABEL_LENGTH, SIGNER, signerOf } from "../layout.js";

const NOW = 1_700_000_000_000;
const ZERO = new Uint8Array(32);

interface SealedFrame {
  readonly batch: Bytes;
  /** Behind it. */
  readonly cursor: Cursor;
}

/** A journal that somebody wrote, and what is in it. */
export interface HonestJournal {
  readonly bytes: Bytes;
  readonly frames: readonly SealedFrame[];
  /** Behind each header and frame. */
  readonly cursors: readonly Cursor[];
}

interface Plan {
  readonly label?: string;
  readonly exponent?: number;
  /** For each epoch the lengths of the records of each frame. */
  readonly epochs: readonly (readonly (readonly number[])[])[];
  /** Of which only the hermit is a recipient. */
  readonly withoutReader?: number;
}

const PLANS: readonly Plan[] = [
  { epochs: [[]] },
  { epochs: [[[5]]] },
  { epochs: [[[0], [3, 1], [2, 0, 9]], [], [[7, 7], [1]]] },
  { epochs: [[[4], [4]], [[4], [4]], [[4]]] },
  { epochs: [[[1], [1], [1], [1], [1], [1]]] },
  { label: "release 1", exponent: 13, epochs: [[[4084], [4085]], [[6]]] },
  { label: "é", epochs: [[[10]], [[11]], [[12]]], withoutReader: 1 },
];

async function written(by: typeof author, plan: Plan, name: string): Promise<HonestJournal> {
  const { label = "", exponent = 12, epochs, withoutReader } = plan;
  const suite = repeatable(`journal ${name}`);
  const signer = by.identity.signingKey;
  const parts: Bytes[] = [];
  const frames: SealedFrame[] = [];
  const cursors: Cursor[] = [];
  let [chain, end, now] = [ZERO as Bytes, 0, NOW];
  let journal: Bytes | null = null;
  for (const [number, batches] of epochs.entries()) {
    const to = number === withoutReader ? [hermit] : [reader, hermit];
    const recipients = to.map(({ identity }) => identity.publicKey);
    const made = await makeEpoch({ suite, signer, recipients, label, chunkExponent: exponent, previous: chain, now });
    const epoch = end;
    const { coreHash, chain: begun, ratchet, recordKey } = made;
    journal ??= coreHash;
    const add = (part: Bytes, count: number, after: Bytes) => {
      parts.push(part);
      end += part.length;
      chain = after;
      cursors.push({ journal: journal!, epoch, header: begun, frames: count, end, chain });
    };
    add(made.header, 0, begun);
    for (const [i, lengths] of batches.entries()) {
      const batch = encodeBatch(
        now++,
        lengths.map((length, j) => entryOf(`${name} ${number} ${i} ${j}`, length)),
      );
      const sealed = sealFrame({ suite, recordKey, coreHash }, ratchet.next(), i, chain, batch);
      add(sealed.frame, i + 1, sealed.chain);
      frames.push({ batch, cursor: cursors.at(-1)! });
    }
  }
  return { bytes: concat(...parts), frames, cursors };
}

/** Records, some with heads. */
function entryOf(name: string, length: number): Entry {
  const record = bytesOf(name, length);
  return length % 4 === 1 ? { record, heads: encodeHeads({ type: "text/plain", id: name })! } : record;
}

const HONEST = await Promise.all(PLANS.map((plan, i) => written(author, plan, `author ${i}`)));

/** All journals that the author has ever written. */
export function honestJournals(): readonly HonestJournal[] {
  return HONEST;
}

/** The honest journals, some of the forger's, and the test vectors. */
export async function journalSeeds(withVectors: boolean): Promise<Bytes[]> {
  const forged = await Promise.all(PLANS.slice(0, 4).map((plan, i) => written(forger, plan, `forger ${i}`)));
  const whole = [...honestJournals(), ...forged].map(({ bytes }) => bytes);
  return [...whole, ...(await shortenedJournals(forged)), ...(withVectors ? vectorJournals() : [])];
}

/** What is left where the first epochs, or all of them, are removed from each. */
async function shortenedJournals(forged: readonly HonestJournal[]): Promise<Bytes[]> {
  const shortened = (by: typeof author) => (journal: HonestJournal) =>
    journal.cursors.flatMap((cursor, i) => {
      const next = journal.cursors[i + 1];
      return !next || next.frames === 0 ? [shortenedAt(by, journal, cursor)] : [];
    });
  return [...HONEST.flatMap(shortened(author)), ...forged.flatMap(shortened(forger))];
}

/** A base in place of what stands before a cursor, at an epoch's end. */
function shortenedAt(by: typeof author, { bytes }: HonestJournal, { journal, end, chain }: Cursor): Bytes {
  const { signingKey } = by.identity;
  const { core } = parseBytes(parseCore(KIND_JOURNAL), bytes).value;
  const { publicKey: signer } = signingKey;
  const base = { signer, journal, previous: chain, offset: end, removedAt: NOW / 1000, label: core.label };
  const signed = encodeBase(base);
  return concat(signed, signingKey.sign(baseMessage(native, signed)), bytes.subarray(end));
}

function vectorJournals(): Bytes[] {
  const folder = resolve("fixtures/journals");
  const names = readdirSync(folder).filter((name) => name.endsWith(".journal"));
  return names.map((name) => Uint8Array.from(readFileSync(join(folder, name))));
}

/**
 * The honest journal whose first core this one has, or which its base names; the truth about whatever is released of it
 * in the author's name.
 */
export function honestById(input: Uint8Array): HonestJournal | undefined {
  const id = input.subarray(...BASE.journal);
  if (isBase(input))
    return honestJournals().find(
      ({ bytes, cursors }) => equal(cursors[0]!.journal, id) && equal(signerOf(input), bytes.subarray(...SIGNER)),
    );
  return honestJournals().find(({ bytes }) => {
    const length = FIXED + bytes[LABEL_LENGTH]! + 32;
    return equal(bytes.subarray(0, length), input.subarray(0, length));
  });
}
