// The headers of a journal's epochs, as a reader meets them (docs/FORMAT.md, "Reading a journal").

import { type Bytes, equal, isZero } from "../../bytes.js";
import { erase } from "../../crypto/secret.js";
import type { Suite, VerifyingKey } from "../../crypto/suite.js";
import { prefixed, restated, SealError } from "../../errors.js";
import type { Core } from "../../format/core.js";
import { epochChain, type Header, headerLength } from "../../format/header.js";
import { acceptSigner, checkDemands, type Policy } from "../../header/policy.js";
import { type CoreAndBytes, checkHeaderSignature } from "../../header/read.js";
import { type Unlocking, unlockFileKey } from "../../header/unlock.js";
import { Ratchet } from "../ratchet.js";
import { HeaderReading } from "./header.js";
import type { Kept } from "./logical.js";
import type { Window } from "./window.js";

export interface HeaderSettings {
  readonly suite: Suite;
  readonly policy: Policy;
  /** null only verifies. */
  readonly unlocking: Unlocking | null;
  /** Whether an epoch that no key opens is verified, and left out. */
  readonly skipUnreadable?: boolean | undefined;
}

/** What a journal begins with, and all its epochs have. */
export interface Beginning {
  /** The journal id. */
  readonly id: Bytes;
  readonly core: Core;
  readonly signer: VerifyingKey;
}

export interface Epoch {
  /** Where its header begins, and where it ends. */
  readonly offset: number;
  readonly end: number;
  readonly header: Header;
  /** The chain value after its header. */
  readonly chain: Bytes;
  /** At the key of frame 0, to be erased; null where the epoch is only verified. */
  readonly ratchet: Ratchet | null;
}

/** The first header, checked as *Opening* says; null where the input ends in it. */
export async function readBeginning(
  window: Window,
  settings: HeaderSettings,
): Promise<{ beginning: Beginning; epoch: Epoch } | null> {
  const { suite, policy } = settings;
  const reading = new HeaderReading(window);
  const begun = await reading.core();
  if (!begun) return null;
  if (!isZero(begun.core.previous!)) {
    throw new SealError("tampered", "the first epoch names one before it", {
      hint: "The journal's beginning is missing, and no base of the writer's says why.",
      offset: 0,
    });
  }
  const beginning = await acceptBeginning(begun, settings);
  const header = await reading.rest(suite, begun);
  if (!header) return null;
  checkHeaderSignature(suite, header, beginning.signer);
  checkDemands(begun.core, policy);
  return { beginning, epoch: await openEpoch(0, header, settings) };
}

/**
 * The first header behind a base, of which everything is claimed to be the writer's; null where the input ends in it.
 */
export async function readKept(
  window: Window,
  base: Kept,
  settings: HeaderSettings,
): Promise<{ beginning: Beginning; epoch: Epoch } | null> {
  // As behind a frame: zeros are what a loss of power leaves.
  if (await window.isZeroFrom(0)) return null;
  const reading = new HeaderReading(window);
  const begun = await readKeptCore(reading, base);
  if (!begun) return null;
  const beginning = { id: base.journal, core: begun.core, signer: base.key };
  const header = await readRest(reading, begun, beginning, base.offset, settings);
  if (!header) return null;
  demandOf(base.offset, begun.core, settings);
  return { beginning, epoch: await openEpoch(base.offset, header, settings) };
}

/** *Opening*, 5, of a later epoch. Throws `untrusted`. */
export function demandOf(offset: number, core: Core, { policy }: HeaderSettings): void {
  try {
    checkDemands(core, policy);
  } catch (error) {
    throw error instanceof SealError ? prefixed(`the epoch at byte ${offset}`, error, { offset }) : error;
  }
}

/** The core behind a base; null where the input ends in it. Throws `tampered`. */
export async function readKeptCore(reading: HeaderReading, base: Kept): Promise<CoreAndBytes | null> {
  const { offset, signer, label, previous, chunkExponent } = base;
  const found = await claimed(offset, () => reading.core());
  if (!found) return null;
  const { core } = found;
  if (!equal(core.signer!, signer)) throw notOfThisJournal(offset, "another signer");
  if (core.label !== label) throw notOfThisJournal(offset, "another label");
  if (core.chunkExponent !== (chunkExponent ?? core.chunkExponent))
    throw notOfThisJournal(offset, "another chunk size");
  if (equal(core.previous!, previous)) return found;
  throw tampered(`the epoch at byte ${offset} does not follow what was removed before it`, offset);
}

/** *Opening*, 2. Throws `untrusted`. */
export async function acceptBeginning(
  { core, bytes }: CoreAndBytes,
  { suite, policy }: HeaderSettings,
): Promise<Beginning> {
  const signer = await acceptSigner(suite, core, { ...policy, allowUnsigned: false });
  return { id: suite.sha256(bytes), core, signer: signer! };
}

/** The core of a later epoch; null where the input ends in it. Throws `tampered`. */
export async function readCore(
  reading: HeaderReading,
  { core: first }: Pick<Beginning, "core">,
  offset: number,
): Promise<CoreAndBytes | null> {
  const found = await claimed(offset, () => reading.core());
  if (!found) return null;
  const { core } = found;
  if (!equal(core.signer!, first.signer!)) throw notOfThisJournal(offset, "another signer");
  if (core.label !== first.label) throw notOfThisJournal(offset, "another label");
  if (core.chunkExponent !== first.chunkExponent) throw notOfThisJournal(offset, "another chunk size");
  return found;
}

/** The header of a later epoch, with its signature checked; null where the input ends in it. Throws `tampered`. */
export async function readRest(
  reading: HeaderReading,
  core: CoreAndBytes,
  { signer }: Beginning,
  offset: number,
  { suite }: HeaderSettings,
): Promise<Header | null> {
  const header = await claimed(offset, () => reading.rest(suite, core));
  if (!header) return null;
  checkHeaderSignature(suite, header, signer, offset);
  return header;
}

/** *Opening*, 6. Throws `no-key`, `untrusted`, `tampered`. */
export async function openEpoch(
  offset: number,
  header: Header,
  { suite, unlocking, skipUnreadable = false }: HeaderSettings,
): Promise<Epoch> {
  const chain = epochChain(suite, header.coreBytes, header.stanzaBytes);
  const epoch = { offset, end: offset + headerLength(header), header, chain };
  if (!unlocking) return { ...epoch, ratchet: null };
  const fileKey = await unlockFileKey(header, unlocking).catch((error) => {
    if (skipUnreadable && error instanceof SealError && error.reason === "other-recipients") return null;
    if (!(error instanceof SealError) || offset === 0) throw error;
    if (error.code === "tampered") throw prefixed(`the epoch at byte ${offset}`, error, { offset, hint: ALTERED });
    if (error.code === "untrusted") throw prefixed(`the epoch at byte ${offset}`, error, { offset });
    if (error.code !== "no-key") throw error;
    const message = `none of the keys given opens the epoch at byte ${offset}`;
    throw restated(error, { message, offset });
  });
  if (!fileKey) return { ...epoch, ratchet: null };
  try {
    return { ...epoch, ratchet: new Ratchet(suite, fileKey, header.coreHash) };
  } finally {
    erase(fileKey);
  }
}

/** What stands in a journal behind its first header is claimed to be the writer's, fields out of bounds too. */
export async function claimed<T>(offset: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    if (error.code === "unsupported") throw prefixed(`the epoch at byte ${offset}`, error, { offset });
    if (error.code !== "malformed") throw error;
    throw tampered(`the epoch at byte ${offset} is not what the writer sealed: ${error.message}`, offset);
  }
}

function notOfThisJournal(offset: number, what: string): SealError {
  return tampered(`the epoch at byte ${offset} has ${what} than the journal`, offset);
}

const ALTERED = "The journal was altered or damaged: fetch it again, or ask who keeps it.";

/** The error for what is not the writer's, at `offset`; `frame` is its index in its epoch, where it is one. */
export function tampered(message: string, offset: number, frame?: number): SealError {
  return new SealError("tampered", message, {
    hint: ALTERED,
    offset,
    frame,
  });
}
