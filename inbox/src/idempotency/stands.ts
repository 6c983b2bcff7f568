// Whether a frame is in a journal, at a position and with a chain value after it (docs/FORMAT.md of seal, "Chunk
// records" and "Journals"). No key is needed for that, and none is there.

import type { JournalSource } from "@sealed-files/seal";
import {
  type Base,
  baseLength,
  beginsBase,
  chainAfterFrame,
  equal,
  frameSize,
  loadSuite,
  MAX_BASE_BYTES,
  MAX_CHUNK_EXPONENT,
  parseBase,
  parseBytes,
} from "@sealed-files/seal/internal";
import { codeOf } from "../codes.js";
import type { FramePlace } from "./unit.js";

/** What a frame has around its ciphertext. */
const AROUND = frameSize(0);
const MAX_CIPHERTEXT = 2 ** MAX_CHUNK_EXPONENT;

/** Says whether a frame that was announced, and known to be written or not, stands in the journal. */
export type Stands = (frame: FramePlace, wasWritten: boolean) => Promise<boolean>;

type Reading = Pick<JournalSource, "readAt" | "close">;

/** Asks the journal that `open` opens. Where there is none, nothing stands. */
export function standsIn(open: () => Promise<Reading>): Stands {
  return async (frame, wasWritten) => {
    let reading: Reading | undefined;
    try {
      reading = await open();
      return await isThere(reading, frame, wasWritten);
    } catch (error) {
      if (codeOf((error as Error).cause) === "ENOENT") return false;
      throw error;
    } finally {
      await reading?.close();
    }
  };
}

/**
 * The journal has been verified by its writer, which only appends to it. `wasWritten`: whoever announced the frame knew
 * that it was written. Where all before a base is gone, nothing else tells whether it was: then it counts as not there,
 * as a record that is stored twice is better than one that is lost. Throws `io`.
 */
async function isThere(journal: Reading, frame: FramePlace, wasWritten: boolean): Promise<boolean> {
  const length = frame.end - frame.position - AROUND;
  if (length < 1 || length > MAX_CIPHERTEXT) return false;
  const { base, shift } = beginningOf(await journal.readAt(0, MAX_BASE_BYTES));
  if (base && frame.end <= base.offset) return wasRemoved(frame, base, wasWritten);
  const size = frame.end - frame.position;
  const bytes = await journal.readAt(frame.position - shift, size);
  if (bytes.length < size || Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(0) !== length) return false;
  return equal(chainAfterFrame(await loadSuite(), bytes), frame.chain);
}

/** What was removed stood there, and its answers hold; of another journal's frames, a base says nothing. */
function wasRemoved({ journal, end, chain }: FramePlace, base: Base, wasWritten: boolean): boolean {
  if (!equal(journal, base.journal)) return false;
  return end < base.offset ? wasWritten : equal(chain, base.previous);
}

/** What a journal that was shortened begins with, and by how much less offsets in it are. */
export function beginningOf(start: Uint8Array): { base: Base | null; shift: number } {
  if (!beginsBase(start)) return { base: null, shift: 0 };
  const parsed = parseBytes(parseBase(), Uint8Array.from(start)).value;
  return { base: parsed.base, shift: parsed.base.offset - baseLength(parsed) };
}
