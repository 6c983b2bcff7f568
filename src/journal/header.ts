// The headers of a journal's epochs, as a reader meets them (docs/FORMAT.md, "Reading a journal").

import { type Bytes, equal, isZero } from "../bytes.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { type Core, KIND_JOURNAL, parseCore } from "../format/core.js";
import { type Header, headerLength } from "../format/header.js";
import { MAGIC } from "../format/magic.js";
import { type Parser, parseFrom } from "../format/parser.js";
import { type Unlocking, unlockFileKey } from "../ops/filekey.js";
import { acceptSigner, checkDemands, checkHeaderSignature, type Policy, parseRest } from "../ops/header.js";
import { Ratchet } from "./ratchet.js";
import type { Window } from "./window.js";

export interface HeaderSettings {
  readonly suite: Suite;
  readonly policy: Policy;
  /** null only verifies. */
  readonly unlocking: Unlocking | null;
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
  /** At the key of frame 0, to be erased; null where it is only verified. */
  readonly ratchet: Ratchet | null;
}

type CoreAndBytes = { readonly core: Core; readonly bytes: Bytes };

/** A header that stands at a window's position, part by part; the window stays where it is. */
export class HeaderReading {
  readonly #window: Window;
  #length = 0;
  #isShort = false;

  constructor(window: Window) {
    this.#window = window;
  }

  /** What the parser makes of the next bytes; null where they end too early, and could go on as a header does. Throws as the parser. */
  async parse<T>(parser: Parser<T>): Promise<T | null> {
    try {
      return await parseFrom(parser, (length) => this.#read(length));
    } catch (error) {
      if (this.#isShort && (await this.#beginsWell())) return null;
      throw error;
    }
  }

  async #read(length: number): Promise<Uint8Array> {
    const bytes = (await this.#window.peek(this.#length + length)).subarray(this.#length);
    this.#length += bytes.length;
    this.#isShort = bytes.length < length;
    return bytes;
  }

  async #beginsWell(): Promise<boolean> {
    const start = await this.#window.peek(MAGIC.length);
    return equal(start, MAGIC.subarray(0, start.length));
  }
}

/** The first header, checked as *Opening* says; null where the input ends in it. */
export async function readBeginning(
  window: Window,
  settings: HeaderSettings,
): Promise<{ beginning: Beginning; epoch: Epoch } | null> {
  const { suite, policy } = settings;
  const reading = new HeaderReading(window);
  const begun = await reading.parse(parseCore(KIND_JOURNAL));
  if (!begun) return null;
  if (!isZero(begun.core.previous!)) {
    throw new SealError("malformed", "the first epoch names one before it", {
      hint: "The journal's beginning is missing.",
    });
  }
  const beginning = await acceptBeginning(begun, settings);
  const header = await reading.parse(parseRest(suite, begun.core, begun.bytes));
  if (!header) return null;
  checkHeaderSignature(suite, header, beginning.signer);
  checkDemands(begun.core, policy);
  return { beginning, epoch: await openEpoch(0, header, settings) };
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
  { core: first }: Beginning,
  offset: number,
): Promise<CoreAndBytes | null> {
  const found = await claimed(offset, () => reading.parse(parseCore(KIND_JOURNAL)));
  if (!found) return null;
  const { core } = found;
  if (!equal(core.signer!, first.signer!)) throw notOfThisJournal(offset, "another signer");
  if (core.label !== first.label) throw notOfThisJournal(offset, "another label");
  if (core.chunkExponent !== first.chunkExponent) throw notOfThisJournal(offset, "another chunk size");
  return found;
}

/** The rest of a later epoch's header; null where the input ends in it. Throws `tampered`, `no-key`. */
export async function readRest(
  reading: HeaderReading,
  { core, bytes }: CoreAndBytes,
  { signer }: Beginning,
  offset: number,
  settings: HeaderSettings,
): Promise<Epoch | null> {
  const { suite } = settings;
  const header = await claimed(offset, () => reading.parse(parseRest(suite, core, bytes)));
  if (!header) return null;
  checkHeaderSignature(suite, header, signer, offset);
  return openEpoch(offset, header, settings);
}

async function openEpoch(offset: number, header: Header, { suite, unlocking }: HeaderSettings): Promise<Epoch> {
  const epoch = { offset, end: offset + headerLength(header), header };
  if (!unlocking) return { ...epoch, ratchet: null };
  const fileKey = await unlockFileKey(header, unlocking).catch((error) => {
    if (!(error instanceof SealError) || offset === 0) throw error;
    if (error.code === "tampered") throw tampered(`the epoch at byte ${offset}: ${error.message}`, offset);
    if (error.code !== "no-key") throw error;
    const message = `none of the keys given opens the epoch at byte ${offset}`;
    throw new SealError("no-key", message, { hint: error.hint, offset });
  });
  try {
    return { ...epoch, ratchet: new Ratchet(suite, fileKey, header.coreHash) };
  } finally {
    fileKey.fill(0);
  }
}

/** What stands in a journal behind its first header is claimed to be the writer's, fields out of bounds too. */
export async function claimed<T>(offset: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== "malformed") throw error;
    throw tampered(`the epoch at byte ${offset} is not what the writer sealed: ${error.message}`, offset);
  }
}

function notOfThisJournal(offset: number, what: string): SealError {
  return tampered(`the epoch at byte ${offset} has ${what} than the journal's first`, offset);
}

/** The error for what is not the writer's, at `offset`; `frame` is its index in its epoch, where it is one. */
export function tampered(message: string, offset: number, frame?: number): SealError {
  return new SealError("tampered", message, {
    hint: "The journal was altered or damaged: fetch it again, or ask who keeps it.",
    offset,
    chunk: frame,
  });
}
