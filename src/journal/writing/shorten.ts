// Removing whole epochs at a journal's front (docs/FORMAT.md, "A base").

import { type Bytes, concat, equal } from "../../bytes.js";
import type { HeaderSigner, Suite } from "../../crypto/suite.js";
import { inline } from "../../engine/inline.js";
import { SealError } from "../../errors.js";
import { type Base, baseMessage, encodeBase } from "../../format/base.js";
import type { Cursor } from "../../format/cursor.js";
import { discontinued } from "../reading/continue.js";
import { placeOf } from "../reading/place.js";
import { type Walked, walk } from "../reading/walk.js";
import type { JournalStore } from "../store.js";
import { LogicalStore, refuseOther } from "./logical.js";
import { Owner } from "./owner.js";
import { notOwn } from "./recover.js";

/** Up to where: what a reader with that cursor has; or what was sealed before then, in Unix seconds. */
export type Limit = { readonly cursor: Cursor } | { readonly before: number };

const ONLY_OWN = "Only the key that signs a journal can shorten it.";

export interface ShortenOptions {
  readonly suite: Suite;
  readonly signer: HeaderSigner;
  readonly limit: Limit;
  /** Unix milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Shortened {
  /** Where the journal begins now, as if nothing had been removed. */
  readonly offset: number;
  /** Epochs, frames and bytes that were removed. */
  readonly epochs: number;
  readonly frames: number;
  readonly bytes: number;
}

/**
 * Verifies a journal, and removes the epochs that lie wholly before the limit. The store is this call's, and is closed.
 * Throws `tampered`, `untrusted`, `malformed`, as a verifier does, where nothing is removed; `io`, `fenced`.
 */
export async function shorten(store: JournalStore, options: ShortenOptions): Promise<Shortened> {
  try {
    const { suite, signer } = options;
    const logical = new LogicalStore(store);
    await refuseOther(store);
    const owner = await Owner.become(logical, suite.sha256Stream);
    const journal = await survey(store, options).catch((error) => {
      throw notOwn(error, signer.publicKey, ONLY_OWN);
    });
    const cut = cutOf(journal, options.limit);
    if (!cut) return { offset: journal.start, epochs: 0, frames: 0, bytes: 0 };
    const { offset, previous } = cut;
    const removedAt = Math.floor(options.now / 1000);
    const base = { signer: signer.publicKey, journal: journal.id, label: journal.label, previous, offset, removedAt };
    await owner.shorten(logical.base, await signedBase(suite, signer, base), offset);
    return { offset, epochs: cut.epochs, frames: cut.frames, bytes: offset - journal.start };
  } finally {
    await store.close();
  }
}

export interface ShortenToOptions extends Pick<ShortenOptions, "suite" | "signer" | "now" | "signal"> {
  /** In the first epoch that stays. */
  readonly cursor: Cursor;
}

/**
 * Removes what stands before the epoch in which a cursor is, if the journal has that place: no other epoch is looked
 * at. The store is this call's, and is closed; how many bytes were removed. Throws as `shorten`.
 */
export async function shortenTo(store: JournalStore, options: ShortenToOptions): Promise<number> {
  try {
    const { suite, signer, cursor, now } = options;
    const logical = new LogicalStore(store);
    await refuseOther(store);
    const owner = await Owner.become(logical, suite.sha256Stream);
    const policy = { from: [signer.publicKey], allowUnsigned: false };
    const place = await placeOf(store, { ...options, policy }).catch((error) => {
      throw notOwn(error, signer.publicKey, ONLY_OWN);
    });
    const removed = place ? cursor.epoch - place.start : 0;
    if (!place || removed <= 0) return 0;
    const { label, previous } = place.core;
    const cut = { journal: cursor.journal, label, previous: previous!, offset: cursor.epoch };
    const base = { ...cut, signer: signer.publicKey, removedAt: Math.floor(now / 1000) };
    await owner.shorten(logical.base, await signedBase(suite, signer, base), cut.offset);
    return removed;
  } finally {
    await store.close();
  }
}

async function signedBase(suite: Suite, signer: HeaderSigner, base: Base): Promise<Bytes> {
  const bytes = encodeBase(base);
  return concat(bytes, await signer.sign(baseMessage(suite, bytes)));
}

/** Where an epoch ends: what a journal that begins there has before it. */
interface Boundary {
  readonly offset: number;
  readonly previous: Bytes;
  /** Epochs and frames before it. */
  readonly epochs: number;
  readonly frames: number;
  /** When the epoch behind it was begun, in Unix seconds; null where there is none. */
  readonly next: number | null;
}

interface Survey {
  readonly id: Bytes;
  readonly label: string;
  readonly start: number;
  readonly boundaries: readonly Boundary[];
}

/** Looks through all of a journal, as a verifier. */
async function survey(store: JournalStore, { suite, signer, limit, signal }: ShortenOptions): Promise<Survey> {
  const policy = { from: [signer.publicKey], allowUnsigned: false };
  const boundaries: Boundary[] = [];
  let [at, start, label] = [null as Cursor | null, 0, ""];
  let [epochs, frames] = [0, 0];
  let isMet = !("cursor" in limit);
  const meet = (step: Extract<Walked, { cursor: Cursor } | { is: "frames" }>, cursor: Cursor) => {
    at = cursor;
    if ("cursor" in limit) isMet ||= isSame(cursor, limit.cursor);
    return step;
  };
  for await (const step of walk(store, {
    suite,
    engine: inline,
    signatures: "each",
    policy,
    unlocking: null,
    cursor: null,
    signal,
  })) {
    if (step.is === "end") continue;
    if (step.is === "base") {
      [start, label] = [step.base.offset, step.base.label];
      meet(step, step.cursor);
    } else if (step.is === "epoch") {
      label = step.core.label;
      if (at) boundaries.push({ ...behind(at), epochs, frames, next: step.core.sealedAt });
      epochs += 1;
      meet(step, step.cursor);
    } else {
      for (let i = 0; i < step.ends.length; i++) meet(step, step.cursorAfter(i));
      frames += step.ends.length;
    }
  }
  if (!at) throw new SealError("usage", `${store.name} has no epoch`);
  if (!isMet) throw discontinued("it is not in it", (limit as { cursor: Cursor }).cursor.end);
  boundaries.push({ ...behind(at), epochs, frames, next: null });
  return { id: at.journal, label, start, boundaries };
}

const behind = ({ end, chain }: Cursor) => ({ offset: end, previous: chain });

function isSame(one: Cursor, other: Cursor): boolean {
  return one.end === other.end && equal(one.journal, other.journal) && equal(one.chain, other.chain);
}

/**
 * The last boundary up to which the limit allows each, as a clock may have been set back; null where no epoch lies
 * before one.
 */
function cutOf({ start, boundaries }: Survey, limit: Limit): Boundary | null {
  const isBefore = ({ offset, next }: Boundary) =>
    "cursor" in limit ? offset <= limit.cursor.end : next !== null && next <= limit.before;
  const beyond = boundaries.findIndex((each) => !isBefore(each));
  const last = boundaries[(beyond < 0 ? boundaries.length : beyond) - 1];
  return last && last.offset > start ? last : null;
}
