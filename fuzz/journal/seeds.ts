// Journals that the author and the forger have written, the same in every run.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Bytes, concat, equal } from "../../src/bytes.js";
import { encodeBatch } from "../../src/journal/batch.js";
import type { Cursor } from "../../src/journal/cursor.js";
import { makeEpoch } from "../../src/journal/epoch.js";
import { sealFrame } from "../../src/journal/frame.js";
import { author, bytesOf, forger, hermit, reader, repeatable } from "../actors.js";

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

function written(by: typeof author, plan: Plan, name: string): HonestJournal {
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
    const made = makeEpoch({ suite, signer, recipients, label, chunkExponent: exponent, previous: chain, now });
    const epoch = end;
    const { coreHash, ratchet } = made;
    journal ??= coreHash;
    const add = (part: Bytes, count: number, after: Bytes) => {
      parts.push(part);
      end += part.length;
      chain = after;
      cursors.push({ journal: journal!, epoch, frames: count, end, chain });
    };
    add(made.header, 0, coreHash);
    for (const [i, lengths] of batches.entries()) {
      const batch = encodeBatch(
        now++,
        lengths.map((length, j) => bytesOf(`${name} ${number} ${i} ${j}`, length)),
      );
      const sealed = sealFrame({ suite, signer, coreHash }, ratchet.next(), i, chain, batch);
      add(sealed.frame, i + 1, sealed.chain);
      frames.push({ batch, cursor: cursors.at(-1)! });
    }
  }
  return { bytes: concat(...parts), frames, cursors };
}

let made: readonly HonestJournal[] | undefined;

/** All journals that the author has ever written. */
export function honestJournals(): readonly HonestJournal[] {
  made ??= PLANS.map((plan, i) => written(author, plan, `author ${i}`));
  return made;
}

/** The honest journals, some of the forger's, and the test vectors. */
export async function journalSeeds(withVectors: boolean): Promise<Bytes[]> {
  const forged = PLANS.slice(0, 4).map((plan, i) => written(forger, plan, `forger ${i}`));
  return [...[...honestJournals(), ...forged].map(({ bytes }) => bytes), ...(withVectors ? vectorJournals() : [])];
}

function vectorJournals(): Bytes[] {
  const folder = resolve("fixtures/journals");
  const names = readdirSync(folder).filter((name) => name.endsWith(".journal"));
  return names.map((name) => Uint8Array.from(readFileSync(join(folder, name))));
}

/** The honest journal whose first core this one has; the truth about whatever is released of it in the author's name. */
export function honestById(input: Uint8Array): HonestJournal | undefined {
  return honestJournals().find(({ bytes }) => {
    const length = 85 + bytes[84]! + 32;
    return equal(bytes.subarray(0, length), input.subarray(0, length));
  });
}
