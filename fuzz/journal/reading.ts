// What comes out of a journal, and how it ends.

import { type Bytes, equal, zerosAtEnd } from "../../src/bytes.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline, inlineSession } from "../../src/engine/inline.js";
import { type Cursor, encodeCursor } from "../../src/format/cursor.js";
import type { Policy } from "../../src/header/policy.js";
import { type ReadJournalOptions, readJournal } from "../../src/journal/reading/reader.js";
import { type VerifiedJournal, verifyJournal } from "../../src/journal/reading/verify.js";
import type { JournalSource } from "../../src/journal/store.js";
import { identityFiles, reader, SUITES } from "../actors.js";
import { baseLength } from "../layout.js";
import type { Random } from "../random.js";
import { attempt, holds, type Refusal } from "../target.js";

export const CODES = ["malformed", "unsupported", "tampered", "untrusted", "no-key"];
const POLICY = { allowUnsigned: false, now: 1_800_000_000_000 };

/** How reading ended, and what it had released by then. */
export interface Ending {
  readonly refusal: Refusal | null;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  readonly batches: readonly Bytes[];
  /** Behind each batch. */
  readonly cursors: readonly Cursor[];
  /** Behind all that was checked. */
  readonly cursor: Cursor | null;
}

/** Works on several tasks at a time. */
const wide: Engine = { session: (keys) => ({ ...inlineSession(keys), width: 4 }) };
export const ENGINES = { inline, wide } as const;

export function optionsOf(suite: Suite, more: Partial<ReadJournalOptions>): ReadJournalOptions {
  const identities = identityFiles(reader, suite);
  return { suite, engine: inline, signatures: "each", identities, from: null, policy: POLICY, cursor: null, ...more };
}

export async function reading(
  source: JournalSource,
  options: Partial<ReadJournalOptions>,
  suite: Suite = SUITES.native,
  codes: readonly string[] = CODES,
): Promise<Ending> {
  const batches: Bytes[] = [];
  const cursors: Cursor[] = [];
  let [tail, cursor] = [0, null as Cursor | null];
  const ended = await attempt(codes, async () => {
    try {
      for await (const step of readJournal(source, optionsOf(suite, options))) {
        if (step.is === "end") tail = step.tail;
        else cursor = step.cursor;
        if (step.is !== "frames") continue;
        batches.push(...step.frames.map(({ batch }) => batch.slice()));
        cursors.push(...step.frames.map((frame) => frame.cursor));
      }
    } catch (error) {
      if (!options.signal?.aborted || error !== options.signal.reason) throw error;
    }
  });
  return { refusal: "refusal" in ended ? ended.refusal : null, tail, batches, cursors, cursor };
}

export async function verifying(
  source: JournalSource,
  from: Policy["from"],
  suite: Suite = SUITES.native,
  cursor: Cursor | null = null,
): Promise<VerifiedJournal | Refusal> {
  const ended = await attempt(CODES, () =>
    verifyJournal(source, { suite, engine: inline, policy: { ...POLICY, from }, cursor }),
  );
  return "value" in ended ? ended.value : ended.refusal;
}

/** A journal in memory. */
export function journalOf(bytes: Uint8Array): JournalSource {
  return {
    name: "the journal",
    size: async () => bytes.length,
    readAt: async (position, length) => bytes.slice(position, position + length),
    close: async () => {},
  };
}

/** The same journal while it is being written, and nothing more of it to come once `done` is called. */
export function growing(bytes: Uint8Array, random: Random, done: () => void): JournalSource {
  // A base is put in its place whole.
  let size = Math.min(baseLength(bytes), bytes.length);
  let times = 0;
  // Zeros at an end are what a loss of power leaves, all of them at once: fewer may be no incomplete end.
  const written = bytes.length - zerosAtEnd(bytes);
  return {
    ...journalOf(bytes),
    size: async () => size,
    readAt: async (position, length) => bytes.slice(position, Math.min(size, position + length)),
    changed: async () => {
      if (size === bytes.length) done();
      const next = times++ < 16 ? size + random.below(random.pick([4, 128, 1024])) : bytes.length;
      size = next > written ? bytes.length : next;
    },
  };
}

export function sameCursor(one: Cursor | null, other: Cursor | null): boolean {
  return one && other ? equal(encodeCursor(one, "reading"), encodeCursor(other, "reading")) : one === other;
}

export function same(one: Ending, other: Ending, where: string): void {
  const told = ({ refusal, tail }: Ending) =>
    refusal ? `${refusal.code} ${refusal.frame} ${refusal.offset}` : `${tail} bytes of an incomplete end`;
  holds(told(one) === told(other), `${where}: ${told(other)} instead of ${told(one)}`);
  holds(one.batches.length === other.batches.length && isPrefix(one, other.batches), `${where}: other records`);
  holds(one.refusal !== null || sameCursor(one.cursor, other.cursor), `${where}: another cursor`);
}

/** Whether what was released is what these frames hold, as far as it goes. */
export function isPrefix({ batches }: Ending, due: readonly Uint8Array[]): boolean {
  return batches.every((batch, i) => i < due.length && equal(batch, due[i]!));
}
