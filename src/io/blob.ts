// Blobs, and so a browser's files, as input: read by position, ahead of who asks.

import { ioError, SealError } from "../errors.js";
import type { Source } from "../flow/io.js";
import type { JournalSource } from "../journal/store.js";

/** What is read at a time, and how many of these ahead. */
const PIECE = 4 * 1024 * 1024;
const AHEAD = 2;

/** What errors call it: a file's name, where it is one. */
export function nameOfBlob(blob: Blob, otherwise: string): string {
  const { name } = blob as { readonly name?: unknown };
  return typeof name === "string" && name !== "" ? name : otherwise;
}

async function bytesOf(blob: Blob, name: string, from: number, to: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await blob.slice(from, to).arrayBuffer());
  } catch (error) {
    // So a browser reports a file that was changed or removed since it was chosen.
    throw ioError(`cannot read ${name}`, error);
  }
  // What follows would be taken for what is missing.
  if (bytes.length !== Math.max(0, to - from)) throw new SealError("io", `cannot read ${name}: it has become shorter`);
  return bytes;
}

export function blobSource(blob: Blob, name = nameOfBlob(blob, "the input")): Source {
  const { size } = blob;
  let position = 0;
  /** Pieces that are coming, from `start` on. */
  let start = 0;
  let coming: Promise<Uint8Array>[] = [];

  const ahead = (): void => {
    for (let at = start + coming.length * PIECE; coming.length <= AHEAD && at < size; at += PIECE) {
      const piece = bytesOf(blob, name, at, Math.min(size, at + PIECE));
      piece.catch(() => undefined);
      coming.push(piece);
    }
  };
  const fill = async (into: Uint8Array): Promise<number> => {
    let have = 0;
    while (have < into.length && position < size) {
      ahead();
      const piece = await coming[0]!;
      const taken = piece.subarray(position - start, position - start + into.length - have);
      into.set(taken, have);
      have += taken.length;
      position += taken.length;
      if (position < start + piece.length) continue;
      coming.shift();
      start += piece.length;
    }
    return have;
  };
  const readAt = (from: number, length: number) => bytesOf(blob, name, from, Math.min(size, from + length));

  return {
    name,
    size,
    fd: null,
    fill,
    read: async (length) => {
      const out = new Uint8Array(Math.max(0, Math.min(length, size - position)));
      return out.subarray(0, await fill(out));
    },
    readAt,
    skipTo: async (to) => {
      position = to;
      start = to;
      coming = [];
    },
    checkUnchanged: async () => {},
    close: async () => {
      coming = [];
    },
  };
}

export function blobJournal(blob: Blob): JournalSource {
  const name = nameOfBlob(blob, "the journal");
  return {
    name,
    size: async () => blob.size,
    readAt: (position, length) => bytesOf(blob, name, position, Math.min(blob.size, position + length)),
    close: async () => {},
  };
}
