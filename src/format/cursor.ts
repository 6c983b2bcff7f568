// How far a journal was read, verified or written, so that one that was cut off or replaced is known (docs/FORMAT.md,
// "Reading a journal").

import { type Bytes, fromHex, fromUtf8, toHex, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { MAX_FRAMES } from "./frame.js";

/** No cursor comes near to this. */
export const MAX_CURSOR_BYTES = 4096;

/** What a cursor is for: one that verifying has moved must not make reading skip anything. */
export type Purpose = "reading" | "verifying" | "writing";

/** A place in a journal, between what was checked and what comes next. */
export interface Cursor {
  /** The journal id: the core hash of the first epoch, 32 bytes. */
  readonly journal: Bytes;
  /** The offset of the header of the epoch in which this cursor is. */
  readonly epoch: number;
  /** The hash of that header's core and stanzas, 32 bytes. */
  readonly header: Bytes;
  /** How many frames of this epoch are before it. */
  readonly frames: number;
  /** Its offset in the journal. */
  readonly end: number;
  /** The chain value there, 32 bytes. */
  readonly chain: Bytes;
}

export function encodeCursor({ journal, epoch, header, frames, end, chain }: Cursor, purpose: Purpose): Bytes {
  const place = `epoch ${epoch}\nheader ${toHex(header)}\nframes ${frames}\nend ${end}\nchain ${toHex(chain)}\n`;
  return utf8(`seal journal cursor 1\nfor ${purpose}\njournal ${toHex(journal)}\n${place}`);
}

const NUMBER = "(0|[1-9]\\d{0,15})";
const HASH = "([0-9a-f]{64})";
const PLACE = `epoch ${NUMBER}\nheader ${HASH}\nframes ${NUMBER}\nend ${NUMBER}\nchain ${HASH}\n`;
const TEXT = new RegExp(`^seal journal cursor 1\nfor (reading|verifying|writing)\njournal ${HASH}\n${PLACE}$`);

/**
 * Parses a cursor, of which there is one encoding. Throws `usage`, which calls it `name`, also for one that is for
 * something else.
 */
export function parseCursor(bytes: Uint8Array, purpose: Purpose, name?: string): Cursor {
  // Stryker disable next-line ConditionalExpression,EqualityOperator: a longer text is no cursor anyway.
  const text = bytes.length <= MAX_CURSOR_BYTES ? fromUtf8(bytes) : null;
  const fields = text && TEXT.exec(text);
  if (!fields) throw notACursor(name);
  const [, found, journal, epoch, header, frames, end, chain] = fields as unknown as readonly string[];
  const cursor = {
    journal: fromHex(journal!),
    epoch: Number(epoch),
    header: fromHex(header!),
    frames: Number(frames),
    end: Number(end),
    chain: fromHex(chain!),
  };
  if (!Number.isSafeInteger(cursor.end) || cursor.epoch >= cursor.end || cursor.frames > MAX_FRAMES)
    throw notACursor(name);
  if (found !== purpose) throw otherPurpose(found as Purpose, purpose, name);
  return cursor;
}

function notACursor(name: string | undefined): SealError {
  return new SealError("usage", `${name === undefined ? "" : `${name} is `}not a journal's cursor`, {
    hint: "It is damaged, or something else made it. Without it, the journal is read from the beginning.",
  });
}

const OTHERS: Readonly<Record<Purpose, string>> = {
  reading: "It records what has been read, and only reading moves it. Name another file.",
  verifying: "It records what has been verified, not what has been read. Name another file.",
  writing: "It belongs to the journal's writer, which keeps it beside the journal. Name another file.",
};

function otherPurpose(found: Purpose, purpose: Purpose, name: string | undefined): SealError {
  const hint = OTHERS[found];
  return new SealError("usage", `${name ?? "this"} is a cursor for ${found}, not for ${purpose}`, { hint });
}
