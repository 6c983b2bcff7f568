// How far a journal was read or written, so that one that was cut off or replaced is known (docs/FORMAT.md, "Reading a journal").

import { type Bytes, fromHex, fromUtf8, toHex, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { MAX_FRAMES } from "./frame.js";

/** No cursor comes near to this. */
export const MAX_CURSOR_BYTES = 4096;

export interface Cursor {
  /** The journal id: the core hash of the first epoch, 32 bytes. */
  readonly journal: Bytes;
  /** The offset of the header of the epoch in which this cursor is. */
  readonly epoch: number;
  /** How many frames of this epoch are before it. */
  readonly frames: number;
  /** Its offset in the journal. */
  readonly end: number;
  /** The chain value there, 32 bytes. */
  readonly chain: Bytes;
}

export function encodeCursor({ journal, epoch, frames, end, chain }: Cursor): Bytes {
  return utf8(
    `seal journal cursor 1\njournal ${toHex(journal)}\nepoch ${epoch}\nframes ${frames}\nend ${end}\nchain ${toHex(chain)}\n`,
  );
}

const NUMBER = "(0|[1-9]\\d{0,15})";
const HASH = "([0-9a-f]{64})";
const TEXT = new RegExp(
  `^seal journal cursor 1\njournal ${HASH}\nepoch ${NUMBER}\nframes ${NUMBER}\nend ${NUMBER}\nchain ${HASH}\n$`,
);

/** Parses a cursor, of which there is one encoding. Throws `usage`, which calls it `name`. */
export function parseCursor(bytes: Uint8Array, name?: string): Cursor {
  const text = bytes.length <= MAX_CURSOR_BYTES ? fromUtf8(bytes) : null;
  const fields = TEXT.exec(text ?? "");
  if (!fields) throw notACursor(name);
  const [, journal, epoch, frames, end, chain] = fields as unknown as readonly string[];
  const cursor = {
    journal: fromHex(journal!),
    epoch: Number(epoch),
    frames: Number(frames),
    end: Number(end),
    chain: fromHex(chain!),
  };
  if (!Number.isSafeInteger(cursor.end) || cursor.epoch >= cursor.end || cursor.frames > MAX_FRAMES)
    throw notACursor(name);
  return cursor;
}

function notACursor(name: string | undefined): SealError {
  return new SealError("usage", `${name === undefined ? "" : `${name} is `}not a journal's cursor`, {
    hint: "It was made by something else, or is damaged. Without it, the journal is read from the beginning.",
  });
}
