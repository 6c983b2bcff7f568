// What a journal says of itself, nothing of it verified.

import { concat, own } from "../../bytes.js";
import { SIGNATURE_BYTES } from "../../crypto/lengths.js";
import type { Suite } from "../../crypto/suite.js";
import type { Source } from "../../flow/io.js";
import { abortable } from "../../flow/order.js";
import { BASE_START_BYTES, baseLength, beginsBase, type ParsedBase, parseBase } from "../../format/base.js";
import type { Kind } from "../../format/core.js";
import { FRAME_HEAD_BYTES, frameSize, LENGTH_BYTES, lengthFault } from "../../format/frame.js";
import { type Header, headerLength } from "../../format/header.js";
import { parseFrom } from "../../format/parser.js";
import { parseHeader } from "../../header/read.js";
import type { JournalSource } from "../store.js";
import { claimed, tampered } from "./epochs.js";
import { HeaderReading } from "./header.js";
import { NO_LENGTH } from "./scan.js";
import { Window } from "./window.js";

const PIECE = 64 * 1024;

export interface InspectedJournal {
  /** The first that is there; null where there is no whole one behind a base. */
  readonly header: Header | null;
  readonly epochs: number;
  readonly frames: number;
  /** Plaintext bytes of all frames, what frames a record included. */
  readonly bytes: number;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  readonly sealedBytes: number;
}

/** What an input begins with: a base, whose header is looked for with the rest of the journal, or a header. */
export type Begun =
  | { readonly base: ParsedBase; readonly header: null }
  | { readonly base: null; readonly header: Header };

/**
 * Reads what a sealed file or a journal begins with, verifying nothing. Throws `malformed`, `unsupported` or
 * `tampered`.
 */
export async function parseBeginning(
  source: Source,
  suite: Suite,
  signal?: AbortSignal,
  expected: Kind | "any" = "any",
): Promise<Begun> {
  const start = await abortable(source.read(BASE_START_BYTES), signal);
  const ahead = readAhead(start, source);
  if (!beginsBase(start)) return { base: null, header: await parseHeader(ahead, suite, signal, expected) };
  return { base: await parseFrom(parseBase(), (length) => abortable(ahead.read(length), signal)), header: null };
}

/** A source of which `start` was read already. */
function readAhead(start: Uint8Array, source: Source): Pick<Source, "read"> {
  let left: Uint8Array = own(start);
  return {
    read: async (length) => {
      const first = left.subarray(0, length);
      left = left.subarray(first.length);
      return first.length === length ? first : concat(first, await source.read(length - first.length));
    },
  };
}

/**
 * Looks through a journal of which the beginning was read from the source. Throws `tampered` where neither a header nor
 * a frame can stand.
 */
export async function inspectJournal(
  { base, header: begun }: Begun,
  source: Source,
  suite: Suite,
  signal?: AbortSignal,
): Promise<InspectedJournal> {
  const limit = source.size ?? Number.POSITIVE_INFINITY;
  const begins = base ? baseLength(base) : headerLength(begun);
  const window = new Window(readOn(source), begins, limit, { piece: PIECE, ahead: false, signal });
  const header = begun ?? (await keptHeader(window, suite));
  const counted = header ? await countFrom(window, header, source.size, suite) : { ...NOTHING, end: begins };
  const { end, ...counts } = counted;
  const sealedBytes = source.size ?? window.position + window.available;
  return { header, ...counts, tail: sealedBytes - end, sealedBytes };
}

const NOTHING = { epochs: 0, frames: 0, bytes: 0 };

/** The header behind a base, which the window goes on behind; null where none is whole. */
async function keptHeader(window: Window, suite: Suite): Promise<Header | null> {
  const header = (await window.isZeroFrom(0)) ? null : await headerAt(window, suite);
  if (header) window.skip(headerLength(header));
  return header;
}

/** Counts what follows the first header, up to its end, or an incomplete one. */
async function countFrom(window: Window, first: Header, size: number | null, suite: Suite) {
  const counts = { ...NOTHING, epochs: 1 };
  for (;;) {
    const end = window.position;
    const next = await window.first();
    if (next !== null && next >= NO_LENGTH) {
      const header = await headerAt(window, suite);
      if (!header) return { ...counts, end };
      counts.epochs += 1;
      window.skip(headerLength(header));
    } else {
      const length = await frameAt(window, first, size);
      if (length === null || (await isUnsigned(window, length))) return { ...counts, end };
      counts.frames += 1;
      counts.bytes += length - frameSize(0);
    }
  }
}

/** Whether a loss of power has left zeros in place of the signature of a frame, and of all behind it. Goes on there. */
async function isUnsigned(window: Window, length: number): Promise<boolean> {
  window.skip(length - SIGNATURE_BYTES);
  if (await window.isZeroFrom(0)) return true;
  window.skip(SIGNATURE_BYTES);
  return false;
}

/** A source that is read on, as a journal. */
function readOn(source: Source): JournalSource {
  return {
    name: source.name,
    size: async () => source.size ?? Number.POSITIVE_INFINITY,
    readAt: async (position, length) => {
      await source.skipTo(position);
      return source.read(length);
    },
    close: async () => {},
  };
}

/** The header that stands there; null where the input ends in it. */
async function headerAt(window: Window, suite: Suite): Promise<Header | null> {
  const reading = new HeaderReading(window);
  return claimed(window.position, async () => {
    const core = await reading.core();
    return core && (await reading.rest(suite, core));
  });
}

/** The length of the frame that stands there; null where the input ends in it, or before it. */
async function frameAt(window: Window, { core }: Header, size: number | null): Promise<number | null> {
  const there = await window.need(FRAME_HEAD_BYTES);
  if (there < LENGTH_BYTES || (await window.isZeroFrom(0))) return null;
  const length = window.u32At(0);
  const position = window.position;
  const fault = lengthFault(length, 2 ** core.chunkExponent, 0);
  if (fault) throw tampered(`the frame at byte ${position} ${fault}`, position);
  if (there < FRAME_HEAD_BYTES) return null;
  const whole = frameSize(length);
  const isWhole = size === null ? (await window.need(whole)) === whole : position + whole <= size;
  return isWhole ? whole : null;
}
