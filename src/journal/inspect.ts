// What a journal says of itself, nothing of it verified.

import type { Suite } from "../crypto/suite.js";
import { KIND_JOURNAL, parseCore } from "../format/core.js";
import { type Header, headerLength } from "../format/header.js";
import { parseRest } from "../ops/header.js";
import type { Source } from "../ops/io.js";
import { FRAME_HEAD_BYTES, frameSize } from "./frame.js";
import { claimed, HeaderReading, tampered } from "./header.js";
import { NO_LENGTH } from "./scan.js";
import type { JournalSource } from "./store.js";
import { Window } from "./window.js";

const PIECE = 64 * 1024;

export interface InspectedJournal {
  readonly epochs: number;
  readonly frames: number;
  /** Plaintext bytes of all frames, what frames a record included. */
  readonly bytes: number;
  /** Bytes of an incomplete end. */
  readonly tail: number;
  readonly sealedBytes: number;
}

/** Looks through a journal of which the first header was read from the source. Throws `tampered` where neither a header nor a frame can stand. */
export async function inspectJournal(
  first: Header,
  source: Source,
  suite: Suite,
  signal?: AbortSignal,
): Promise<InspectedJournal> {
  const limit = source.size ?? Number.POSITIVE_INFINITY;
  const window = new Window(readOn(source), headerLength(first), limit, { piece: PIECE, ahead: false, signal });
  const counts = { epochs: 1, frames: 0, bytes: 0 };
  for (;;) {
    const [begins = 0] = await window.peek(1);
    const isHeader = begins >= NO_LENGTH;
    const length = isHeader ? await headerAt(window, suite) : await frameAt(window, first, source.size);
    if (length === null) break;
    if (isHeader) counts.epochs += 1;
    else {
      counts.frames += 1;
      counts.bytes += length - frameSize(0);
    }
    window.skip(length);
  }
  const tail = source.size === null ? window.available : source.size - window.position;
  return { ...counts, tail, sealedBytes: window.position + tail };
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

/** The length of the header that stands there; null where the input ends in it. */
async function headerAt(window: Window, suite: Suite): Promise<number | null> {
  const reading = new HeaderReading(window);
  return claimed(window.position, async () => {
    const found = await reading.parse(parseCore(KIND_JOURNAL));
    const header = found && (await reading.parse(parseRest(suite, found.core, found.bytes)));
    return header && headerLength(header);
  });
}

/** The length of the frame that stands there; null where the input ends in it, or before it. */
async function frameAt(window: Window, { core }: Header, size: number | null): Promise<number | null> {
  if ((await window.need(FRAME_HEAD_BYTES)) < FRAME_HEAD_BYTES) return null;
  const length = window.u32At(0);
  const position = window.position;
  if (length < 1 || length > 2 ** core.chunkExponent) {
    throw tampered(`a frame of ${length} bytes (at byte ${position}) is none`, position);
  }
  const whole = frameSize(length);
  const isWhole = size === null ? (await window.need(whole)) === whole : position + whole <= size;
  return isWhole ? whole : null;
}
